// Numbers over time as tracks: which of them are curves, how tall they are, what their steps and features are called.
// Pure; knows nothing of canvases.

import { decimal, lowered } from "./format";
import type { Trace } from "./reading";

/** So many numbers a step are a curve each; more are rows of heat. */
export const FEW = 6;
const [ALONE, CURVE, BAND, HEAT_ROW] = [56, 36, 24, 4];
const [LEAST_HEAT, MOST_HEAT] = [48, 160];

type Read = Pick<Trace, "input" | "target" | "features">;

/** Whether the steps are the rows of an image. */
export function isImage({ input, target, features }: Read): boolean {
  return input === "numbers" && target === "class" && features > 1;
}

/** Whether the steps are numbers over time, to be drawn as tracks in place of letters. */
export function isSeries(read: Read): boolean {
  return read.input === "numbers" && !isImage(read);
}

/** How tall the tracks of one line of a text are. */
export function tracksHeight(features: number): number {
  if (features <= 1) return ALONE;
  return features <= FEW ? features * CURVE : BAND + heatHeight(features);
}

/** How tall they are in a strip of lanes. */
export function stripHeight(features: number): number {
  if (features <= 1) return 28;
  return features <= FEW ? features * 22 : Math.min(96, heatHeight(features));
}

/** Over rows of heat the unit's own value has a band for itself; curves lie on its colours. */
export function bandOf(features: number): number {
  return features <= FEW ? 0 : BAND;
}

function heatHeight(features: number): number {
  return Math.max(LEAST_HEAT, Math.min(MOST_HEAT, features * HEAT_ROW));
}

/** What one of the numbers of a step is called. */
export function featureName(read: Pick<Trace, "feature_names">, feature: number): string {
  return read.feature_names?.[feature] ?? `x${lowered(feature)}`;
}

/** A time, as finely as the steps are apart. */
export function secondsText(time: number, step: number): string {
  return `${decimal(time, Math.max(0, Math.min(6, Math.ceil(-Math.log10(step)))))} s`;
}

/** What a step is called beside its number: its label in the file, or its time; null where it has neither. */
export function stepLabel(read: Pick<Trace, "symbols" | "seconds">, step: number): string | null {
  const label = read.symbols[step];
  if (label) return label;
  return read.seconds === null ? null : secondsText(step * read.seconds, read.seconds);
}

/** Widths of a step in pixels, the narrowest first. */
export const ZOOMS = [1, 2, 3, 6, 12, 24] as const;
const USUAL = 6;
/** Longer than this a signal is first shown from further away. */
const LONG = 8000;

/** The width that a signal is shown at where nobody has chosen one. */
export function usualZoom(steps: number, width: number): number {
  if (2 * USUAL * steps <= width) return 2 * USUAL;
  return steps > LONG ? USUAL / 3 : USUAL;
}

/** The next width in or out; the same at the end. */
export function zoomed(now: number, by: 1 | -1): number {
  const at = ZOOMS.findIndex((one) => one >= now);
  return ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, (at < 0 ? ZOOMS.length - 1 : at) + by))]!;
}
