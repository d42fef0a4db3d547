// What the moment page shows, fetched; derived from the address alone, as everything is.

import { computed, type ReadonlySignal } from "@preact/signals";
import { postTrace } from "../api";
import { moment, ofTrace, selected, task, trace, unit, unitTrace } from "../data";
import { resource } from "../resource";
import { address } from "../state";
import { getLayerMoment, getUnitMoment, type LayerMoment, type UnitMoment } from "./api";

/** A moment of one unit and of its layer, and what both are of. */
export interface Shown {
  readonly step: number;
  readonly unit: number;
  readonly trace: string;
  readonly one: UnitMoment;
  readonly all: LayerMoment;
}

export const shownMoment = resource<Shown>(() => {
  const [chosen, read, number] = [selected.value, trace.value, unit.value];
  if (address.value.page !== "moment" || !chosen || !read.value || read.loading || number === null) return null;
  if (read.value.steps === 0 || read.value.share.value < 1) return null;
  const { trace: id } = read.value;
  const { run, direction } = address.value;
  const { layer } = chosen.detail;
  const step = moment.value;
  return {
    key: [id, layer, direction, number, step].join("/"),
    family: [id, layer, direction, number].join("/"),
    load: (signal) =>
      ofTrace(
        async () => {
          const [one, all] = await Promise.all([
            getUnitMoment(id, layer, direction, number, step, signal),
            getLayerMoment(id, layer, direction, step, signal),
          ]);
          return { step, unit: number, trace: id, one, all };
        },
        () => postTrace(run, task(), signal),
      ),
  };
}, 64);

/** The largest magnitude of the unit's memory over the whole text, so that stepping does not change the scale. */
export const largest: ReadonlySignal<number> = computed(() => {
  const figures = unitTrace.value.value?.figures;
  const found = figures?.get("cell") ?? figures?.get("hidden");
  return found ? Math.max(1, Math.abs(found.least), Math.abs(found.greatest)) : 1;
});
