// Playing the text: one moment after the other, to its end. Nothing loops.

import { effect, signal } from "@preact/signals";
import { moment, trace } from "../data";
import { address, move } from "../state";

export const playing = signal(false);

const PACE = 700;

/** Starts at the cursor, or from the beginning if that is the end; or stops. */
export function togglePlay(): void {
  const last = (trace.peek().value?.steps ?? 0) - 1;
  if (!playing.peek() && moment.peek() >= last) move({ moment: 0 });
  playing.value = !playing.peek();
}

/** Moves the cursor by some steps, as far as the text goes. */
export function step(by: number): void {
  const steps = trace.peek().value?.steps ?? 0;
  if (steps > 0) move({ moment: Math.max(0, Math.min(steps - 1, moment.peek() + by)) });
}

/** Lets the clock run while it plays; returns what stops it. */
export function runClock(): () => void {
  let timer = 0;
  const stop = effect(() => {
    window.clearInterval(timer);
    if (!playing.value) return;
    timer = window.setInterval(() => {
      if (moment.peek() + 1 >= (trace.peek().value?.steps ?? 0) || address.peek().page !== "moment")
        playing.value = false;
      else step(1);
    }, PACE);
  });
  return () => {
    stop();
    window.clearInterval(timer);
    playing.value = false;
  };
}
