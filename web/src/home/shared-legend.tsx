// What the colours of all cards mean: their ends differ from card to card, and each card says its own.

import { Canvas } from "../canvas";
import { strings } from "../i18n";
import { paintCell, type Pen } from "../paint";

const CELLS = 21;

export function SharedLegend() {
  const draw = (pen: Pen) => {
    const width = pen.width / CELLS;
    for (let cell = 0; cell < CELLS; cell++) {
      const value = (2 * cell) / (CELLS - 1) - 1;
      paintCell(pen, cell * width, 0, width + 0.3, pen.height, value, { kind: "signed", limit: 1 });
    }
  };
  return (
    <p class="legend" data-testid="legend">
      <span>−</span>
      <span class="ramp">
        <Canvas draw={draw} />
        <span class="zero">0</span>
      </span>
      <span>+</span>
      <span class="quiet">{strings().gallery.galleryScale}</span>
    </p>
  );
}
