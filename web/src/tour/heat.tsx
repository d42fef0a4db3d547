// A matrix or a stretch of states as a field of cells, one colour a number.

import { paintBar, type Pen } from "../paint";
import type { Matrix } from "./data";
import { Painted } from "./painted";

interface Props {
  readonly rows: number;
  readonly columns: number;
  readonly at: (row: number, column: number) => number | undefined;
  readonly limit: number;
  /** what it is of; it is painted anew when one of these changes */
  readonly on: readonly unknown[];
  readonly class?: string;
}

/** Many numbers at once, too small for more than their colour. */
export function Heat({ rows, columns, at, limit, on, class: className }: Props) {
  const paint = ({ context, tones, width, height }: Pen) => {
    const [across, down] = [width / columns, height / rows];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        context.fillStyle = tones.signed(Math.max(-1, Math.min(1, (at(row, column) ?? 0) / limit)));
        context.fillRect(column * across, row * down, across + 0.3, down + 0.3);
      }
    }
  };
  return (
    <div class={`heat ${className ?? ""}`}>
      <Painted draw={paint} on={on} />
    </div>
  );
}

const WIDE = 3;

/** An end for a matrix's colours that a few large numbers do not decide: three times its root mean square. */
export function endOf({ numbers }: Matrix): number {
  let sum = 0;
  for (const number of numbers) sum += number * number;
  return WIDE * Math.sqrt(sum / Math.max(1, numbers.length)) || 1;
}

/** Units one under the other, steps side by side: the bars of their values, which tell the sign in grey too. */
export function paintUnits(
  pen: Pen,
  steps: number,
  units: number,
  at: (step: number, unit: number) => number,
  limit: number,
): void {
  const [across, down] = [pen.width / steps, pen.height / units];
  for (let step = 0; step < steps; step++) {
    for (let unit = 0; unit < units; unit++) {
      const value = at(step, unit);
      if (value === 0) continue; // zero is the page itself
      pen.context.fillStyle = pen.tones.signed(Math.max(-1, Math.min(1, value / limit)) * 0.6);
      pen.context.fillRect(step * across + 1, unit * down, across - 2, down - 1);
      paintBar(pen, step * across + 1, unit * down, across - 2, down - 1, value, { kind: "signed", limit });
    }
  }
}
