// The host of a page that is a file: answers in the page what the explorer's server would. Knows the way from an
// address to an answer and back to bytes; what is answered is told in answers.ts.

import { encode } from "../encode";
import type { Answer, Host } from "../host";
import { ROUTES, type Content } from "./answers";
import { Capsule, unpacked } from "./capsule";
import { Library } from "./library";
import { Refused } from "./refused";

const PATTERNS = ROUTES.map(([path, answer]) => ({
  pattern: new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`),
  answer,
}));

function bytesOf(content: Content): ArrayBuffer {
  if ("bytes" in content) return content.bytes;
  if ("tensors" in content) return encode(content.tensors, content.facts);
  return json(content.facts);
}

const json = (facts: unknown): ArrayBuffer => new TextEncoder().encode(JSON.stringify(facts)).buffer;

/** The answers of a library. */
export function answering(library: Library): Host {
  const answer = (path: string, body: unknown): Content => {
    const [place = ""] = path.split("?");
    for (const { pattern, answer: found } of PATTERNS) {
      const names = pattern.exec(place)?.groups;
      const decoded = Object.entries(names ?? {}).map(([name, part]) => [name, decodeURIComponent(part)] as const);
      if (pattern.test(place)) return found(library, Object.fromEntries(decoded), (body ?? {}) as Record<string, unknown>);
    }
    throw new Refused(
      404,
      (words) => words.notHere(place),
      (words) => words.reload,
    );
  };
  return {
    async ask(path, body, signal): Promise<Answer> {
      // Not at once, so that the page draws what it has first, and what is no longer wanted is never computed.
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
      try {
        return { status: 200, body: bytesOf(answer(path, body)) };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { status: error.status, body: json(error) };
      }
    },
  };
}

/** The host that what stands in the page's file makes; rejects with a RangeError or TypeError if that is damaged. */
export async function fileHost(base64: string): Promise<Host> {
  return answering(new Library(new Capsule(await unpacked(base64))));
}
