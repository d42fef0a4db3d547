// The distribution of one quantity of one unit, and how much of it is saturated.

import { useComputed } from "@preact/signals";
import { Canvas } from "./canvas";
import { selected, unitTrace } from "./data";
import type { Figures } from "./figures";
import { percent, scaleEnd } from "./format";
import { nameOf, strings } from "./i18n";
import { rule, type Pen } from "./paint";
import { isGate, isUnbounded } from "./quantities";
import { SANS } from "./theme";

const AXIS = 20;

export function Histogram() {
  const words = strings();
  const shown = useComputed(() => {
    const quantity = selected.value?.quantity;
    const unit = unitTrace.value.value;
    const histogram = quantity ? unit?.histograms.get(quantity) : undefined;
    return histogram && quantity ? { ...histogram, quantity, figures: unit!.figures.get(quantity)! } : null;
  });

  const draw = (pen: Pen) => {
    if (!shown.value) return;
    const { counts, low, high, quantity } = shown.value;
    const { context, tones, width, height } = pen;
    const base = height - AXIS;
    const most = counts.reduce((found, one) => Math.max(found, one), 1);
    const bar = width / counts.length;
    const limit = Math.max(Math.abs(low), Math.abs(high)) || 1;
    counts.forEach((number, index) => {
      const centre = low + ((index + 0.5) / counts.length) * (high - low);
      const tall = number > 0 ? Math.max(1, (number / most) * (base - 4)) : 0;
      context.fillStyle = isGate(quantity) ? tones.gate(1) : tones.signed(Math.sign(centre) * Math.max(0.35, Math.abs(centre) / limit));
      context.fillRect(index * bar + 0.5, base - tall, bar - 1, tall);
      context.fillStyle = tones.ink;
      if (number > 0) context.fillRect(index * bar + 0.5, base - tall, bar - 1, 1);
    });
    rule(pen, base);
    context.font = `12px ${SANS}`;
    context.fillStyle = tones.ink;
    context.textBaseline = "middle";
    const label = (value: number, align: CanvasTextAlign, x: number) => {
      context.textAlign = align;
      context.fillText(scaleEnd(value), x, base + AXIS / 2 + 1);
    };
    label(low, "left", 0);
    label(high, "right", width);
    const zero = ((0 - low) / (high - low)) * width;
    if (zero > 24 && zero < width - 24) {
      label(0, "center", zero);
      context.fillRect(zero, base, 1, 4);
    }
  };

  const found = shown.value;
  const saturated = found ? saturation(found.quantity, found.figures) : "";
  return (
    <section class="panel" data-testid="histogram" aria-label={words.histogram}>
      <h2>
        {words.histogram} <span class="quiet">{found ? nameOf(found.quantity) : ""}</span>
      </h2>
      <div class="plot">
        <Canvas draw={draw} />
      </div>
      <p class="quiet">{saturated}</p>
    </section>
  );
}

/** How much of a quantity is at its ends, in words; of a cell, how much of what it can show. */
function saturation(quantity: string, { least, greatest, saturatedLow, saturatedHigh }: Figures): string {
  const words = strings();
  const ends = [percent(saturatedLow), percent(saturatedHigh)] as const;
  if (isGate(quantity)) return words.saturatedGate(...ends);
  if (quantity === "cell") return words.saturatedCell(...ends);
  return isUnbounded(quantity, Math.max(-least, greatest)) ? "" : words.saturatedTanh(...ends);
}
