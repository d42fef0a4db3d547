// What the steps of the tour ask for beyond what the page beside them asks. Derived from the address alone.

import { computed, type ReadonlySignal } from "@preact/signals";
import * as api from "../api";
import { payload } from "../api";
import { selected, trace, unitTrace, type Selection } from "../data";
import { resolve } from "../pasted";
import { floats } from "../payload";
import { resource, type Loaded, type Request } from "../resource";
import { address, type Clamp, type Direction } from "../state";
import { stepOf, type StepKey } from "./places";

/** A resource of some steps of the tour, asked for once the page's text has been read. */
export function ofSteps<T>(
  steps: readonly StepKey[],
  wanted: (read: api.Trace, chosen: Selection) => Request<T> | null,
): ReadonlySignal<Loaded<T>> {
  return resource(() => {
    const step = stepOf(address.value.tour);
    const [{ value, loading }, chosen] = [trace.value, selected.value];
    if (!step || !steps.includes(step) || !value || loading || !chosen) return null;
    return wanted(value, chosen);
  }, 6);
}

/** What the address has the network read, with something held or at a moment of its training. */
export function task(change: { clamps?: readonly Clamp[]; frame?: number | null } = {}): api.Task {
  const { source, frame } = address.peek();
  return { source: resolve(source), frame, clamps: [], ...change };
}

/** One unit's quantities, whole: what the tour reads is short. */
export type Whole = ReadonlyMap<string, Float32Array>;

/** Every number of a unit of a short text; null before it is here. */
export function wholeOf(own: api.UnitTrace | null): Whole | null {
  if (!own) return null;
  return new Map(
    [...own.quantities].map(([name, series]) => [
      name,
      Float32Array.from({ length: series.length }, (_, step) => series.at(step) ?? Number.NaN),
    ]),
  );
}

/** The quantities of the unit looked at, of the text that is shown; null before they are here. */
export const ownUnit: ReadonlySignal<Whole | null> = computed(() => {
  const [own, read] = [unitTrace.value.value, trace.value.value];
  return own && read && own.trace === read.trace ? wholeOf(own) : null;
});

/** An end for the colours of one unit's quantity without natural ends: its largest magnitude. */
export function limitOf(values: ArrayLike<number>): number {
  let limit = 0;
  for (let step = 0; step < values.length; step++) {
    if (Number.isFinite(values[step])) limit = Math.max(limit, Math.abs(values[step]!));
  }
  return limit || 1;
}

/** Some quantities of every unit, at every step, of some layers and directions. */
export interface Reading {
  readonly trace: api.Trace;
  of(quantity: string, layer?: number, direction?: Direction): api.Values | undefined;
}

interface Lane {
  readonly layer: number;
  readonly direction: Direction;
}

/** Has a network read, and fetches some quantities of some lanes. */
export async function read(
  run: string,
  what: api.Task,
  lanes: readonly Lane[],
  quantities: readonly string[],
  signal: AbortSignal,
): Promise<Reading> {
  const found = await api.postTrace(run, what, signal);
  const wanted = lanes.flatMap((lane) => quantities.map((quantity) => ({ ...lane, quantity })));
  const values = await Promise.all(
    wanted.map(({ layer, direction, quantity }) => api.getValues(found, layer, direction, quantity, signal)),
  );
  return {
    trace: found,
    of: (quantity, layer = lanes[0]!.layer, direction = lanes[0]!.direction) =>
      values[wanted.findIndex((w) => w.quantity === quantity && w.layer === layer && w.direction === direction)],
  };
}

/** All numbers of a layer at one moment, by name; `input` is what it read. */
export type Vectors = ReadonlyMap<string, Float32Array>;

export async function getVectors(
  { trace: id }: api.Trace,
  { layer, direction }: Lane,
  step: number,
  signal: AbortSignal,
): Promise<Vectors> {
  const found = await payload(`/api/traces/${id}/${layer}/${direction}/moment/${step}`, signal);
  return new Map([...found.tensors.keys()].map((name) => [name, floats(found, name) ?? new Float32Array()]));
}

/** A matrix as it stands in torch: [what it makes, what it reads]. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly numbers: Float32Array;
}

/** The weights of one layer and direction by their names in torch; a vector has one column. */
export async function getWeights(
  run: string,
  { layer, direction }: Lane,
  frame: number | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Matrix>> {
  const query = frame === null ? "" : `?frame=${frame}`;
  const found = await payload(`${api.at(run)}/weights/${layer}/${direction}${query}`, signal);
  return new Map(
    [...found.tensors].map(([name, { shape }]) => [
      name,
      { rows: shape[0] ?? 0, columns: shape[1] ?? 1, numbers: api.required(found, name) },
    ]),
  );
}
