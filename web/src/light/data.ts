// What one prediction rests on, going back in time: its light on every earlier step, and how it fades with the lag.

import { computed, signal, type ReadonlySignal } from "@preact/signals";
import * as api from "../api";
import type { Run, Trace } from "../api";
import { run, selected, task, trace, unit } from "../data";
import { floats } from "../payload";
import { resource } from "../resource";
import { address } from "../state";
import { brightestOf, decadesOf } from "./scale";

/** How strongly one prediction depends on each step, by the road that the gradient takes; each one number a step. */
export interface Light {
  readonly trace: string;
  /** the step whose prediction it is */
  readonly step: number;
  /** what is predicted there; null where the output is a number */
  readonly name: string | null;
  readonly probability: number | null;
  /** what each step of the layer hands back to the one before it: by its memory, and through its gates' sums */
  readonly cRoad: Float32Array;
  readonly hRoad: Float32Array;
  /** |∂y/∂c| and |∂y/∂h| of the chosen unit, and ‖∂y/∂x‖ of what was read */
  readonly cell: Float32Array | null;
  readonly hidden: Float32Array;
  readonly input: Float32Array;
}

interface LightFacts {
  readonly output: number | null;
  readonly name: string | null;
  readonly probability: number | null;
  readonly step: number;
}

interface Place {
  readonly layer: number;
  readonly direction: string;
  readonly unit: number;
}

async function getLight(
  of: string,
  { layer, direction, unit: number }: Place,
  step: number,
  output: number | null,
  signal: AbortSignal,
): Promise<Light & { readonly output: number | null }> {
  const body = { step, output, layer, direction, unit: number };
  const found = await api.payload<LightFacts>(`/api/traces/${of}/light`, signal, body);
  const lane = `${layer}.${direction}`;
  return {
    ...found.facts,
    trace: of,
    cRoad: api.required(found, `${lane}.c_road`),
    hRoad: api.required(found, `${lane}.h_road`),
    cell: floats(found, "unit.cell"),
    hidden: api.required(found, "unit.hidden"),
    input: api.required(found, "input"),
  };
}

/** How sensitivity falls with the lag, and what the keeping gates let through over as many steps. */
export interface Lags {
  readonly run: string;
  readonly cell: string;
  readonly sensitivity: Float32Array;
  readonly gates: Float32Array | null;
}

const LAGS = 100;

async function getLags(of: string, found: Run, layer: number, signal: AbortSignal): Promise<Lags> {
  const answer = await api.payload<object>(`/api/traces/${of}/lags?lags=${LAGS}`, signal);
  return {
    run: found.name,
    cell: found.cell ?? "",
    sensitivity: api.required(answer, `${layer}.sensitivity`),
    gates: floats(answer, `${layer}.gates`),
  };
}

const shining = computed(() => (trace.value.loading || trace.value.value?.long ? null : address.value.light));

/** The step whose prediction shines back, if there is such a step. */
export const source = computed(() => {
  const [step, steps] = [shining.value, trace.value.value?.steps ?? 0];
  return step !== null && step < steps ? step : null;
});

export const light = resource(() => {
  const [read, chosen, step, number] = [trace.value.value, selected.value, source.value, unit.value];
  if (!read || !chosen || step === null || number === null) return null;
  const { direction } = address.value;
  const place = { layer: chosen.detail.layer, direction, unit: number };
  const family = [read.trace, step, place.layer, direction].join("/");
  return {
    key: `${family}/${number}`,
    family,
    load: (signal: AbortSignal) => getLight(read.trace, place, step, null, signal),
  };
}, 8);

/** Another network that learned the same: what it is, and its reading of the same text. */
interface Sibling {
  readonly run: Run;
  readonly trace: Trace;
}

/** The order in which the kinds of cell are told. */
const KINDS = ["rnn", "gru", "lstm"];

/** One network of each other kind of cell that learned the same, reading the same. */
export const siblings = resource<readonly Sibling[]>(() => {
  const [found, read] = [run.value.value, trace.value.value];
  if (!found || !read || source.value === null || !found.causal) return null;
  const wanted = { ...task(), frame: null };
  return {
    key: JSON.stringify([found.id, wanted]),
    family: found.id,
    load: async (signal: AbortSignal) => {
      const { runs, gallery } = await api.getHome(signal);
      const cards = new Map([...runs, ...gallery].map((card) => [card.id, card]));
      const others = found.siblings.flatMap((id) => cards.get(id) ?? []);
      const chosen = KINDS.filter((kind) => kind !== found.cell).flatMap(
        (kind) => others.find((other) => other.cell === kind && !other.bidirectional) ?? [],
      );
      return Promise.all(
        chosen.map(async ({ id }) => {
          const [other, reading] = await Promise.all([api.getRun(id, signal), api.postTrace(id, wanted, signal)]);
          return { run: other, trace: reading };
        }),
      );
    },
  };
}, 2);

/** The light in a vanilla RNN that learned the same; null without one, or where this network is one. */
export const plainLight = resource(() => {
  const [shown, rnn] = [light.value.value, siblings.value.value?.find(({ run: one }) => one.cell === "rnn")];
  if (!shown || !rnn || shown.step >= rnn.trace.steps) return null;
  const layer = Math.min(selected.value?.detail.layer ?? 0, rnn.run.layers_detail.length - 1);
  const place = { layer, direction: "forward", unit: 0 };
  const { step } = shown;
  return {
    key: [rnn.trace.trace, step, shown.output, layer].join("/"),
    family: rnn.trace.trace,
    load: (signal: AbortSignal) => getLight(rnn.trace.trace, place, step, shown.output, signal),
  };
}, 4);

/** This network's curve and its siblings', the vanilla RNN's first. */
export const lags = resource<readonly Lags[]>(() => {
  const [found, read, others] = [run.value.value, trace.value.value, siblings.value];
  if (!found || !read || others.loading || !others.value || source.value === null) return null;
  const layer = selected.value?.detail.layer ?? 0;
  const all = [{ run: found, trace: read }, ...others.value];
  return {
    key: all.map((one) => `${one.trace.trace}/${layer}`).join(" "),
    family: found.id,
    load: async (signal: AbortSignal) => {
      const curves = all.map((one) =>
        getLags(one.trace.trace, one.run, Math.min(layer, one.run.layers_detail.length - 1), signal),
      );
      const order = (curve: Lags) => KINDS.indexOf(curve.cell);
      return (await Promise.all(curves)).sort((one, other) => order(one) - order(other));
    },
  };
}, 2);

/** One lane of light: how strong it is at each step, and what is brightest in its network. */
export interface Glow {
  readonly values: Float32Array;
  readonly brightest: number;
}

function glows(shown: Light | null): { c: Glow; h: Glow } | null {
  if (!shown) return null;
  const brightest = brightestOf(shown.cRoad, shown.hRoad);
  return { c: { values: shown.cRoad, brightest }, h: { values: shown.hRoad, brightest } };
}

/** The lanes: the network's two roads, and the one road of the vanilla RNN. */
export const cGlow = computed(() => glows(light.value.value)?.c ?? null);
export const hGlow = computed(() => glows(light.value.value)?.h ?? null);
export const plainGlow = computed(() => glows(plainLight.value.value)?.h ?? null);

/** The decades of the lanes' one scale. */
export const decades = computed(() =>
  decadesOf([cGlow.value, hGlow.value, plainGlow.value].filter((glow) => glow !== null)),
);

/** While the light is played backwards, the step that it has reached; null: it lies on all it reaches. */
export const front = signal<number | null>(null);

/** Whether the light of a step may be drawn yet. */
export const lit: ReadonlySignal<(step: number) => boolean> = computed(() => {
  const reached = front.value;
  return (step: number) => reached === null || step >= reached;
});
