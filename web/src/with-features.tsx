// How a unit goes with each number that is read: correlations, the strongest where there are many.

import { useComputed } from "@preact/signals";
import { Canvas } from "./canvas";
import { trace, unitTrace } from "./data";
import { nameOf, strings } from "./i18n";
import type { Pen } from "./paint";
import { fitting, LABEL, paintColumn, paintScale } from "./signed-columns";
import { featureName } from "./tracks";

const [COLUMN, WIDEST] = [22, 56];
const NAMES = 56;

export function WithFeatures() {
  const words = strings();
  const unit = unitTrace.value.value;
  const order = useComputed(() => {
    const found = unitTrace.value.value?.withFeature ?? new Float32Array();
    const known = [...found.keys()].filter((feature) => !Number.isNaN(found[feature]!));
    return known.sort((one, other) => found[other]! - found[one]!);
  });

  const draw = (pen: Pen) => {
    const [found, read] = [unitTrace.value.value, trace.value.value];
    if (!found || !read || order.value.length === 0) return;
    const { context, tones, width, height } = pen;
    const { chosen, column } = fitting(order.value, width, COLUMN, WIDEST);
    const base = height - NAMES;
    const middle = paintScale(pen, base, ["1", "\u22121"]);
    chosen.forEach((feature, place) => {
      const x = LABEL + place * column;
      paintColumn(pen, x, column, middle, found.withFeature[feature]!);
      context.fillStyle = tones.ink;
      const name = featureName(read, feature);
      context.save();
      context.translate(x + column / 2, base + 6);
      if (name.length > 3) context.rotate(Math.PI / 2);
      context.textAlign = name.length > 3 ? "left" : "center";
      context.textBaseline = name.length > 3 ? "middle" : "top";
      context.fillText(name.length > 8 ? `${name.slice(0, 7)}…` : name, 0, 0);
      context.restore();
    });
  };

  const quantity = unit?.quantities.has("cell") ? "cell" : "hidden";
  if (order.value.length < 2) return null;
  return (
    <section class="panel" aria-label={words.withFeatures(nameOf(quantity))} data-testid="with-features">
      <h2>{words.withFeatures(nameOf(quantity))}</h2>
      <div class="plot">
        <Canvas draw={draw} />
      </div>
    </section>
  );
}
