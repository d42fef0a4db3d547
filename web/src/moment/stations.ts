// Where the parts of the block stand, on a wide sheet and on one that is turned upright. Numbers only.
//
// `along` counts in the direction in which the memory runs, `across` away from its road. Upright, along is down.

export interface Box {
  readonly along: number;
  readonly across: number;
}

export interface Stations {
  /** the sheet's size on the screen */
  readonly width: number;
  readonly height: number;
  readonly turned: boolean;
  /** the widest pipe, and the opening of a sluice */
  readonly pipe: number;
  /** radius of a bend's inner side */
  readonly bend: number;
  /** length in which a pipe narrows before a sluice */
  readonly throat: number;
  /** the road's axis, its two ends, and where the next step begins */
  readonly road: number;
  readonly from: number;
  readonly to: number;
  /** where a peephole leaves the memory: before the keep sluice, and right of the sum */
  readonly peep: number;
  readonly peepAfter: number;
  /** the keep sluice, on the road */
  readonly keep: number;
  /** the pipe from the candidate up to the road, and the write sluice on it */
  readonly rise: number;
  readonly write: number;
  /** where kept and written meet */
  readonly meet: readonly [number, number];
  /** the pipe that hangs from the road, its funnel, the reveal sluice, and the shelf on which h runs */
  readonly drop: number;
  readonly funnel: readonly [number, number];
  readonly reveal: number;
  readonly shelf: number;
  readonly out: number;
  /** the boxes in which sums become gates: their size, where they stand across, and each one's place along */
  readonly box: Box;
  readonly boxes: number;
  readonly keepBox: number;
  readonly writeBox: number;
  readonly revealBox: number;
  /** a GRU's one lever stands between the two sluices that it moves */
  readonly leverBox: number;
  /** the bus: its axis, its thickness, its parts for x and h, and where it ends */
  readonly bus: number;
  readonly busThick: number;
  readonly busX: readonly [number, number];
  readonly busH: readonly [number, number];
  /** corners (x, y) on the screen of what is not part of the flow */
  readonly prediction: { readonly x: number; readonly y: number; readonly width: number };
  readonly legend: { readonly x: number; readonly y: number };
}

export const WIDE: Stations = {
  width: 1200,
  height: 444,
  turned: false,
  pipe: 72,
  bend: 12,
  throat: 28,
  road: 74,
  from: 28,
  to: 1168,
  peep: 190,
  peepAfter: 712,
  keep: 306,
  rise: 556,
  write: 226,
  meet: [604, 704],
  drop: 872,
  funnel: [132, 184],
  reveal: 234,
  shelf: 322,
  out: 1016,
  box: { along: 76, across: 52 },
  boxes: 310,
  keepBox: 306,
  writeBox: 436,
  revealBox: 742,
  leverBox: 392,
  bus: 400,
  busThick: 18,
  busX: [28, 108],
  busH: [112, 240],
  prediction: { x: 1064, y: 244, width: 132 },
  legend: { x: 856, y: 398 },
};

export const UPRIGHT: Stations = {
  width: 358,
  height: 924,
  turned: true,
  pipe: 44,
  bend: 10,
  throat: 18,
  road: 34,
  from: 28,
  to: 760,
  peep: 96,
  peepAfter: 514,
  keep: 176,
  rise: 382,
  write: 150,
  meet: [414, 500],
  drop: 640,
  funnel: [68, 116],
  reveal: 182,
  shelf: 270,
  out: 742,
  box: { along: 56, across: 64 },
  boxes: 262,
  keepBox: 176,
  writeBox: 290,
  revealBox: 548,
  leverBox: 262,
  bus: 334,
  busThick: 14,
  busX: [28, 72],
  busH: [75, 132],
  prediction: { x: 176, y: 776, width: 170 },
  legend: { x: 16, y: 800 },
};
