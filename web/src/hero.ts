// The first thing to see: the newest run reading a text it has not seen, coloured by the unit that tells most.

import { computed, type ReadonlySignal } from "@preact/signals";
import * as api from "./api";
import type { RunCard, Values } from "./api";
import { home } from "./data";
import { scaleOf } from "./quantities";
import { ranked } from "./ranking";
import { resource } from "./resource";
import type { TextView } from "./text-view";

/** Enough for the lines that fit above the cards. */
const STEPS = 480;

const FIRST_SAMPLE: api.Task = { source: { kind: "sample", index: 0 }, frame: null, clamps: [] };

interface Hero {
  readonly run: RunCard;
  readonly layer: number;
  readonly quantity: string;
  readonly unit: number;
  readonly view: TextView;
}

/** The newest run that can be opened. */
export const newest = computed<RunCard | null>(() => {
  const whole = (home.value.value?.runs ?? []).filter((run) => run.error === null);
  return whole.reduce<RunCard | null>(
    (found, run) => (found === null || (run.modified ?? "") > (found.modified ?? "") ? run : found),
    null,
  );
});

async function read(card: RunCard, signal: AbortSignal): Promise<Hero> {
  const run = await api.getRun(card.id, signal);
  const detail = run.layers_detail.at(-1)!;
  const quantity = detail.quantities.includes("cell") ? "cell" : "hidden";
  const trace = await api.postTrace(card.id, FIRST_SAMPLE, signal);
  const values = await api.getValues(trace, detail.layer, "forward", quantity, signal);
  const unit = ranked(values.statistics, "telling")[0] ?? 0;
  return { run: card, layer: detail.layer, quantity, unit, view: viewOf(trace, values, unit) };
}

function viewOf(trace: api.Trace, values: Values, unit: number): TextView {
  const steps = Math.min(STEPS, trace.steps);
  const [symbols, ids] = [trace.symbols.slice(0, steps), trace.ids.subarray(0, steps)];
  return {
    trace: { ...trace, symbols, ids, steps },
    values,
    unit,
    scale: scaleOf(values.quantity, values.statistics, unit, "unit"),
    lanes: [],
    moment: null,
  };
}

const loaded = resource(() => {
  const run = newest.value;
  return run ? { key: run.id, family: run.id, load: (signal: AbortSignal) => read(run, signal) } : null;
}, 1);

export const hero: ReadonlySignal<Hero | null> = computed(() => loaded.value.value);
