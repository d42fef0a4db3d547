// What stands behind the page and answers it: the explorer's server, a notebook's kernel, or the page's own file.
// Knows nothing of what is asked.

export interface Answer {
  /** as HTTP counts them: below 400 is well */
  readonly status: number;
  readonly body: ArrayBuffer;
}

export interface Host {
  /** Asks for a path under /api/, with a JSON body or none (undefined). Rejects with AbortError or Unreachable. */
  ask(path: string, body: unknown, signal: AbortSignal): Promise<Answer>;
}

/** Nobody answers any more. */
export class Unreachable extends Error {
  constructor(readonly who: "server" | "kernel") {
    super(`the ${who} does not answer`);
  }
}

/** The explorer's server, which the page came from. */
export const server: Host = {
  async ask(path, body, signal) {
    const options: RequestInit =
      body === undefined
        ? { signal }
        : { signal, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      const response = await fetch(path, options);
      return { status: response.status, body: await response.arrayBuffer() };
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Unreachable("server");
    }
  },
};

let current: Host = server;

/** The host of this page. */
export function host(): Host {
  return current;
}

/** Puts the page on another host; before anything is asked. */
export function useHost(other: Host): void {
  current = other;
}
