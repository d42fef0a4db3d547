// A digit that the reader drew, as the network reads it.

import { decode, INK, SIDE } from "../drawing";
import { NO_AXIS, type Material } from "../record/record";
import type { RunFacts } from "./capsule";
import { Refused } from "./refused";

/** A drawing as a material, a row a step; nobody has said which digit it is. */
export function pixels(drawn: string, { network }: RunFacts): Material {
  const greys = decode(drawn);
  if (greys === null || network?.input !== "numbers" || network.input_size !== SIDE) {
    throw new Refused(
      422,
      (words) => words.noDrawing,
      (words) => words.noDrawingRemedy,
    );
  }
  const inputs = Float32Array.from(greys, (grey) => grey / INK);
  const symbols = Array.from({ length: SIDE }, (_, row) => String(row + 1));
  return { title: null, symbols, lengths: [SIDE], unknown: [], inputs, features: SIDE, targets: null, axis: NO_AXIS };
}
