// The frames of a network's training film, as the tour's sliders need them.

import { computed, type ReadonlySignal } from "@preact/signals";
import { run } from "../data";

interface Frame {
  readonly frame: number;
  readonly step: number;
}

/** The frames of the network that is open; none where no film was kept. */
export const frames: ReadonlySignal<readonly Frame[]> = computed(
  () => (run.value.value as { readonly film?: readonly Frame[] } | null)?.film ?? [],
);
