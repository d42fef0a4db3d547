// The two ways to look from the cursor: back along the light of its prediction, and around for the same phrase.

import { moment, trace } from "./data";
import { address, go } from "./state";

/** Lets the prediction at the cursor shine back; if it does already, ends that. */
export function toggleLight(): void {
  const { light } = address.peek();
  go({ light: light === moment.peek() ? null : moment.peek(), stretch: null });
}

/** Begins or ends the stretch at the cursor; a new one is that step alone. */
export function markStretch(end: "from" | "to"): void {
  const { stretch } = address.peek();
  const [here, steps] = [moment.peek(), trace.peek().value?.steps ?? 0];
  if (steps === 0) return;
  const [from, to] = stretch ?? [here, here];
  go({ stretch: end === "from" ? [here, Math.max(here, to)] : [Math.min(from, here), here], light: null });
}
