// A digit that the reader drew, as the network reads it: 28 × 28 grey values 0..15, two a byte, base64url.

import type { Material } from "../record/record";
import type { RunFacts } from "./capsule";
import { Refused } from "./refused";

const SIDE = 28;
const INK = 15;
/** so many letters hold 392 bytes */
const DRAWING = /^[\w-]{523}$/;

/** A drawing as a material, a row a step; nobody has said which digit it is. */
export function pixels(drawn: string, { network }: RunFacts): Material {
  const packed = DRAWING.test(drawn) ? atob(drawn.replaceAll("-", "+").replaceAll("_", "/")) : "";
  if (packed === "" || network?.input !== "numbers" || network.input_size !== SIDE) {
    throw new Refused(
      422,
      (words) => words.noDrawing,
      (words) => words.noDrawingRemedy,
    );
  }
  const inputs = new Float32Array(SIDE * SIDE);
  for (let place = 0; place < packed.length; place++) {
    const pair = packed.charCodeAt(place);
    inputs[2 * place] = (pair >> 4) / INK;
    inputs[2 * place + 1] = (pair & INK) / INK;
  }
  const symbols = Array.from({ length: SIDE }, (_, row) => String(row + 1));
  return { title: null, symbols, lengths: [SIDE], unknown: [], inputs, features: SIDE, targets: null };
}
