// One moment, asked for: of one unit with its sentence, and of a whole layer. Knows nothing of how it is drawn.

import { facts, payload, required } from "../api";
import { floats } from "../payload";
import type { Moment, Part } from "../record/moments";
import type { Direction, Language } from "../state";

/** What goes into an activation, taken apart; `sum` is the pre-activation. */
export interface Sum {
  readonly input: number;
  readonly hidden: number;
  readonly peephole: number | null;
  readonly bias: number;
  readonly sum: number;
  readonly activation: string;
}

export interface UnitMoment {
  readonly sentence: Readonly<Record<Language, readonly Part[]>>;
  readonly printed: Readonly<Record<string, string>>;
  readonly values: Moment;
  readonly sums: Readonly<Record<string, Sum>>;
}

/** All units of a layer at one step. */
export interface LayerMoment {
  readonly kind: string;
  readonly first: boolean;
  /** what the layer read */
  readonly input: Float32Array;
  /** the state that the step started from; no cell where there is none */
  readonly beforeCell: Float32Array | null;
  readonly beforeHidden: Float32Array;
  quantity(name: string): Float32Array;
}

const at = (trace: string, layer: number, direction: Direction) => `/api/traces/${trace}/${layer}/${direction}`;

export async function getUnitMoment(
  trace: string,
  layer: number,
  direction: Direction,
  unit: number,
  step: number,
  signal: AbortSignal,
): Promise<UnitMoment> {
  return facts(`${at(trace, layer, direction)}/unit/${unit}/moment/${step}`, signal);
}

export async function getLayerMoment(
  trace: string,
  layer: number,
  direction: Direction,
  step: number,
  signal: AbortSignal,
): Promise<LayerMoment> {
  const found = await payload<{ kind: string; first: boolean }>(
    `${at(trace, layer, direction)}/moment/${step}`,
    signal,
  );
  return {
    kind: found.facts.kind,
    first: found.facts.first,
    input: required(found, "input"),
    beforeCell: floats(found, "before.cell"),
    beforeHidden: required(found, "before.hidden"),
    quantity: (name) => required(found, name),
  };
}
