// The speaking moment: what one unit did at one step, taken apart and said. `peephole.analysis.moments` in the page;
// the sentences' templates come from there too, so that they are written once.

import { previous, type LayerRecord } from "./record";

/** The fields of `analysis.Moment`. */
export interface Moment {
  readonly kind: string;
  readonly unit: number;
  readonly step: number;
  readonly before: number;
  readonly kept_share: number;
  readonly kept: number;
  readonly write_share: number;
  readonly candidate: number;
  readonly written: number;
  readonly held: number;
  readonly state: number;
  readonly shown_share: number;
  readonly shown: number;
}

/** Language to the template of each clause: `{kept_share}` and the like stand for numbers. */
export type Templates = Readonly<Record<"en" | "zh", Readonly<Record<string, string>>>>;

/** A piece of the sentence; `mark` names the number it is, or is null for words. */
export interface Part {
  readonly text: string;
  readonly mark: string | null;
}

/** A state further than this from kept + written was put there by somebody. */
const HELD = 1e-4;
const DIGITS = 2;
const SHARES = ["kept_share", "write_share", "shown_share"] as const;
const SIGNED = ["before", "candidate", "state", "shown"] as const;

/**
 * What one unit did at one step; `step` of the result is counted in its own sequence. Of a record that was rounded,
 * in which nothing was held, `written` takes up what rounding left over.
 */
export function moment(record: LayerRecord, lengths: readonly number[], unit: number, step: number, at: number, rounded: boolean): Moment {
  // A gate that a variant of the cell lacks is open.
  const value = (quantity: string, when: number | null = step) =>
    when === null ? 0 : (record.quantities.get(quantity)?.[when * record.units + unit] ?? 1);
  const memory = record.kind === "lstm" ? "cell" : "hidden";
  const before = value(memory, previous(record, lengths, step));
  const state = value(memory);
  const parts =
    record.kind === "lstm"
      ? { keep: value("forget_gate"), write: value("input_gate"), candidate: value("candidate"), show: value("output_gate") }
      : record.kind === "gru"
        ? { keep: value("update_gate"), write: 1 - value("update_gate"), candidate: value("candidate"), show: 1 }
        : { keep: 0, write: 1, candidate: state, show: 1 };
  const kept = parts.keep * before;
  const written = rounded ? state - kept : parts.write * parts.candidate;
  return {
    kind: record.kind,
    unit,
    step: at,
    before,
    kept_share: parts.keep,
    kept,
    write_share: parts.write,
    candidate: parts.candidate,
    written,
    held: state - kept - written,
    state,
    shown_share: parts.show,
    shown: record.kind === "lstm" ? parts.show * Math.tanh(state) : state,
  };
}

function wasHeld(moment: Moment): boolean {
  return Math.abs(moment.held) > HELD * Math.max(1, Math.abs(moment.state));
}

/** Every number as it is printed, by field; what is printed adds up. */
export function printed(moment: Moment): Record<string, string> {
  const names: ("kept" | "written" | "held")[] = ["kept", "written"];
  if (wasHeld(moment)) names.push("held");
  const adding = addingUp(names.map((name) => moment[name]), moment.state);
  return Object.fromEntries([
    ...names.map((name, place) => [name, signed(adding[place]!)]),
    ...SIGNED.map((name) => [name, signed(moment[name])]),
    ...SHARES.map((name) => [name, percent(moment[name])]),
  ]) as Record<string, string>;
}

/** The sentence in pieces, each number apart. */
export function sentence(moment: Moment, templates: Readonly<Record<string, string>>): Part[] {
  const clauses = [templates["unit"]!, templates[`${moment.kind} state`]!];
  if (wasHeld(moment)) clauses.push(templates["held"]!);
  if (moment.kind === "lstm") clauses.push(templates["shown"]!);
  const numbers: Record<string, string> = { ...printed(moment), unit: String(moment.unit) };
  // "kept {kept_share} of" splits at the braces into text, mark, text, …
  return [...clauses, templates["end"]!]
    .join("")
    .split(/[{}]/)
    .map((piece, place) => (place % 2 ? { text: numbers[piece]!, mark: piece } : { text: piece, mark: null }))
    .filter(({ text }) => text !== "");
}

/** The parts rounded so that they sum to the rounded total, moved where that costs least. */
function addingUp(parts: readonly number[], total: number): number[] {
  const scale = 10 ** DIGITS;
  const whole = (value: number) => Math.round(Number(value.toFixed(DIGITS)) * scale);
  const rounded = parts.map(whole);
  const errors = parts.map((part, place) => part * scale - rounded[place]!);
  const missing = whole(total) - rounded.reduce((sum, part) => sum + part, 0);
  const step = missing > 0 ? 1 : -1;
  const order = [...parts.keys()].sort((one, other) => step * (errors[other]! - errors[one]!));
  for (const place of order.slice(0, Math.abs(missing))) rounded[place]! += step;
  return rounded.map((part) => part / scale);
}

/** "+0.02", "−0.91", "0.00". */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(DIGITS);
  return Number(text) ? (value < 0 ? "−" : "+") + text : text;
}

/** "98 %"; what is not quite shut or open says so: "<1 %", ">99 %". */
function percent(share: number): string {
  const whole = Math.round(100 * share);
  if (whole === 0 && share > 0.0005) return "<1 %";
  if (whole === 100 && share < 0.9995) return ">99 %";
  return `${whole} %`;
}
