// Where strips and matrices lie while x and h are joined and laid on W. Pure; one number is `scale` pixels.

export const [X, H] = [50, 60];
export const GATE_LETTERS = ["i", "f", "g", "o"] as const;

export type Mode = "plain" | "square" | "wide" | "full";

export interface Box {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  /** how many numbers down and across */
  readonly rows: number;
  readonly columns: number;
}

export interface Picture {
  readonly scale: number;
  readonly height: number;
  /** what is read: x, h and, with full peepholes, c */
  readonly strips: readonly Box[];
  /** the matrix, in one piece or in gates */
  readonly blocks: readonly Box[];
  /** what comes out, under each block */
  readonly results: readonly Box[];
  /** rows of the strips beside which there is no row of a matrix */
  readonly unread: number;
  /** numbers of a result for which there is no unit */
  readonly surplus: number;
}

interface Wanted {
  readonly rows: number;
  readonly columns: number;
  readonly letter: string;
}

/** The matrices of each way to try it. */
export function matrices(mode: Mode): readonly Wanted[] {
  switch (mode) {
    case "square":
      return [{ rows: X, columns: H, letter: "W" }];
    case "wide":
      return [{ rows: X, columns: X + H, letter: "W" }];
    case "plain":
      return GATE_LETTERS.map((letter) => ({ rows: X + H, columns: H, letter }));
    case "full":
      return GATE_LETTERS.map((letter) => ({ rows: letter === "g" ? X + H : X + H + H, columns: H, letter }));
  }
}

const [STRIP, GAP, APART, LEFT, TOP, UNDER] = [7, 14, 28, 30, 30, 28];
/** How far it is from where the strips start to W. */
const ROAD = 76;
const SPLITS_FROM = 2 / 3;

const stage = (progress: number, from: number, to: number): number =>
  Math.max(0, Math.min(1, (progress - from) / (to - from)));

/**
 * The picture at `progress`: 0 x and h lie apart, 1/3 they are one strip, 2/3 it lies along W's rows, 1 W is split into
 * gates.
 */
export function picture(mode: Mode, progress: number, width: number): Picture {
  const wanted = matrices(mode);
  const reads = mode === "full" ? [X, H, H] : [X, H];
  const names = ["x", "h", "c"];
  const total = 4 * H;
  const scale = Math.min(3, (width - LEFT - ROAD - 3 * GAP) / total);
  const [joined, laid, split] = [
    stage(progress, 0, 1 / 3),
    stage(progress, 1 / 3, SPLITS_FROM),
    stage(progress, SPLITS_FROM, 1),
  ];
  const apart = (1 - joined) * APART;
  const across = LEFT + laid * (ROAD - STRIP * scale - 6);
  let y = TOP;
  const strips = reads.map((rows, place) => {
    const box = { key: names[place]!, x: across, y, rows, columns: STRIP };
    y += rows * scale + apart;
    return box;
  });
  const start = LEFT + ROAD;
  let x = start;
  const blocks = wanted.map(({ rows, columns, letter }) => {
    const box = { key: letter, x, y: TOP, rows, columns };
    x += columns * scale + split * GAP;
    return box;
  });
  const lowest = Math.max(...blocks.map(({ rows }) => rows), X + H) * scale + TOP;
  const results = blocks.map(({ key, x: left, columns }) => ({
    key,
    x: left,
    y: lowest + UNDER,
    rows: STRIP,
    columns,
  }));
  const read = reads.reduce((sum, rows) => sum + rows, 0);
  const most = Math.max(...wanted.map(({ rows }) => rows));
  return {
    scale,
    height: Math.max(lowest, TOP + read * scale + 2 * APART) + UNDER + STRIP * scale + 30,
    strips,
    blocks,
    results,
    unread: read - most,
    surplus: Math.max(...wanted.map(({ columns }) => columns)) - H,
  };
}
