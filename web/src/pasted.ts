// Texts of one's own. Short ones are the address; long ones live in this tab, under a key that the address holds.

import { Failure, type Resolved } from "./api";
import { strings } from "./i18n";
import { shelved } from "./sent";
import { shelf } from "./shelf";
import type { Source } from "./state";

const LONGEST_IN_ADDRESS = 2000;
const SHELF = "peephole:text:";

/** The source that a text becomes; a long one is kept in the tab's session. */
export function sourceOf(text: string): Source {
  if (text.length <= LONGEST_IN_ADDRESS) return { kind: "text", text };
  const key = fingerprint(text);
  try {
    shelf().setItem(SHELF + key, text);
  } catch (error) {
    if (error instanceof DOMException) throw new Failure(strings().storeFull, strings().storeFullRemedy);
    throw error;
  }
  return { kind: "pasted", key };
}

/** Lets go of a kept text that nothing leads to any more. */
export function forget(key: string): void {
  shelf().removeItem(SHELF + key);
}

/** The text of a source of one's own; null for what is no text, and for a text whose session is over. */
export function typedText(source: Source): string | null {
  if (source.kind === "text") return source.text;
  return source.kind === "pasted" ? shelf().getItem(SHELF + source.key) : null;
}

/** A source with its text in hand; a Failure if it lived in a session that is over. */
export function resolve(source: Source): Resolved {
  if (source.kind === "opened") {
    const found = shelved.get(source.key);
    if (!found) throw new Failure(strings().fileGone, strings().fileGoneRemedy);
    return { kind: "sent", ...found };
  }
  if (source.kind !== "pasted") return source;
  const text = typedText(source);
  if (text === null) throw new Failure(strings().pastedGone, strings().pastedGoneRemedy);
  return { kind: "text", text };
}

/** The name of a file that was opened in this tab; null for any other source. */
export function sentName(source: Source): string | null {
  return source.kind === "opened" ? (shelved.get(source.key)?.name ?? null) : null;
}

/** 53 bits of a text, as a short word (cyrb53). */
export function fingerprint(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
