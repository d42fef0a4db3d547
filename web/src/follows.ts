// What each unit of the layer follows, how much it holds unseen, and what it costs to silence it: rankings that the
// server works out, and that come after the page's other numbers.

import { computed, effect } from "@preact/signals";
import { laterScores, ofTrace, ready, selected, task, trace } from "./data";
import * as api from "./live-api";
import { postTrace } from "./api";
import { state } from "./grab";
import { resource, type Request } from "./resource";
import { address, SORTS, type Sort } from "./state";

/** A text that is being typed or a film that plays is let come to rest first. */
const REST = 300;

const rest = () => new Promise((resume) => window.setTimeout(resume, REST));

/** Asks about the layer that is looked at, in the text that is shown. */
function ofLayer<T>(load: (signal: AbortSignal) => Promise<T>): Request<T> | null {
  const [chosen, read] = [selected.value, ready.value];
  const { run, page, direction } = address.value;
  if (!chosen || !read || !(page === "network" || page === "unit")) return null;
  const { layer } = chosen.detail;
  return {
    key: [read.trace, layer, direction].join("/"),
    family: [run, layer, direction].join("/"),
    load: async (signal) => {
      await rest();
      signal.throwIfAborted();
      return ofTrace(
        () => load(signal),
        () => postTrace(run, task(), signal),
      );
    },
  };
}

export const follows = resource(() =>
  ofLayer((signal) => {
    const { layer, direction } = address.peek();
    return api.getFollows(trace.peek().value!.trace, layer, direction, signal);
  }),
);

/** What silencing each unit costs; measured when the list is to be sorted by it. */
export const costs = resource(() => {
  if (address.value.sort !== "cost") return null;
  const { run, layer, direction } = address.value;
  return ofLayer((signal) => api.postAblate(run, task(), { layer, direction, quantity: state.peek() }, signal));
});

/** What each unit follows, by its number. */
export const followers = computed(() => new Map((follows.value.value?.units ?? []).map((one) => [one.unit, one])));

/** The orders that the list can be put in. */
export const sorts = computed(() =>
  SORTS.filter((sort) => {
    if (sort === "silence") return selected.value?.detail.quantities.includes("output_gate") && !trace.value.value?.long;
    // What a unit is worth is told where right outputs are known.
    if (sort === "cost") return trace.value.value?.target !== "value" && selected.value?.run.problem !== "imported";
    return true;
  }),
);

effect(() => {
  const found = new Map<Sort, (unit: number) => number>();
  const silence = follows.value.value?.silence;
  if (followers.value.size > 0) found.set("follows", (unit) => Math.abs(followers.value.get(unit)?.correlation ?? Number.NaN));
  if (silence) found.set("silence", (unit) => silence[unit] ?? Number.NaN);
  const cost = costs.value.value;
  if (cost) found.set("cost", (unit) => cost.get(unit) ?? Number.NaN);
  laterScores.value = found;
});
