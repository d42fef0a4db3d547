// The first thing to see: a network that memorizes one letter reads two strings. What it did is asked for once;
// which unit to show follows from that, and the clock says how far the play has come.

import { computed, signal, type ReadonlySignal } from "@preact/signals";
import * as api from "../api";
import type { RunCard, Trace } from "../api";
import { home } from "../data";
import { sequenceStarts } from "../layout";
import { resource } from "../resource";
import { still } from "../theme";
import { bounded, ranking } from "./apart";

const X = 6;
/** The letter it must remember, and what it is to answer. */
export const LETTERS = [
  { first: "A", answer: "a" },
  { first: "B", answer: "b" },
] as const;
export type Letter = 0 | 1;

/** What is read after each letter; the answer is the network's own. */
export const string = (letter: Letter) => `${LETTERS[letter].first}${"x".repeat(X)}Y`;
const READ = X + 2;

/** One string as it is shown: every step's symbol, the unit's memory (a cell by its tanh), and what is said next. */
export interface Line {
  readonly symbols: readonly string[];
  readonly values: Float32Array;
  readonly says: readonly { readonly name: string; readonly share: number }[];
}

export interface Play {
  readonly card: RunCard;
  readonly layer: number;
  readonly quantity: string;
  readonly unit: number;
  /** whether this unit has one sign through all of the one string's x's and the other through the other's, and the
   * answers are right */
  readonly remembers: boolean;
  readonly lines: readonly [Line, Line];
}

/** The shipped memorizer, or, where none is, one's own. */
export const memorizer = computed<RunCard | null>(() => {
  const found = home.value.value;
  return [...(found?.gallery ?? []), ...(found?.runs ?? [])].find((card) => card.problem === "memorizer") ?? null;
});

async function perform(card: RunCard, signal: AbortSignal): Promise<Play> {
  const layer = (card.layers ?? 1) - 1;
  const quantity = card.cell === "lstm" ? "cell" : "hidden";
  const text = `${string(0)}\n${string(1)}`;
  const trace = await api.postTrace(card.id, { source: { kind: "text", text }, frame: null, clamps: [] }, signal);
  const values = await api.getValues(trace, layer, "forward", quantity, signal);
  const [one, other] = sequenceStarts(trace.lengths) as unknown as readonly [number, number];
  const unit = ranking(values, [one + 1, one + X], [other + 1, other + X])[0]!;
  const line = (start: number): Line => ({
    symbols: trace.symbols.slice(start, start + READ),
    values: Float32Array.from({ length: READ }, (_, step) => bounded(quantity, values.at(start + step, unit) ?? Number.NaN)),
    says: Array.from({ length: READ }, (_, step) => likeliest(trace, start + step)),
  });
  const lines = [line(one), line(other)] as const;
  const answers = lines.every(({ says }, letter) => says.at(-1)!.name === LETTERS[letter as Letter].answer);
  const sides = lines.map(({ values: held }) => held.slice(1, X + 1).map(Math.sign));
  const opposite = sides[0]!.every((side, step) => side === sides[0]![0] && side === -sides[1]![step]!);
  return {
    card,
    layer,
    quantity,
    unit,
    remembers: opposite && answers,
    lines,
  };
}

function likeliest(trace: Trace, step: number): { name: string; share: number } {
  const place = step * trace.ranks;
  return {
    name: trace.predicted[trace.outputs?.at(place) ?? -1] ?? "",
    share: trace.probabilities?.at(place) ?? Number.NaN,
  };
}

const loaded = resource(() => {
  const card = memorizer.value;
  const key = `${card?.id} ${card?.modified}`;
  return card ? { key, family: key, load: (signal: AbortSignal) => perform(card, signal) } : null;
}, 1);

/** What goes on on the stage; null while it is on its way or where no network memorizes. */
export const play: ReadonlySignal<Play | null> = computed(() => loaded.value.value);

/** Which of the two strings is read. */
export const letter = signal<Letter>(0);

/** Steps so far, the last one in part: it is what moves. The answer is one step more than is read. */
export const clock = signal(0);
export const LENGTH = READ + 1;

const STEP = 240; // milliseconds
let frame = 0;

/** Reads one of the strings from its start, once; for who wants no motion, at once. */
export function start(which: Letter): void {
  stop();
  letter.value = which;
  if (still.peek()) {
    clock.value = LENGTH;
    return;
  }
  clock.value = 0;
  const begun = performance.now();
  const tick = (now: number) => {
    clock.value = Math.max(0, Math.min(LENGTH, (now - begun) / STEP));
    if (clock.peek() < LENGTH) frame = requestAnimationFrame(tick);
  };
  frame = requestAnimationFrame(tick);
}

/** Holds the play after so many steps. */
export function hold(steps: number): void {
  stop();
  clock.value = Math.max(1, Math.min(LENGTH, steps));
}

export function stop(): void {
  cancelAnimationFrame(frame);
}
