// A state of a batch: as many rows as there are sequences.

import { tones } from "../theme";

/** Height of a row. */
export const ROW = 10;

interface SheafProps {
  readonly x: number;
  readonly y: number;
  readonly wide: number;
  readonly rows: number;
  readonly name: string;
  readonly text: string;
  readonly above: boolean;
  readonly anchor: "start" | "end";
}

export function Sheaf({ x, y, wide, rows, name, text, above, anchor }: SheafProps) {
  return (
    <g>
      {Array.from({ length: rows }, (_, row) => (
        <rect
          key={row}
          x={x + 0.5}
          y={y + row * ROW + 0.5}
          width={wide - 1}
          height={ROW - 1}
          fill="var(--wash)"
          stroke={tones.value.ink}
          stroke-width={0.75}
        />
      ))}
      <text
        x={anchor === "start" ? x : x + wide}
        y={above ? y - 6 : y + rows * ROW + 16}
        text-anchor={anchor}
        class="quiet-text"
      >
        {name} {text}
      </text>
    </g>
  );
}
