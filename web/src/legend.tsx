// What the colours mean: the ends, zero, and when the number was taken. Drawn by the very code that colours the text.

import { Canvas } from "./canvas";
import { scaleEnd } from "./format";
import { strings } from "./i18n";
import { paintCell, type Pen } from "./paint";
import type { Scale } from "./quantities";
import type { Trace } from "./reading";
import type { Lane } from "./state";
import { isImage } from "./tracks";
import type { ReadonlySignal } from "@preact/signals";

const CELLS = 21;
const SMALL = 6;

interface Props {
  readonly scale: ReadonlySignal<Scale>;
  /** what is read; null for symbols */
  readonly read: Trace | null;
}

export function Legend({ scale, read }: Props) {
  const { kind, limit } = scale.value;
  const draw = (pen: Pen) => {
    const { kind: now, limit: end } = scale.value;
    const width = pen.width / CELLS;
    for (let cell = 0; cell < CELLS; cell++) {
      const share = cell / (CELLS - 1);
      const value = now === "gate" ? share : (2 * share - 1) * end;
      paintCell(pen, cell * width, 0, width + 0.3, pen.height, value, scale.value);
    }
  };
  return (
    <p class="legend" data-testid="legend">
      <span class="end">{kind === "gate" ? "0" : scaleEnd(-limit)}</span>
      <span class="ramp">
        <Canvas draw={draw} />
        {kind === "signed" && <span class="zero">0</span>}
      </span>
      <span class="end">{scaleEnd(limit)}</span>
      <span class="quiet">{afterWhat(read)}</span>
    </p>
  );
}

function afterWhat(read: Trace | null): string {
  const words = strings();
  if (!read || read.input === "symbols") return words.after;
  if (isImage(read)) return words.afterRow;
  return read.features > 1 ? words.afterNumbers : words.afterNumber;
}

/** What a lane under the text shows: probabilities as grey, or bits as height. */
export function LaneLegend({ lane, end, unit }: { readonly lane: Lane; readonly end: number; readonly unit: string }) {
  const draw = (pen: Pen) => {
    const { context, tones, width, height } = pen;
    for (let cell = 0; cell < SMALL; cell++) {
      const share = cell / (SMALL - 1);
      const x = (cell * width) / SMALL;
      context.fillStyle = lane === "predictions" ? tones.gate(share) : tones.faint;
      const tall = lane === "predictions" ? height : Math.max(1, share * height);
      context.fillRect(x, height - tall, width / SMALL - (lane === "predictions" ? -0.3 : 1), tall);
    }
  };
  return (
    <p class="legend small" data-testid={`legend-${lane}`}>
      <span>0</span>
      <span class="ramp">
        <Canvas draw={draw} />
      </span>
      <span>{`${end} ${unit}`}</span>
    </p>
  );
}
