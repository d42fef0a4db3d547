// How a unit goes with each number that is read: correlations, the strongest where there are many.

import { useComputed } from "@preact/signals";
import { Canvas } from "./canvas";
import { trace, unitTrace } from "./data";
import { nameOf, strings } from "./i18n";
import { rule, type Pen } from "./paint";
import { SANS } from "./theme";
import { featureName } from "./tracks";

const [COLUMN, WIDEST] = [22, 56];
const LABEL = 40;
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
    const fit = Math.max(2, Math.floor((width - LABEL) / COLUMN));
    const half = Math.floor(fit / 2);
    const all = order.value;
    const chosen = all.length <= fit ? all : [...all.slice(0, half), ...all.slice(all.length - half)];
    const column = Math.min(WIDEST, Math.floor((width - LABEL) / chosen.length));
    const base = height - NAMES;
    const middle = base / 2;
    rule(pen, middle, LABEL);
    context.font = `12px ${SANS}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillStyle = tones.ink;
    context.fillText("1", 0, 6);
    context.fillText("\u22121", 0, base - 6);
    context.fillText("0", 0, middle);
    chosen.forEach((feature, place) => {
      const r = found.withFeature[feature]!;
      const x = LABEL + place * column;
      const tall = r * (middle - 2);
      context.fillStyle = tones.signed(r < 0 ? -1 : 1);
      context.fillRect(x + 2, Math.min(middle, middle - tall), column - 4, Math.max(1, Math.abs(tall)));
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
