// Words and numbers on the drawing. All attributes are inline, so that a saved drawing needs no style sheet.

import type { ComponentChildren } from "preact";
import { MONO, SANS } from "../theme";
import type { Point } from "./geometry";
import { lights, onScreen, useSheet } from "./sheet";

/** Sides of a point in the block's own directions: over and under the road, before and after along it. */
export type Side = "over" | "under" | "before" | "after" | "middle";

const UPRIGHT: Readonly<Record<Side, Side>> = {
  over: "before",
  before: "over",
  under: "after",
  after: "under",
  middle: "middle",
};

interface LabelProps {
  readonly at: Point;
  readonly side: Side;
  /** distance from the point */
  readonly gap?: number;
  readonly size?: number;
  readonly weight?: number;
  readonly quiet?: boolean;
  readonly mono?: boolean;
  /** a rim in the page's colour, for words that lie on lines */
  readonly rim?: boolean;
  readonly italic?: boolean;
  readonly mark?: string;
  readonly children: ComponentChildren;
}

export function Label({
  at,
  side,
  gap = 6,
  size = 13,
  weight = 400,
  quiet = false,
  mono = false,
  ...rest
}: LabelProps) {
  const sheet = useSheet();
  const [x, y] = onScreen(sheet, at);
  const where = sheet.turned ? UPRIGHT[side] : side;
  const [dx, dy] = { over: [0, -gap], under: [0, gap], before: [-gap, 0], after: [gap, 0], middle: [0, 0] }[where] as [
    number,
    number,
  ];
  const anchor = where === "before" ? "end" : where === "after" ? "start" : "middle";
  // Capitals and figures are about 0.72 of the size high; a dominant-baseline is not drawn alike everywhere.
  const drop = where === "over" ? 0 : where === "under" ? 0.72 * size : 0.36 * size;
  return (
    <text
      x={x + dx}
      y={y + dy + drop}
      text-anchor={anchor}
      font-family={mono ? MONO : SANS}
      font-size={size}
      font-weight={weight}
      font-style={rest.italic ? "italic" : "normal"}
      fill={quiet ? sheet.quiet : sheet.tones.ink}
      {...(rest.rim
        ? { stroke: sheet.tones.theme.page, "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke" }
        : {})}
      {...(rest.mark ? { "data-number": rest.mark, ...lights(rest.mark) } : {})}
    >
      {rest.children}
    </text>
  );
}

/** A letter with the step it is of below: c and t−1. */
export function Sub({ letter, step }: { readonly letter: string; readonly step: string }) {
  return (
    <>
      <tspan font-style="italic">{letter}</tspan>
      <tspan font-size="75%" dy="3">
        {step}
      </tspan>
      <tspan dy="-3" font-size="75%">
        {"\u200b"}
      </tspan>
    </>
  );
}
