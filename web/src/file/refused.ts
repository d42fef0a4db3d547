// A question that the page's own file cannot answer, said in both languages, as the server's refusals are.

import { en, zh } from "../words/hosts";

type Say = (words: typeof en) => string;

export class Refused extends Error {
  constructor(
    readonly status: number,
    private readonly what: Say,
    private readonly remedy: Say,
  ) {
    super(what(en));
  }

  toJSON(): Record<string, unknown> {
    const both = (say: Say) => ({ en: say(en), zh: say(zh) });
    return { error: both(this.what), do: both(this.remedy) };
  }
}

/** What only the server can do, named by its word. */
export function needsServer(what: Say): Refused {
  return new Refused(
    422,
    (words) => words.needsServer(what(words)),
    (words) => words.needsServerRemedy,
  );
}

/** A part of a network or a text that is not there. */
export function noPart(): Refused {
  return new Refused(
    404,
    (words) => words.noPart,
    (words) => words.noPartRemedy,
  );
}
