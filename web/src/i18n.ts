// The page's language, which is part of the address (`lang=zh`), and its words.

import { computed } from "@preact/signals";
import type { Trace } from "./reading";
import { address, type Language } from "./state";
import { isImage } from "./tracks";
import { en, type Strings } from "./words.en";
import { zh } from "./words.zh";

/** Words of the host's, in every language of the page: what it calls a sample, what it refuses. */
export type Words = Readonly<Record<Language, string>>;

const spoken = computed<Language>(
  () => address.value.lang ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"),
);

/** The language of the page: the address's, else the browser's. */
export function language(): Language {
  return spoken.value;
}

/** The page's words, in its language. Read inside a component it follows a change of language. */
export function strings(): Strings {
  return language() === "zh" ? zh : en;
}

/** The name of a quantity as it is called on the page. */
export function nameOf(quantity: string): string {
  return strings().quantities[quantity] ?? quantity;
}

/** The name with the gate's usual one, for lists: "keep (forget gate)". */
export function fullNameOf(quantity: string): string {
  const gate = strings().gates[quantity];
  return gate ? `${nameOf(quantity)} (${gate})` : nameOf(quantity);
}

/** What one step reads. */
export function stepName(read: Trace | null): string {
  const words = strings();
  if (!read || read.input === "symbols") return words.text;
  if (isImage(read)) return words.row;
  return read.features > 1 ? words.numbers : words.number;
}
