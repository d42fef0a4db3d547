// Ribbons: pipes as outlines whose width is a number. Pure; knows nothing of cells, colours or the page.
//
// Everything is said in the block's own directions: *along* the road on which the memory runs, and *across* it. A
// sheet that is turned upright swaps the two, so that one set of pieces draws both.

export type Point = readonly [along: number, across: number];

/**
 * One cut through a ribbon, and how the ribbon gets here from the cut before: straight, in an S that leaves and
 * arrives along (or across), or in a quarter bend that arrives along (or across).
 */
export interface Cut {
  readonly left: Point;
  readonly right: Point;
  readonly join: "line" | "along" | "across" | "bend along" | "bend across";
}

/** Share of a quarter bend's corner at which a cubic's control points lie, for it to be a circle's arc. */
const ARC = 0.5522847498;

/** A cut through a ribbon that runs along, at a place on its axis. */
export function cutAlong(along: number, axis: number, width: number, join: Cut["join"] = "line"): Cut {
  return { left: [along, axis - width / 2], right: [along, axis + width / 2], join };
}

/** A cut through a ribbon that runs across, at a place on its axis. */
export function cutAcross(across: number, axis: number, width: number, join: Cut["join"] = "line"): Cut {
  return { left: [axis - width / 2, across], right: [axis + width / 2, across], join };
}

/** The outline of a ribbon as an SVG path; `turned` swaps the directions. */
export function outline(cuts: readonly Cut[], turned: boolean): string {
  const place = ([along, across]: Point) =>
    turned ? `${short(across)} ${short(along)}` : `${short(along)} ${short(across)}`;
  const edge = (side: "left" | "right", from: Cut, to: Cut, join: Cut["join"]): string => {
    const controls = joined(from[side], to[side], join);
    return controls ? `C${place(controls[0])} ${place(controls[1])} ${place(to[side])}` : `L${place(to[side])}`;
  };
  const there = cuts.slice(1).map((cut, i) => edge("left", cuts[i]!, cut, cut.join));
  const back = cuts
    .slice(1)
    .map((cut, i) => edge("right", cut, cuts[i]!, reversed(cut.join)))
    .reverse();
  const [first, last] = [cuts[0]!, cuts.at(-1)!];
  return `M${place(first.left)}${there.join("")}L${place(last.right)}${back.join("")}Z`;
}

/** The band of this thickness that lies along one edge of a ribbon, inside it; thinner where the ribbon is thin. */
export function ridge(cuts: readonly Cut[], side: "left" | "right", thickness: number): Cut[] {
  return cuts.map(({ left, right, join }) => {
    const width = Math.hypot(right[0] - left[0], right[1] - left[1]);
    const share = width > 0 ? Math.min(thickness, width / 3) / width : 0;
    const [edge, other] = side === "left" ? [left, right] : [right, left];
    const inner: Point = [edge[0] + (other[0] - edge[0]) * share, edge[1] + (other[1] - edge[1]) * share];
    return side === "left" ? { left: edge, right: inner, join } : { left: inner, right: edge, join };
  });
}

const short = (value: number): string => String(Math.round(value * 1000) / 1000);

function reversed(join: Cut["join"]): Cut["join"] {
  return join === "bend along" ? "bend across" : join === "bend across" ? "bend along" : join;
}

/** The two control points of a join; null for a straight one. */
function joined(from: Point, to: Point, join: Cut["join"]): readonly [Point, Point] | null {
  if (join === "line") return null;
  const third = (axis: 0 | 1, share: number) => from[axis] + (to[axis] - from[axis]) * share;
  if (join === "along")
    return [
      [third(0, 1 / 3), from[1]],
      [third(0, 2 / 3), to[1]],
    ];
  if (join === "across")
    return [
      [from[0], third(1, 1 / 3)],
      [to[0], third(1, 2 / 3)],
    ];
  const corner: Point = join === "bend along" ? [from[0], to[1]] : [to[0], from[1]];
  const towards = (end: Point): Point => [end[0] + (corner[0] - end[0]) * ARC, end[1] + (corner[1] - end[1]) * ARC];
  return [towards(from), towards(to)];
}

/** What becomes of two ribbons where they meet: side by side if of one sign, else both dwindle by as much. */
export interface Meeting {
  /** widths that are left of each behind the meeting, which sum to |sum| */
  readonly upper: number;
  readonly lower: number;
  /** the width that both lose: min(|kept|, |written|) where the signs differ */
  readonly cancelled: number;
  /** the cuts of each, from the meeting's start to its end */
  readonly upperCuts: readonly [Cut, Cut];
  readonly lowerCuts: readonly [Cut, Cut];
}

/**
 * The upper ribbon comes on the axis, the lower one lies against its lower side; between `start` and `end` both move
 * so that what is left of them is centred on the axis. At any place between, each has lost the same width.
 */
export function meeting(kept: number, written: number, start: number, end: number, axis: number): Meeting {
  const [k, w] = [Math.abs(kept), Math.abs(written)];
  const cancelled = kept * written < 0 ? Math.min(k, w) : 0;
  const [upper, lower] = [k - cancelled, w - cancelled];
  const seam = axis + (upper - lower) / 2;
  return {
    upper,
    lower,
    cancelled,
    upperCuts: [
      { left: [start, axis - k / 2], right: [start, axis + k / 2], join: "line" },
      { left: [end, seam - upper], right: [end, seam], join: "along" },
    ],
    lowerCuts: [
      { left: [start, axis + k / 2], right: [start, axis + k / 2 + w], join: "line" },
      { left: [end, seam], right: [end, seam + lower], join: "along" },
    ],
  };
}

/** The two blades of a sluice of this height, as [from, to] across its pipe's axis: what lies between them is open. */
export function blades(axis: number, height: number, open: number, cap: number): readonly [Span, Span] {
  const aperture = height * Math.min(1, Math.max(0, open));
  return [
    [axis - height / 2 - cap, axis - aperture / 2],
    [axis + aperture / 2, axis + height / 2 + cap],
  ];
}

export type Span = readonly [number, number];

/** Points of a curve y = f(x) in a box, x from −reach to reach, y from low to high. */
export function plotted(
  f: (x: number) => number,
  reach: number,
  low: number,
  high: number,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): { readonly path: string; readonly at: (x: number) => readonly [number, number] } {
  const at = (x: number): readonly [number, number] => {
    const inside = Math.max(-reach, Math.min(reach, x));
    return [
      box.x + ((inside + reach) / (2 * reach)) * box.width,
      box.y + box.height - ((f(inside) - low) / (high - low)) * box.height,
    ];
  };
  const points = Array.from({ length: 25 }, (_, i) => at((i / 12 - 1) * reach));
  return { path: `M${points.map(([x, y]) => `${short(x)} ${short(y)}`).join("L")}`, at };
}

/** Columns and rows that give `count` cells in a box the most nearly square shape. */
export function gridOf(count: number, width: number, height: number): { columns: number; rows: number } {
  let best = { columns: count, rows: 1, side: 0 };
  for (let rows = 1; rows <= count; rows++) {
    const columns = Math.ceil(count / rows);
    const side = Math.min(width / columns, height / rows);
    if (side > best.side) best = { columns, rows, side };
  }
  return { columns: best.columns, rows: best.rows };
}

/** Pixels for a value of 1: the road's full width stands for the largest magnitude, or for 1 if that is larger. */
export function pixelsPerOne(widest: number, largest: number): number {
  return widest / Math.max(1, Number.isFinite(largest) ? largest : 1);
}

/** A round number whose pipe is easy to compare with: at most a third of the road's width. */
export function sample(widest: number, perOne: number): number {
  const wanted = widest / 3 / perOne;
  const ten = 10 ** Math.floor(Math.log10(wanted));
  return ten * ([5, 2, 1].find((digit) => digit * ten <= wanted) ?? 1);
}
