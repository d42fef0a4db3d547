// Phrase search: the units that are on in a chosen stretch and off around it, and where else they are so together.

import * as api from "../api";
import { selected, trace } from "../data";
import { resource } from "../resource";
import { address } from "../state";

export interface Phrases {
  readonly trace: string;
  /** at least so far from zero is on (a gate: open) */
  readonly threshold: number;
  /** sign −1: the unit speaks by its low values */
  readonly units: readonly { readonly unit: number; readonly sign: 1 | -1 }[];
  /** first and last steps */
  readonly matches: readonly { readonly from: number; readonly to: number; readonly agreement: number }[];
}

export const phrases = resource<Phrases>(() => {
  const [read, chosen] = [trace.value, selected.value];
  const { stretch, direction } = address.value;
  if (!read.value || read.value.long || read.loading || !chosen || !stretch || stretch[1] >= read.value.steps) return null;
  const [from, to] = stretch;
  const { trace: id } = read.value;
  const body = { layer: chosen.detail.layer, direction, quantity: chosen.quantity, from, to };
  return {
    key: JSON.stringify([id, body]),
    family: id,
    load: async (signal: AbortSignal) => {
      const found = await api.facts<Omit<Phrases, "trace">>(`/api/traces/${id}/phrases`, signal, body);
      return { ...found, trace: id };
    },
  };
}, 8);

/** Stretches to be marked in the text: the chosen one first, then those like it. */
export function marks(): readonly (readonly [number, number])[] {
  const { stretch } = address.value;
  if (!stretch) return [];
  const found = phrases.value.value;
  const matches = found && found.trace === trace.value.value?.trace ? found.matches : [];
  return [stretch, ...matches.map(({ from, to }): readonly [number, number] => [from, to])];
}

/** The stretch between two steps, whichever comes first. */
export function stretchTo(from: number, to: number): readonly [number, number] {
  return from <= to ? [from, to] : [to, from];
}
