// Grabbing the memory: one unit's state is tried at another value at one step, and the network runs on from there.

import { computed, signal } from "@preact/signals";
import { shortened, unitAddress, withClamp } from "./clamps";
import { moment, selected, trace, unit, unitTrace } from "./data";
import { ghostLine, tried } from "./ghost";
import { scaleOfFigures } from "./quantities";
import { address, go } from "./state";

/** What can be grabbed: the cell, where there is one. */
export const state = computed(() => (selected.value?.detail.quantities.includes("cell") ? "cell" : "hidden"));

/** While something is tried the scale stays, or the line would run from under the hand. */
const kept = signal<number | null>(null);

/** The end of the ledger's scale: large enough for both lines. */
export const limit = computed(() => {
  if (kept.value !== null) return kept.value;
  const ends = [unitTrace.value.value, ghostLine.value].map((found) =>
    found ? scaleOfFigures(state.value, found.figures.get(state.value) ?? null).limit : 0,
  );
  return Math.max(...ends) || 1;
});

/** The step that is grabbed, or could be: that of the cursor. */
export const grip = computed(() => tried.value?.from ?? moment.value);

/** The memory there, with everything that is held. */
export const gripped = computed(() => {
  if (tried.value) return tried.value.value;
  return (ghostLine.value ?? unitTrace.value.value)?.quantities.get(state.value)?.at(grip.value) ?? Number.NaN;
});

/** What it is when nothing is tried. */
export const before = computed(() => unitTrace.value.value?.quantities.get(state.value)?.at(grip.value) ?? Number.NaN);

export const graspable = computed(
  () => unit.value !== null && trace.value.value?.long === false && !Number.isNaN(gripped.value),
);

/** Tries the memory at a value, at the step that is gripped. */
export function tryAt(value: number): void {
  const { layer, direction } = address.peek();
  const number = unit.peek();
  if (number === null || !graspable.peek() || !Number.isFinite(value)) return;
  const step = grip.peek();
  kept.value ??= limit.peek();
  tried.value = {
    unit: unitAddress(layer, direction, state.peek(), number),
    value: shortened(value),
    from: step,
    to: step,
  };
}

const NUDGES = 20;

/** Tries a little more or less: so many twentieths of the scale. */
export function nudge(by: number): void {
  tryAt(gripped.peek() + (by * limit.peek()) / NUDGES);
}

/** What is tried is held from now on: it goes into the address. */
export function keep(): void {
  const clamp = tried.peek();
  if (!clamp) return;
  go({ clamps: withClamp(address.peek().clamps, clamp), unit: unit.peek() });
  letGo();
}

/** What was tried is forgotten. */
export function letGo(): void {
  tried.value = null;
  kept.value = null;
}

/** The keys of what is grabbed; true for one that was taken. */
export function grabKey(event: KeyboardEvent): boolean {
  const steps = event.shiftKey ? 0.2 : 1;
  if (event.altKey && event.key === "ArrowUp") nudge(steps);
  else if (event.altKey && event.key === "ArrowDown") nudge(-steps);
  else if (!tried.peek()) return false;
  else if (event.key === "Enter" && !(event.target as HTMLElement).closest("button, a")) keep();
  else if (event.key === "Escape") letGo();
  else return false;
  return true;
}
