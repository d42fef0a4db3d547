// The second network of a comparison and its reading of the text that the first one reads. The first is the page's
// own, as on every page; see data.ts.

import { computed, type ReadonlySignal } from "@preact/signals";
import * as api from "../api";
import type { Trace } from "../api";
import { run, trace } from "../data";
import { resolve } from "../pasted";
import { scaleOf, type Scale } from "../quantities";
import { ranked } from "../ranking";
import { resource } from "../resource";
import { address } from "../state";
import { agreed, lines, type Agreement } from "./agree";

export const otherRun = resource(() => {
  const { page, other } = address.value;
  return page === "compare" ? { key: other, family: other, load: (signal) => api.getRun(other, signal) } : null;
});

/** Whether both can read what the first one reads, and if not, why. */
export const agreement: ReadonlySignal<Agreement | null> = computed(() => {
  const [one, other, read] = [run.value.value, otherRun.value.value, trace.value.value];
  return one && other ? agreed(one, other, read) : null;
});

/** Always the finished network: to set a moment of its training beside what came of it. */
function task(read: Trace): api.Task {
  const { source } = address.peek();
  const text = source.kind === "sample" ? lines(read) : null;
  return { source: text === null ? resolve(source) : { kind: "text", text }, frame: null, clamps: [] };
}

export const otherTrace = resource(() => {
  const { other } = address.value;
  const read = trace.value;
  if (agreement.value?.kind !== "agreed" || !read.value || read.loading) return null;
  const { value } = read;
  return {
    key: `${other} ${value.trace}`,
    family: other,
    load: (signal) => api.postTrace(other, task(value), signal),
  };
}, 4);

/** The deepest layer's memory. */
const place = computed(() => {
  const detail = otherRun.value.value?.layers_detail.at(-1);
  return detail && { detail, quantity: detail.quantities.includes("cell") ? "cell" : "hidden" };
});

export const otherValues = resource(() => {
  const [read, at] = [otherTrace.value, place.value];
  if (!read.value || read.loading || !at) return null;
  const { value } = read;
  return {
    key: value.trace,
    family: address.value.other,
    load: (signal) => api.getValues(value, at.detail.layer, "forward", at.quantity, signal),
  };
}, 4);

/** Units of the second network, the most telling first. */
export const otherOrder = computed(() =>
  otherValues.value.value ? ranked(otherValues.value.value.statistics, "telling") : [],
);

export const otherUnit = computed(() => {
  const { otherUnit: wanted } = address.value;
  const order = otherOrder.value;
  return wanted !== null && order.includes(wanted) ? wanted : (order[0] ?? null);
});

export const otherScale: ReadonlySignal<Scale> = computed(() => {
  const found = otherValues.value.value;
  if (!found || otherUnit.value === null) return { kind: "signed", limit: 1 };
  return scaleOf(found.quantity, found.statistics, otherUnit.value, "unit");
});

/** Why the second network is not shown, if it is not. */
export const otherFailure = computed(
  () => [otherRun, otherTrace, otherValues].map((one) => one.value.failure).find((one) => one !== null) ?? null,
);

/** The second network's name, as far as it is known. */
export const otherName = (): string => otherRun.value.value?.name ?? address.value.other;

/** Whether two readings have the same symbols, step by step. */
export function sameSteps(one: Trace, other: Trace): boolean {
  return one.steps === other.steps && one.symbols.every((symbol, step) => symbol === other.symbols[step]);
}
