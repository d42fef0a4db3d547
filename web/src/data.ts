// What the state asks for, fetched: the run, the text read by it, the values to show. Derived from the address alone.

import { computed, signal, type ReadonlySignal } from "@preact/signals";
import * as api from "./api";
import type { Failure, LayerDetail, Run, Trace } from "./api";
import { strings } from "./i18n";
import { resolve } from "./pasted";
import { scaleOf, scaleOfFigures, type Scale } from "./quantities";
import { isOwn, rankedBy, score } from "./ranking";
import { nothingOf } from "./live-view";
import { resource, type Loaded, type Resource } from "./resource";
import { address, type Address, type Sort } from "./state";
import { windowFailure } from "./windows";

const onRun = () => address.value.page !== "home" && address.value.page !== "nowhere";

export const home = resource(() =>
  address.value.page === "home" ? { key: "home", family: "home", load: api.getHome } : null,
);

export const run = resource(() => {
  const id = address.value.run;
  return onRun() ? { key: id, family: id, load: (signal) => api.getRun(id, signal) } : null;
});

/** The part of the network looked at, checked against what the network has. */
export interface Selection {
  readonly run: Run;
  readonly detail: LayerDetail;
  readonly quantity: string;
}

/** An address that names something which is not there, and the change to it that helps. */
export interface Wrong {
  readonly what: string;
  readonly remedy: string;
  readonly change: Partial<Address>;
}

export const selection: ReadonlySignal<Selection | Wrong | null> = computed(() => {
  const found = run.value.value;
  if (!found || !onRun()) return null;
  const { layer, direction, quantity, unit, source } = address.value;
  const words = strings();
  const plain = { layer: 0, direction: "forward", unit: null, quantity: null, page: "network" } as const;
  const detail = found.layers_detail.find((one) => one.layer === layer);
  if (!detail) {
    const named = Number.isNaN(layer) ? "?" : String(layer + 1);
    return { what: words.noLayer(named, found.layers_detail.length), remedy: words.firstLayer, change: plain };
  }
  if (!detail.directions.includes(direction)) {
    return { what: words.noDirection, remedy: words.firstLayer, change: { ...plain, layer } };
  }
  const shown = quantity ?? (detail.quantities.includes("cell") ? "cell" : "hidden");
  if (!detail.quantities.includes(shown)) {
    return { what: words.noQuantity(shown), remedy: words.firstLayer, change: { ...plain, layer } };
  }
  if (unit !== null && !(unit < detail.units)) {
    const named = Number.isNaN(unit) ? "?" : String(unit);
    return { what: words.noUnit(named, detail.units), remedy: words.firstLayer, change: { ...plain, layer } };
  }
  if (source.kind === "sample" && !(source.index < Math.max(1, found.samples))) {
    return { what: words.noSample, remedy: words.firstSample, change: { source: { kind: "sample", index: 0 } } };
  }
  if (source.kind === "file" && !(source.index < (found.texts ?? []).length)) {
    return { what: words.long.noFile, remedy: words.firstSample, change: { source: { kind: "sample", index: 0 } } };
  }
  // The layers of an imported network may be of different cells.
  const cell = detail.cell ?? found.cell;
  return { run: cell === found.cell ? found : { ...found, cell }, detail, quantity: shown };
});

export const selected = computed(() => (selection.value && "run" in selection.value ? selection.value : null));

/** What the address has the network read, with nothing held. */
export function task(): api.Task {
  const { source, frame } = address.peek();
  return { source: resolve(source), frame, clamps: [] };
}

/** Reads what the address names; a text without a symbol is read by nobody. */
async function readText(id: string, signal: AbortSignal): Promise<Trace> {
  const asked = task();
  if (asked.source.kind === "text" && /^\n*$/.test(asked.source.text)) return nothingOf(trace.peek().value);
  return api.postTrace(id, asked, signal);
}

/** The text as the network reads it. */
export const trace: Resource<Trace> = resource(() => {
  const { run: id, source, frame, editing } = address.value;
  if (!selected.value) return null;
  return {
    key: JSON.stringify([id, source, frame]),
    family: id,
    stays: editing,
    load: async (signal: AbortSignal) => {
      const before = trace.peek().value;
      const read = await readText(id, signal);
      if (before && read.steps > 0 && !read.long) await companions(read, signal);
      return read;
    },
  };
}, 4);

/**
 * Fetches what is shown beside a text that takes another's place, before it does: so the whole page turns at once,
 * with each character typed and each frame of the film.
 */
async function companions(read: Trace, signal: AbortSignal): Promise<void> {
  const chosen = selected.peek();
  if (!chosen) return;
  const { direction } = address.peek();
  const { detail, quantity } = chosen;
  const number = unit.peek();
  const [of, own] = await Promise.all([
    api.getValues(read, detail.layer, direction, quantity, signal),
    number === null ? null : api.getUnit(read, detail.layer, direction, number, detail.quantities, signal),
  ]);
  values.expect(valuesKey(read.trace, detail.layer, direction, quantity), of);
  if (own) unitTrace.expect(unitKey(read.trace, detail.layer, direction, own.unit), own);
}

const valuesKey = (...parts: [trace: string, layer: number, direction: string, quantity: string]) => parts.join("/");
const unitKey = (...parts: [trace: string, layer: number, direction: string, unit: number]) => parts.join("/");

const LOOK_AGAIN = 200;

/** Waits until a long text has been read, and says on the way how much of it has been. */
async function wait(read: Trace, again: () => Promise<unknown>, signal: AbortSignal): Promise<Trace> {
  while (!signal.aborted && read.share.peek() < 1) {
    read.share.value = await ofTrace(() => api.getShare(read.trace, signal), again);
    if (read.share.peek() < 1) await new Promise((resume) => window.setTimeout(resume, LOOK_AGAIN));
  }
  return read;
}

const surveyed = resource(() => {
  const { value: read, loading } = trace.value;
  if (!read?.long || loading) return null;
  const name = address.value.run;
  return {
    key: read.trace,
    family: read.trace,
    load: (signal: AbortSignal) => wait(read, () => api.postTrace(name, task(), signal), signal),
  };
});

/** The text, once the network has read all of it. */
export const ready = computed(() => {
  const read = trace.value.value;
  return read && read.steps > 0 && read.share.value === 1 ? read : null;
});

/** Asks for a part of a trace; if the server has forgotten the trace meanwhile, it reads the text again. */
export async function ofTrace<T>(load: () => Promise<T>, again: () => Promise<unknown>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof api.Failure) || error.status !== 404) throw error;
    await again();
    return load();
  }
}

export const values: Resource<api.Values> = resource(() => {
  const [chosen, text] = [selected.value, ready.value];
  if (!chosen || !text) return null;
  const { trace: id } = text;
  const { run: name, direction } = address.value;
  const { detail, quantity } = chosen;
  return {
    key: valuesKey(id, detail.layer, direction, quantity),
    family: [id, detail.layer, direction].join("/"),
    load: (signal: AbortSignal) =>
      ofTrace(
        () => api.getValues(text, detail.layer, direction, quantity, signal),
        () => api.postTrace(name, task(), signal),
      ),
  };
}, 6);

/** Rankings that come after the values, from whoever has them worked out. */
export const laterScores = signal<ReadonlyMap<Sort, (unit: number) => number>>(new Map());

/** What units are ranked by; while a ranking is still on the way, how telling they are. */
function scores(statistics: api.Statistics, sort: Sort): (unit: number) => number {
  const later = laterScores.value.get(sort);
  if (later) return later;
  return (unit) => score(statistics, isOwn(sort) ? sort : "telling", unit);
}

/** All units in the list's order. */
export const order = computed(() => {
  const found = values.value.value;
  return found ? rankedBy(found.units, scores(found.statistics, address.value.sort)) : [];
});

/** The unit looked at: the address's, or the first of the list, which is the one that tells most. */
export const unit = computed(() => (selected.value ? (address.value.unit ?? order.value[0] ?? null) : null));

export const unitTrace: Resource<api.UnitTrace> = resource(() => {
  const [chosen, text, number] = [selected.value, ready.value, unit.value];
  if (!chosen || !text || number === null) return null;
  const { trace: id } = text;
  const { run: name, direction } = address.value;
  const { detail } = chosen;
  return {
    key: unitKey(id, detail.layer, direction, number),
    family: [id, detail.layer, direction].join("/"),
    load: (signal: AbortSignal) =>
      ofTrace(
        () => api.getUnit(text, detail.layer, direction, number, detail.quantities, signal, moment.peek()),
        () => api.postTrace(name, task(), signal),
      ),
  };
}, 24);

/** The step under the cursor, always one that exists. A film of a digit opens at its end, a text at its beginning. */
export const moment = computed(() => {
  const steps = trace.value.value?.steps ?? 0;
  const wanted = address.value.moment ?? (address.value.page === "digit" ? steps - 1 : 0);
  return Number.isNaN(wanted) ? 0 : Math.max(0, Math.min(wanted, steps - 1));
});

/** The scale of the values that colour the text, for the unit looked at. */
export const valuesScale: ReadonlySignal<Scale> = computed(() => {
  const found = values.value.value;
  if (!found || unit.value === null) return { kind: "signed", limit: 1 };
  return scaleOf(found.quantity, found.statistics, unit.value, address.value.scale);
});

/** The scale of the chosen quantity; while its values of all units are still on the way, the unit's own. */
export const scale: ReadonlySignal<Scale> = computed(() => {
  const quantity = selected.value?.quantity ?? "hidden";
  if (values.value.value?.quantity === quantity) return valuesScale.value;
  return scaleOfFigures(quantity, unitTrace.value.value?.figures.get(quantity) ?? null);
});

const all: readonly ReadonlySignal<Loaded<unknown>>[] = [home, run, trace, surveyed, values, unitTrace];

/** The first thing that went wrong, if anything has. */
export const failure: ReadonlySignal<Failure | null> = computed(
  () => all.map((one) => one.value.failure).find((one) => one !== null) ?? windowFailure.value,
);

export const loading = computed(() => all.some((one) => one.value.loading));
