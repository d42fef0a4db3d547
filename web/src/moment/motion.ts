// The one motion of the page: after a step to a neighbour, what is kept flows in, then what is written, then what is
// revealed; 210 ms together. Who asked for less motion sees the new moment at once.

import { still } from "../theme";

const PHASES = ["keep", "write", "reveal"];
const BEAT = 70;

/** Lets the drawing's phases flow in one after the other. */
export function flow(drawing: Element): void {
  if (still.peek()) return;
  PHASES.forEach((phase, beat) => {
    for (const part of drawing.querySelectorAll(`[data-phase="${phase}"]`)) {
      part.animate([{ opacity: 0 }, { opacity: 1 }], {
        duration: BEAT,
        delay: beat * BEAT,
        fill: "backwards",
        easing: "ease-out",
        id: phase,
      });
    }
  });
}
