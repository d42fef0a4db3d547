// What a unit holds, on average, after each symbol: the highest and the lowest means.

import { useComputed } from "@preact/signals";
import { Canvas } from "./canvas";
import { unitTrace } from "./data";
import { scaleEnd } from "./format";
import { nameOf, strings } from "./i18n";
import type { Pen } from "./paint";
import { byMean } from "./ranking";
import { fitting, LABEL, paintColumn, paintScale } from "./signed-columns";
import { glyph, type Glyph } from "./symbols";
import { paintGlyph } from "./text-paint";

const [COLUMN, WIDEST] = [18, 48];
const [LETTERS, WORDS] = [22, 64];

export function Means() {
  const words = strings();
  const unit = unitTrace.value.value;
  const sorted = useComputed(() => {
    const found = unitTrace.value.value;
    return found ? byMean(found.means, found.counts) : [];
  });

  const draw = (pen: Pen) => {
    const found = unitTrace.value.value;
    if (!found || sorted.value.length === 0) return;
    const { context, tones, width, height } = pen;
    const order = sorted.value;
    const { chosen, half, column } = fitting(order, width, COLUMN, WIDEST);
    const limit = Math.max(...chosen.map((index) => Math.abs(found.means[index]!))) || 1;
    const upright = chosen.every((index) => glyph(found.symbols[index]!).cells <= 3);
    const base = height - (upright ? LETTERS : WORDS);
    const middle = paintScale(pen, base, [scaleEnd(limit), scaleEnd(-limit)]);
    chosen.forEach((index, place) => {
      const x = LABEL + place * column;
      paintColumn(pen, x, column, middle, found.means[index]! / limit);
      const shown = glyph(found.symbols[index]!);
      if (upright) paintGlyph(pen, shown, x, base, column, LETTERS, 13);
      else paintDownward(pen, shown, x, base, column);
      if (chosen.length < order.length && place === half) {
        context.fillStyle = tones.faint;
        for (const dot of [-4, 0, 4]) context.fillRect(x - 1, middle + dot - 12, 2, 2);
      }
    });
  };

  const quantity = unit?.quantities.has("cell") ? "cell" : "hidden";
  return (
    <section class="panel" aria-label={words.meanBySymbol(nameOf(quantity))}>
      <h2>{words.meanBySymbol(nameOf(quantity))}</h2>
      <div class="plot">
        <Canvas draw={draw} />
      </div>
    </section>
  );
}

/** A word along its column, read from top to bottom. */
function paintDownward(pen: Pen, shown: Glyph, x: number, y: number, w: number): void {
  pen.context.save();
  pen.context.translate(x + w, y + 4);
  pen.context.rotate(Math.PI / 2);
  paintGlyph(pen, { ...shown, cells: Math.max(3, shown.cells) }, 0, 0, WORDS - 4, w, 12);
  pen.context.restore();
}
