// One unit over a short text: symbols, and lanes under them with one cursor through all. Knows no step of the tour.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { scaleEnd } from "../format";
import { paintBar, rule, type Pen } from "../paint";
import type { Scale } from "../quantities";
import { move } from "../state";
import type { Strip } from "../strip-window";
import { paintGlyph } from "../text-paint";
import { glyph } from "../symbols";
import { narrow } from "../theme";
import { Painted } from "./painted";

export interface ChartLane {
  readonly key: string;
  readonly name: string;
  readonly letter?: string;
  readonly scale: Scale;
  /** the bars; NaN is hatched */
  readonly values: ArrayLike<number>;
  /** the same as it was without what is done here: an outline in ink over the bars */
  readonly before?: ArrayLike<number> | undefined;
  /** painted in place of the bars */
  readonly paint?: (pen: Pen, strip: Strip) => void;
  readonly tall?: number;
}

interface Props {
  readonly symbols: readonly string[];
  readonly lanes: readonly ChartLane[];
  readonly cursor: number;
  readonly label: string;
}

/** Width of the labels left of the lanes; they stand above them where the page is narrow. */
const GUTTER = 136;
const WIDEST = 96;

export function Chart({ symbols, lanes, cursor, label }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => (width.value = entry!.contentRect.width));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  const gutter = narrow.value ? 0 : GUTTER;
  const step = Math.min(WIDEST, Math.max(4, (width.value - gutter) / Math.max(1, symbols.length)));
  const strip: Strip = { start: 0, end: symbols.length, step };

  const point = (event: PointerEvent | MouseEvent) => {
    const x = event.clientX - frame.current!.getBoundingClientRect().left - gutter;
    if (x >= 0 && x < step * symbols.length) move({ moment: Math.floor(x / step) });
  };

  return (
    <div
      ref={frame}
      class="chart"
      role="img"
      aria-label={label}
      onClick={point}
      onPointerMove={(event) => event.buttons === 1 && event.pointerType === "mouse" && point(event)}
    >
      <div class="chart-lane symbols">
        <span class="label" />
        <Painted
          draw={(pen) => {
            symbols.forEach((symbol, place) => {
              paintGlyph(pen, glyph(symbol), place * step + 1, 0, step - 2, pen.height, step > 60 ? 13 : 18);
            });
          }}
          on={[symbols, step]}
        />
      </div>
      {lanes.map((lane) => (
        <LaneRow key={lane.key} lane={lane} strip={strip} cursor={cursor} />
      ))}
      {symbols.length > 0 && cursor < symbols.length && (
        <div
          class="cursor"
          style={{ left: `${gutter + cursor * step}px`, width: `${step}px` }}
          aria-hidden="true"
          data-testid="tour-cursor"
        />
      )}
    </div>
  );
}

function LaneRow({
  lane,
  strip,
  cursor,
}: {
  readonly lane: ChartLane;
  readonly strip: Strip;
  readonly cursor: number;
}) {
  const { name, letter, scale, values, before, paint, tall = 64 } = lane;
  const ends = scale.kind === "gate" ? "0 … 1" : `±${scaleEnd(scale.limit)}`;
  const draw = (pen: Pen) => {
    if (paint) paint(pen, strip);
    else paintBars(pen, strip, values, scale);
    if (before) paintBefore(pen, strip, before, scale);
  };
  return (
    <div
      class="chart-lane"
      style={{ "--tall": `${tall}px` }}
      data-testid={`tour-lane-${lane.key}`}
      data-now={values[cursor]?.toFixed(4)}
    >
      <span class="label">
        <span>
          {name} {letter && <i>{letter}</i>}
        </span>
        <span class="quiet">{ends}</span>
      </span>
      <Painted draw={draw} on={[values, before, paint, strip.step, strip.end, scale.limit, scale.kind]} />
    </div>
  );
}

const MARGIN = 6;

function paintBars(pen: Pen, strip: Strip, values: ArrayLike<number>, scale: Scale): void {
  const high = pen.height - 2 * MARGIN;
  if (scale.kind === "signed") rule(pen, MARGIN + high / 2, 0, strip.end * strip.step);
  for (let step = strip.start; step < strip.end; step++) {
    const value = values[step];
    if (value !== undefined) paintBar(pen, step * strip.step + 1, MARGIN, strip.step - 2, high, value, scale);
  }
}

/** What it was before: the bar's outline, dashed. */
function paintBefore(pen: Pen, strip: Strip, values: ArrayLike<number>, scale: Scale): void {
  const { context, tones } = pen;
  const high = pen.height - 2 * MARGIN;
  const middle = MARGIN + high / 2;
  context.save();
  context.strokeStyle = tones.ink;
  context.lineWidth = 1.25;
  context.setLineDash([3, 2]);
  for (let step = strip.start; step < strip.end; step++) {
    const share = Math.max(-1, Math.min(1, (values[step] ?? 0) / scale.limit));
    const reach = (Math.abs(share) * high) / 2;
    const top = scale.kind === "gate" || share > 0 ? middle - reach : middle;
    const tall = scale.kind === "gate" ? 2 * reach : reach;
    context.strokeRect(step * strip.step + 2, top, strip.step - 4, Math.max(0.5, tall));
  }
  context.restore();
}
