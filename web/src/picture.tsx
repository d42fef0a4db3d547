// A sequence of rows of numbers (a digit, read row by row) in the text's place: the rows read so far, the chosen
// unit's value after each, and what the network guessed after each.

import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Trace } from "./api";
import { Canvas } from "./canvas";
import { fullNameOf, strings } from "./i18n";
import { outline, paintCell, rule, type Pen } from "./paint";
import { MOST_BITS, type TextView } from "./text-view";
import { narrow, SANS } from "./theme";

const TOP = 48;
const HEAD = TOP - 20;
const WIDE = { number: 32, unit: 96, bars: true, gap: 24, guess: 16 };
const NARROW = { number: 24, unit: 28, bars: false, gap: 12, guess: 12 };
const TALLEST = 1.75;
const UNREAD = 0.25;
const BITS = 56;

interface Props {
  readonly view: ReadonlySignal<TextView | null>;
  readonly told: ReadonlySignal<string>;
  readonly onMoment: (step: number) => void;
  readonly onVisible: (first: number, last: number) => void;
}

/** The probability of each output after a step; where not all were sent, as far as the five likeliest tell. */
export function likelihoods(trace: Trace, step: number): Float32Array {
  const outputs = trace.predicted.length;
  if (trace.distribution) return trace.distribution.subarray(step * outputs, (step + 1) * outputs);
  const shares = new Float32Array(outputs);
  if (!trace.probabilities || !trace.outputs) return shares;
  for (let rank = 0; rank < trace.ranks; rank++) {
    const place = step * trace.ranks + rank;
    const output = trace.outputs.at(place) ?? -1;
    if (output >= 0 && output < shares.length) shares[output] = trace.probabilities.at(place) ?? 0;
  }
  return shares;
}

export function Picture({ view, told, onMoment, onVisible }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const row = useSignal(1);
  const words = strings();
  const steps = view.value?.trace.steps ?? 0;

  useEffect(() => onVisible(0, Math.max(0, steps - 1)), [steps]);

  const draw = (pen: Pen) => {
    const shown = view.value;
    const inputs = shown?.trace.inputs;
    if (!shown || !inputs) return;
    const { trace, values, unit, scale, moment } = shown;
    const { context, tones, width, height } = pen;
    const room = narrow.value ? NARROW : WIDE;
    const guesses = room.guess * Math.max(1, trace.predicted.length);
    const narrowest = room.number + room.unit + 3 * room.gap + guesses;
    const fit = Math.max(8, Math.floor((height - TOP) / trace.steps));
    const pixel = Math.max(4, Math.min(fit, Math.floor((width - narrowest) / trace.features)));
    const tall = Math.min(fit, Math.round(TALLEST * pixel));
    row.value = tall;
    const unitAt = room.number + pixel * trace.features + room.gap;
    const guessAt = unitAt + room.unit + room.gap;
    const costs = shown.lanes.includes("surprise") && trace.surprise !== null;
    const left = width - guessAt - 8 - (costs ? BITS + room.gap : 0);
    const guess = Math.min(40, Math.floor(left / Math.max(1, trace.predicted.length)));
    const cell = room.bars ? room.unit / 3 : room.unit;

    context.font = `12px ${SANS}`;
    context.textBaseline = "middle";
    context.fillStyle = tones.ink;
    context.textAlign = "center";
    trace.predicted.forEach((name, index) => context.fillText(name, guessAt + (index + 0.5) * guess, HEAD + 4));
    context.textAlign = "left";
    if (values) context.fillText(fullNameOf(values.quantity), unitAt, HEAD + 4, room.unit);
    if (costs) context.fillText(`0–${MOST_BITS} ${words.bits}`, width - BITS, HEAD + 4, BITS);
    context.fillStyle = tones.faint;
    if (narrow.value) {
      context.textAlign = "right";
      context.fillText(words.guessLegend, width - 8, HEAD - 14);
    } else context.fillText(words.guessLegend, guessAt, HEAD - 14);
    context.textAlign = "left";
    if (costs) context.fillText(words.surprise, width - BITS, HEAD - 14, BITS);

    for (let step = 0; step < trace.steps; step++) {
      const y = TOP + step * tall;
      context.globalAlpha = moment === null || step <= moment ? 1 : UNREAD;
      for (let feature = 0; feature < trace.features; feature++) {
        const brightness = inputs[step * trace.features + feature]!;
        if (brightness <= 0) continue;
        context.fillStyle = tones.ink;
        const before = context.globalAlpha;
        context.globalAlpha = before * Math.min(1, brightness);
        context.fillRect(room.number + feature * pixel, y, pixel, tall);
        context.globalAlpha = before;
      }
      context.globalAlpha = 1;
      context.font = `11px ${SANS}`;
      context.fillStyle = tones.faint;
      context.textAlign = "right";
      if (tall >= 12 || step % 2 === 0) context.fillText(trace.symbols[step]!, room.number - 10, y + tall / 2);
      if (values && unit !== null && values.steps === trace.steps) {
        const value = values.at(step, unit);
        paintCell(pen, unitAt, y, cell, tall - 1, value, scale);
        if (room.bars) {
          const x = unitAt + cell + 8;
          if (value !== undefined) {
            paintBarAcross(pen, x, y, room.unit - cell - 8, tall - 1, value / scale.limit, scale.kind);
          }
        }
      }
      likelihoods(trace, step).forEach((share, index) => {
        context.fillStyle = tones.gate(share);
        const side = Math.max(0, Math.sqrt(share));
        const [w, h] = [(guess - 2) * side, (tall - 1) * side];
        context.fillRect(guessAt + (index + 0.5) * guess - w / 2, y + (tall - h) / 2, w, h);
      });
      if (costs) {
        const bits = Math.min(1, (trace.surprise!.at(step) ?? 0) / MOST_BITS);
        context.fillStyle = tones.faint;
        context.fillRect(width - BITS, y + 1, Math.max(1, bits * (BITS - 8)), tall - 3);
      }
    }
    rule(pen, TOP - 4);
    if (moment !== null) outline(pen, room.number - 2, TOP + moment * tall - 1, width - room.number - 4, tall + 1);
  };

  const point = (event: MouseEvent) => {
    const y = event.clientY - element.current!.getBoundingClientRect().top - TOP;
    onMoment(Math.max(0, Math.min(steps - 1, Math.floor(y / row.peek()))));
  };

  return (
    <div class="text-canvas" data-testid="text-canvas">
      <div
        ref={element}
        class="picture"
        role="slider"
        tabIndex={0}
        aria-label={words.digitHint}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, steps - 1)}
        aria-valuenow={view.value?.moment ?? 0}
        aria-valuetext={told.value}
        onClick={point}
        onPointerMove={(event) => event.buttons === 1 && point(event)}
      >
        <Canvas draw={draw} />
      </div>
    </div>
  );
}

/** A value as a bar to the right (positive) or left of a zero line in the middle; gates from the left. */
export function paintBarAcross(
  pen: Pen,
  x: number,
  y: number,
  w: number,
  h: number,
  fraction: number,
  kind: "signed" | "gate",
): void {
  const { context, tones } = pen;
  const share = Math.max(-1, Math.min(1, fraction));
  const zero = kind === "gate" ? x : x + w / 2;
  const reach = kind === "gate" ? w * share : (w / 2) * share;
  context.fillStyle = kind === "gate" ? tones.gate(1) : tones.signed(share < 0 ? -1 : 1);
  context.fillRect(Math.min(zero, zero + reach), y + 1, Math.abs(reach), h - 2);
  context.fillStyle = tones.faint;
  context.fillRect(zero, y, 1, h);
}
