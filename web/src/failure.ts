// Something went wrong that a person should be told of.

/** What it was, and what to do about it. */
export class Failure extends Error {
  constructor(
    readonly what: string,
    readonly remedy: string,
    readonly status = 0,
  ) {
    super(what);
  }
}
