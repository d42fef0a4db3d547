// The plate: the two figures from which most people know the cell, drawn anew, each part tied to that of the block.

import type { ComponentChildren } from "preact";
import { strings } from "../i18n";
import { SANS } from "../theme";
import { BlockFigure } from "./figure-block";
import { ChainFigure } from "./figure-chain";
import { lights, lit } from "./sheet";

export function Plate() {
  const words = strings().moment;
  const part = lit.value === null ? undefined : words.parts[lit.value];
  return (
    <section class="plate" data-testid="plate" aria-label={words.plate}>
      <p class="quiet" data-testid="plate-part" aria-live="polite">
        {part ?? words.plateHint}
      </p>
      <figure>
        <figcaption>{words.chain}</figcaption>
        <ChainFigure />
      </figure>
      <figure>
        <figcaption>{words.block}</figcaption>
        <BlockFigure />
      </figure>
    </section>
  );
}

interface PieceProps {
  readonly mark: string;
  /** whether it can be reached with Tab; of parts that stand several times, one is enough */
  readonly reach?: boolean;
  readonly children: ComponentChildren;
}

/** A part of a figure that lights the same part of the block. */
export function Piece({ mark, reach = true, children }: PieceProps) {
  const words = strings().moment;
  const off = () => {
    if (lit.peek() === mark) lit.value = null;
  };
  return (
    <g
      class={lit.value === mark ? "piece lit" : "piece"}
      data-part={mark}
      {...lights(mark)}
      {...(reach
        ? {
            tabindex: 0,
            role: "button",
            "aria-label": words.parts[mark] ?? mark,
            onFocus: () => (lit.value = mark),
            onBlur: off,
          }
        : {})}
    >
      {children}
    </g>
  );
}

/** A round or square piece with what it computes written in it. */
export function Node({
  x,
  y,
  text,
  round = false,
  r = 13,
}: {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly round?: boolean;
  readonly r?: number;
}) {
  const wide = text.length > 2 ? 1.35 : 1;
  return (
    <>
      {round ? (
        <ellipse class="body" cx={x} cy={y} rx={r * wide} ry={r} />
      ) : (
        <rect class="body" x={x - r * wide} y={y - r} width={2 * r * wide} height={2 * r} rx={2} />
      )}
      <text x={x} y={y + 4.5} text-anchor="middle" font-family={SANS} font-size={text.length > 2 ? 11 : 13}>
        {text}
      </text>
    </>
  );
}

/** A point where two values are multiplied or added. */
export function Dot({ x, y, sign }: { readonly x: number; readonly y: number; readonly sign: "×" | "+" }) {
  const arm = 5;
  const d =
    sign === "+"
      ? `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}`
      : `M${x - 4} ${y - 4}l8 8M${x + 4} ${y - 4}l-8 8`;
  return (
    <>
      <circle class="body" cx={x} cy={y} r={9} />
      <path class="sign" d={d} />
    </>
  );
}

/** A line with an arrow's head at its end. */
export function Wire({
  d,
  head,
  dashed = false,
}: {
  readonly d: string;
  readonly head?: readonly [number, number, "right" | "up" | "down" | "left"];
  readonly dashed?: boolean;
}) {
  const turns = { right: 0, down: 90, left: 180, up: 270 };
  return (
    <>
      <path class={dashed ? "wire dashed" : "wire"} d={d} />
      <path class="reachable" d={d} />
      {head && (
        <path
          class="head"
          d="M0 0l-7 -3.5v7z"
          transform={`translate(${head[0]} ${head[1]}) rotate(${turns[head[2]]})`}
        />
      )}
    </>
  );
}
