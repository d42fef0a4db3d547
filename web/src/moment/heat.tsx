// A pipe of all units: a strip with a cell for each, in the same order everywhere.
//
// Cells of one colour are one path, so that a layer of hundreds of units is some dozens of elements a strip.

import { signal } from "@preact/signals";
import type { Tones } from "../colour";
import { move } from "../state";
import { gridOf, type Span } from "./geometry";
import { onScreen, useSheet } from "./sheet";

/** The cell that is pointed at: of which mark, and which unit. */
export const pointed = signal<{ readonly mark: string; readonly unit: number } | null>(null);

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Props {
  readonly mark: string;
  readonly values: ArrayLike<number>;
  readonly kind: "signed" | "gate";
  /** the value at the colours' end */
  readonly limit?: number;
  readonly along: Span;
  readonly across: Span;
  readonly phase?: string;
  /** whether its cells are the layer's units, to be chosen */
  readonly units?: boolean;
}

/** From this height on, a ridge on a cell's edge can say its sign in grey. */
const TALL = 5;

export function Heat({ mark, values, kind, limit = 1, along, across, phase, units = true }: Props) {
  const sheet = useSheet();
  const [x, y] = onScreen(sheet, [along[0], across[0]]);
  const [right, bottom] = onScreen(sheet, [along[1], across[1]]);
  const box = { x, y, width: right - x, height: bottom - y };
  // Strips of units have one shape, so that a unit is found in the same place in each.
  const { columns, rows } = units ? gridOf(values.length, 2, 1) : gridOf(values.length, box.width, box.height);
  const cell = (unit: number): Rect => ({
    x: x + ((unit % columns) * box.width) / columns,
    y: y + (Math.floor(unit / columns) * box.height) / rows,
    width: box.width / columns,
    height: box.height / rows,
  });
  const find = (event: MouseEvent): number => {
    const area = (event.currentTarget as Element).getBoundingClientRect();
    const column = Math.floor(((event.clientX - area.left) / area.width) * columns);
    const row = Math.floor(((event.clientY - area.top) / area.height) * rows);
    return Math.min(values.length - 1, row * columns + Math.min(columns - 1, column));
  };
  const listen = units
    ? {
        onPointerMove: (event: PointerEvent) => (pointed.value = { mark, unit: find(event) }),
        onPointerLeave: () => (pointed.value = null),
        onClick: (event: MouseEvent) => move({ unit: find(event) }),
        cursor: "pointer",
      }
    : {};
  return (
    <g data-heat={mark} data-cells={values.length} data-phase={phase}>
      <path
        d={Array.from({ length: values.length }, (_, unit) => square(cell(unit))).join("")}
        fill={sheet.tones.theme.page}
      />
      {painted(values, kind, limit, cell, sheet.tones).map(([tone, d]) => (
        <path key={tone} d={d} fill={tone} pointer-events="none" />
      ))}
      <rect {...box} fill="transparent" stroke={sheet.quiet} stroke-width={0.75} {...listen} />
      {units && (
        <rect
          {...cell(sheet.shown.unit)}
          fill="none"
          stroke={sheet.tones.ink}
          stroke-width={1.5}
          pointer-events="none"
        />
      )}
    </g>
  );
}

const square = ({ x, y, width, height }: Rect) =>
  `M${x.toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}v${height.toFixed(2)}h${(-width).toFixed(2)}z`;

/** The cells as paths by colour. */
function painted(
  values: ArrayLike<number>,
  kind: "signed" | "gate",
  limit: number,
  cell: (unit: number) => Rect,
  tones: Tones,
): [string, string][] {
  const paths = new Map<string, string[]>();
  const add = (tone: string, where: Rect) => {
    const found = paths.get(tone) ?? [];
    found.push(square(where));
    paths.set(tone, found);
  };
  for (let unit = 0; unit < values.length; unit++) {
    const share = Math.max(-1, Math.min(1, values[unit]! / limit));
    const whole = cell(unit);
    if (kind === "gate") {
      // An aperture: open to the cell's height, as far as the gate is open.
      const open = Math.max(0, share) * whole.height;
      add(tones.gate(1), { ...whole, y: whole.y + (whole.height - open) / 2, height: open });
      continue;
    }
    if (share === 0) continue;
    add(tones.signed(share), whole);
    if (whole.height >= TALL) {
      const thick = Math.min(2, whole.height / 4);
      add(tones.ridge(share), { ...whole, y: share < 0 ? whole.y + whole.height - thick : whole.y, height: thick });
    }
  }
  return [...paths].map(([tone, parts]) => [tone, parts.join("")]);
}
