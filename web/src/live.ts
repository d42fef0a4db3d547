// The text that is being typed, and how it becomes what the network reads. Knows nothing of how it is shown.

import { computed, effect, signal, untracked } from "@preact/signals";
import { Failure } from "./api";
import { moment, run, trace, unit } from "./data";
import { forget, sourceOf, typedText } from "./pasted";
import { cut, cutOf, written } from "./pieces";
import { pieceAt } from "./caret";
import { NOTHING_READ } from "./live-view";
import { address, go, move, viewport, type Address, type Source } from "./state";

/** The text as it stands in the page. */
export const draft = signal("");

/** The chosen stretch of it, in UTF-16 units; where it is empty, the caret. */
export const picked = signal<readonly [number, number]>([0, 0]);

/** Part of the text is being composed (Chinese, an accent): it is shown, and read once it is decided. */
export const composing = signal(false);

/** A text that could not be kept. */
export const unkept = signal<Failure | null>(null);

/** The draft's glyphs, and how many of its steps have been read. */
export const pieces = computed(() => {
  const { problem, vocabulary } = run.value.value ?? { problem: null, vocabulary: null };
  return cut(draft.value, cutOf(problem, vocabulary), trace.value.value ?? NOTHING_READ);
});

/** The source that typing made last. */
let own: Source | null = null;

/** The text that the page was led to by anything but typing (a sample, the address, a step back); null: by nothing. */
export function takeUp(): string | null {
  const { source } = address.value;
  if (source === own) return null;
  const typed = typedText(source);
  const read = trace.value;
  if (typed === null && (read.loading || !read.value)) return null;
  own = source;
  return typed ?? written(read.value!);
}

/** The step whose symbol stands before the caret. */
function stepBefore(offset: number): number {
  const { all } = pieces.peek();
  for (let place = pieceAt(all, Math.max(0, offset - 1)); place >= 0; place--) {
    const step = all[place]?.step;
    if (typeof step === "number") return step;
  }
  return 0;
}

/** Something was typed while the network was still reading. */
const behind = signal(false);

/** Has the network read the draft: at once, or as soon as it has read what was typed before. */
export function read(): void {
  behind.value = trace.peek().loading;
  if (!behind.peek()) hand();
}

effect(() => {
  if (!behind.value || trace.value.loading) return;
  behind.value = false;
  if (address.peek().editing) untracked(hand);
});

/** Hands the draft to the network; what it reads is the address. */
function hand(): void {
  try {
    const source = sourceOf(draft.peek());
    if (own?.kind === "pasted" && source.kind === "pasted" && own.key !== source.key) forget(own.key);
    own = source;
    unkept.value = null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    unkept.value = error;
    return;
  }
  move({ source: own, unit: unit.peek(), moment: stepBefore(picked.peek()[1]), light: null, stretch: null });
}

/** The caret has moved: the page's cursor goes along. */
export function follow(): void {
  const step = stepBefore(picked.peek()[1]);
  if (step !== moment.peek()) move({ moment: step });
}

/** What is pasted in one piece and longer than this is to be looked at, not typed into. */
const LONG = 16_384;

/** Has the network read a long text in place of the draft; false for one that can be typed into. */
export function takeLong(text: string): boolean {
  if (text.length < LONG) return false;
  try {
    const source = sourceOf(text);
    own = null;
    go({ source, editing: false, moment: null, light: null, stretch: null, unit: unit.peek() });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    unkept.value = error;
  }
  return true;
}

/** Opens the text for typing, or closes it. The unit stays, whatever the next text makes of the others. */
export function edit(editing: boolean): void {
  own = null;
  go({ editing, unit: unit.peek(), ...(editing ? onScreen() : {}) });
}

/** Of a text too long to be read anew with every letter, what is on screen; any other is typed into as it is. */
function onScreen(): Partial<Address> {
  const read = trace.peek().value;
  if (!read?.long) return {};
  const [first, last] = viewport.peek();
  const text = read.symbols.slice(first, last + 1).join("");
  return { source: { kind: "text", text }, moment: Math.max(0, Math.min(last, moment.peek()) - first) };
}

effect(() => {
  const { editing, source } = address.value;
  const read = trace.value;
  // A text that stands in the address itself is short; what is read may still be the one before it.
  if (!editing || source.kind === "text" || read.loading || !read.value?.long) return;
  // What was pasted is long: it is looked at. Or the address would have a long text typed into.
  untracked(() => (source === own ? go({ editing: false }) : edit(true)));
});
