// What the network does when something is held: the same text read once more, to be seen beside the first reading.

import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import * as api from "./api";
import type { Trace, UnitTrace } from "./api";
import { withClamp } from "./clamps";
import { loading, ofTrace, selected, task, trace, unit } from "./data";
import { resource } from "./resource";
import { address, type Clamp } from "./state";

/** What is being tried: it is held as long as it is, and is no part of the address before it is kept. */
export const tried = signal<Clamp | null>(null);

/** What is tried, as far as the network has followed it: while it reads, the newest waits. */
const followed = signal<Clamp | null>(null);

/** Everything that is held. */
export const held: ReadonlySignal<readonly Clamp[]> = computed(() =>
  withClamp(address.value.clamps, followed.value),
);

/** The text read with everything held. */
export const ghost = resource(() => {
  const { run, source, frame } = address.value;
  const read = trace.value.value;
  const clamps = held.value;
  if (!selected.value || !read || read.steps === 0 || read.long || clamps.length === 0) return null;
  const family = JSON.stringify([run, source, frame]);
  return {
    key: `${family}${JSON.stringify(clamps)}`,
    family,
    load: (signal: AbortSignal) => ghostly(run, clamps, signal),
  };
}, 4);

const ghostly = async (run: string, clamps: readonly Clamp[], signal: AbortSignal) =>
  api.postTrace(run, { ...task(), clamps }, signal);

/** The chosen unit's numbers with everything held. */
export const ghostUnit = resource(() => {
  const [chosen, number, read, clamps] = [selected.value, unit.value, ghost.value.value, held.value];
  if (!chosen || !read || number === null) return null;
  const { run, direction } = address.value;
  const { layer, quantities } = chosen.detail;
  return {
    key: [read.trace, layer, direction, number].join("/"),
    family: [run, layer, direction, number].join("/"),
    load: (signal: AbortSignal) =>
      ofTrace(
        () => api.getUnit(read, layer, direction, number, quantities, signal),
        () => ghostly(run, clamps, signal),
      ),
  };
}, 8);

effect(() => {
  const wanted = tried.value;
  if (wanted === null || !(ghost.value.loading || ghostUnit.value.loading)) followed.value = wanted;
});

/** The second reading, where it is of the text that is shown. */
export const ghostTrace: ReadonlySignal<Trace | null> = computed(() => {
  const [read, first] = [ghost.value.value, trace.value.value];
  return read && first && read.steps === first.steps ? read : null;
});

/** The second reading of the chosen unit, where it is of the text and the unit that are shown. */
export const ghostLine: ReadonlySignal<UnitTrace | null> = computed(() => {
  const line = ghostUnit.value.value;
  return line && ghostTrace.value && line.unit === unit.value ? line : null;
});

/** Something that the page shows is still on its way. */
export const busy = computed(() => loading.value || ghost.value.loading || ghostUnit.value.loading);
