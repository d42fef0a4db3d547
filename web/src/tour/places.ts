// What each step of the tour opens: a shipped network, what it reads, what of it is looked at. Pure.

import { HOME, type Address, type Source } from "../state";
import { CODE } from "./code";

export const KEYS = [
  "circle",
  "sharing",
  "sequences",
  "growth",
  "outside",
  "gates",
  "silence",
  "roads",
  "fading",
  "functions",
  "peepholes",
  "shapes",
  "lines",
  "digit",
  "text",
] as const;

/** A step of the tour, by what it is about. */
export type StepKey = (typeof KEYS)[number];

const text = (text: string): Source => ({ kind: "text", text });

/** A place on a network's pages, with nothing left of the place before. */
function network(run: string, change: Partial<Address> = {}): Partial<Address> {
  const { lang: _language, tour: _tour, ...rest } = HOME;
  return { ...rest, page: "network", run, ...change };
}

export const REMEMBERED = "AxxxxxxxYa";
export const COUNTED = "aaaaaXbbbbb";
export const COPIED = "bcaXbca";
export const MIRRORED = "abcacbab";
/** Words that the network of words knows. */
const WORDS = "Return the name of the file";

const PLACES: Readonly<Record<StepKey, Partial<Address>>> = {
  circle: network("zoo:words", { source: text(WORDS), quantity: "hidden", moment: 4 }),
  sharing: network("zoo:words", { source: text(WORDS), quantity: "hidden" }),
  sequences: network("zoo:counter", { source: text(COUNTED), moment: 4 }),
  growth: network("zoo:mirror", { source: text(MIRRORED), quantity: "hidden", moment: 0 }),
  outside: network("zoo:memorizer", { source: text(REMEMBERED), quantity: "cell", moment: 8 }),
  gates: network("zoo:memorizer", { source: text(REMEMBERED), quantity: "cell", moment: 4 }),
  silence: network("zoo:copy", { source: text(COPIED), layer: 1, quantity: "cell", moment: 4 }),
  roads: network("zoo:memorizer", { source: text(REMEMBERED), quantity: "cell", moment: 8 }),
  fading: network("zoo:memorizer", { source: text(REMEMBERED), quantity: "cell" }),
  functions: network("zoo:counter", { source: text(COUNTED), quantity: "cell", moment: 3 }),
  peepholes: network("zoo:memorizer-peephole", { source: text(REMEMBERED), quantity: "cell", moment: 8 }),
  shapes: network("zoo:words", { source: text(WORDS), quantity: "hidden", moment: 4 }),
  lines: network("zoo:words", { source: text(WORDS), quantity: "hidden" }),
  digit: network("zoo:digits", { page: "digit" }),
  text: network("zoo:python", { source: text(CODE), layer: 0, quantity: "cell" }),
};

/** The step of a number in an address, which counts from 1; null if there is none. */
export function stepOf(tour: number | null): StepKey | null {
  return tour === null ? null : (KEYS[tour - 1] ?? null);
}

/** The change of the address that opens a step. */
export function opening(key: StepKey): Partial<Address> {
  return { ...PLACES[key], tour: KEYS.indexOf(key) + 1 };
}
