// The whole text in one strip: how far the chosen unit swings, what of it is on screen, where the cursor is.

import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Values } from "./api";
import { Canvas } from "./canvas";
import { moment, trace, unit, values, valuesScale } from "./data";
import { count } from "./format";
import { strings } from "./i18n";
import { paintBar, rule, type Pen } from "./paint";
import { address, move, viewport } from "./state";

interface Props {
  /** the stretch to outline; without it the text's own viewport */
  readonly shown?: () => readonly [number, number];
}

const MOST_COLUMNS = 1200;

type Spread = readonly [low: number, mean: number, high: number];

/** The least (at most 0), mean and largest (at least 0) of a unit's values, over the text in as many parts as show. */
function spreads({ at, steps }: Values, number: number): Spread[] {
  const columns = Math.min(steps, MOST_COLUMNS);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * steps) / columns);
    const to = Math.floor(((column + 1) * steps) / columns);
    let [low, sum, high] = [0, 0, 0];
    for (let step = from; step < to; step++) {
      const value = at(step, number);
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, sum / (to - from), high];
  });
}

export function Minimap({ shown }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const words = strings();
  const found = trace.value.value;

  // Apart from the drawing, which is done anew with every step of the cursor.
  const columns = useComputed(() => {
    const [of, read, number] = [values.value.value, trace.value.value, unit.value];
    return of && read && number !== null && of.steps === read.steps ? spreads(of, number) : null;
  });

  const draw = (pen: Pen) => {
    if (!columns.value || !trace.value.value) return;
    const { context, tones, width, height } = pen;
    const { steps } = trace.value.value;
    const step = width / columns.value.length;
    rule(pen, height / 2);
    columns.value.forEach(([low, mean, high], column) => {
      const bar = (value: number) => paintBar(pen, column * step, 3, step + 0.3, height - 6, value, valuesScale.value);
      if (valuesScale.value.kind === "gate") bar(mean);
      else {
        if (high > 0) bar(high);
        if (low < 0) bar(low);
      }
    });
    const place = (at: number) => (at / steps) * width;
    const [first, last] = shown ? shown() : viewport.value;
    context.strokeStyle = tones.ink;
    context.lineWidth = 1.5;
    const [left, right] = [place(first), Math.max(place(first) + 6, place(last + 1))];
    context.strokeRect(left + 0.75, 0.75, Math.min(width, right) - left - 1.5, height - 1.5);
    context.fillStyle = tones.ink;
    context.fillRect(place(moment.value + 0.5) - 1, 0, 2, height);
  };

  const point = (event: MouseEvent) => {
    const bounds = element.current!.getBoundingClientRect();
    const steps = trace.peek().value?.steps ?? 0;
    const step = Math.floor(((event.clientX - bounds.left) / bounds.width) * steps);
    if (steps > 0) move({ moment: Math.max(0, Math.min(steps - 1, step)) });
  };

  return (
    <section class="minimap" aria-label={words.minimap} data-testid="minimap">
      <div
        ref={element}
        onClick={point}
        onPointerMove={(event) => event.buttons === 1 && event.pointerType === "mouse" && point(event)}
      >
        <Canvas draw={draw} />
      </div>
      <p class="quiet">{found ? `${address.value.source.kind === "sample" ? words.sample : words.ownText} · ${count(found.steps)}` : " "}</p>
    </section>
  );
}
