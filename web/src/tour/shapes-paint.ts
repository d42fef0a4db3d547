// Strips, matrices and what comes of them, painted where matrix.ts says they lie.

import { hatch, type Pen } from "../paint";
import type { Matrix, Vectors } from "./data";
import { endOf } from "./heat";
import { GATE_LETTERS, H, X, type Box, type Picture } from "./matrix";

/** The numbers that colour the picture. */
export interface Numbers {
  /** what the layer did at the moment */
  readonly now: Vectors;
  readonly weights: ReadonlyMap<string, Matrix>;
  /** the end of x's colours */
  readonly limit: number;
}

/** How far things have come: whether the matrix is the network's own, and whether it has fallen into gates. */
interface State {
  readonly trained: boolean;
  readonly split: boolean;
}

interface Words {
  readonly made: (count: number) => string;
  readonly unread: (count: number) => string;
  readonly surplus: (count: number) => string;
}

const MADE: Readonly<Record<string, string>> = {
  i: "input_gate",
  f: "forget_gate",
  g: "candidate",
  o: "output_gate",
};

const within = (share: number): number => Math.max(-1, Math.min(1, share));

export function paintShapes(pen: Pen, drawn: Picture, numbers: Numbers, state: State, words: Words): void {
  paintStrips(pen, drawn, numbers);
  paintBlocks(pen, drawn, numbers, state);
  paintResults(pen, drawn, numbers, state);
  paintNames(pen, drawn, state, words);
}

function frame({ context, tones }: Pen, scale: number, { x, y, rows, columns }: Box): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, columns * scale, rows * scale);
}

/** All blocks as the one matrix that they are before it is split. */
function whole({ blocks, scale }: Picture): Box {
  const [first, last] = [blocks[0]!, blocks.at(-1)!];
  return { ...first, columns: (last.x - first.x) / scale + last.columns };
}

function paintStrips(pen: Pen, { strips, scale }: Picture, { now, limit }: Numbers): void {
  const read: Readonly<Record<string, ArrayLike<number>>> = {
    x: Array.from(now.get("input") ?? [], (value) => value / limit),
    h: now.get("before.hidden") ?? [],
    c: Array.from(now.get("before.cell") ?? [], Math.tanh),
  };
  for (const box of strips) {
    for (let row = 0; row < box.rows; row++) {
      pen.context.fillStyle = pen.tones.signed(within(read[box.key]![row] ?? 0));
      pen.context.fillRect(box.x, box.y + row * scale, box.columns * scale, scale + 0.3);
    }
    frame(pen, scale, box);
  }
}

/** A number of W for a row of what is read and a column of a gate; undefined where the network has none. */
function weightAt(weights: ReadonlyMap<string, Matrix>, gate: number, row: number, column: number): number | undefined {
  const [input, hidden] = [weights.get("weight_ih")!, weights.get("weight_hh")!];
  const made = gate * H + column;
  if (row < X) return input.numbers[made * X + row];
  return row < X + H ? hidden.numbers[made * H + (row - X)] : undefined;
}

function paintBlocks(pen: Pen, drawn: Picture, { weights }: Numbers, { trained, split }: State): void {
  const { context, tones } = pen;
  const { blocks, scale, unread } = drawn;
  const end = endOf(weights.get("weight_ih")!);
  blocks.forEach((box, gate) => {
    for (let row = 0; row < box.rows && trained; row++) {
      for (let column = 0; column < box.columns; column++) {
        const value = weightAt(weights, gate, row, column);
        if (value === undefined) continue;
        context.fillStyle = tones.signed(within(value / end));
        context.fillRect(box.x + column * scale, box.y + row * scale, scale + 0.3, scale + 0.3);
      }
    }
    const seen = box.rows - X - H; // rows for c, which this network's gates do not see
    if (seen > 0) hatch(pen, box.x, box.y + (X + H) * scale, box.columns * scale, seen * scale, tones.faint);
    if (split || !trained) frame(pen, scale, box);
  });
  if (trained && !split) frame(pen, scale, whole(drawn));
  if (unread > 0) {
    const { x, y, rows, columns } = blocks[0]!;
    hatch(pen, x, y + rows * scale, columns * scale, unread * scale, tones.faint);
  }
}

function paintResults(
  pen: Pen,
  { results, scale, surplus }: Picture,
  { now }: Numbers,
  { trained, split }: State,
): void {
  const { context, tones } = pen;
  for (const box of results) {
    const made = trained && split ? now.get(MADE[box.key] ?? "") : undefined;
    for (let column = 0; column < box.columns && made; column++) {
      context.fillStyle = box.key === "g" ? tones.signed(made[column] ?? 0) : tones.gate(made[column] ?? 0);
      context.fillRect(box.x + column * scale, box.y, scale + 0.3, box.rows * scale);
    }
    if (surplus > 0) hatch(pen, box.x + H * scale, box.y, surplus * scale, box.rows * scale, tones.faint);
    frame(pen, scale, box);
  }
}

function paintNames({ context, tones }: Pen, drawn: Picture, { trained, split }: State, words: Words): void {
  const { strips, blocks, results, scale, unread, surplus } = drawn;
  context.fillStyle = tones.ink;
  context.font = "14px system-ui, sans-serif";
  context.textBaseline = "alphabetic";
  context.textAlign = "right";
  for (const { key, x, y, rows } of strips) {
    context.fillText(key, x - 6, y + (rows * scale) / 2 - 2);
    context.fillText(String(rows), x - 6, y + (rows * scale) / 2 + 14);
  }
  context.textAlign = "center";
  const named = trained && !split ? [{ ...whole(drawn), key: "W", columns: GATE_LETTERS.length * H }] : blocks;
  for (const { key, x, y, rows, columns } of named) {
    context.fillText(`${key} [${rows}, ${columns}]`, x + (columns * scale) / 2, y - 10);
  }
  for (const { x, y, columns, rows } of results) {
    context.fillText(words.made(columns), x + (columns * scale) / 2, y + rows * scale + 18);
  }
  context.textAlign = "left";
  const [block, result] = [blocks[0]!, results[0]!];
  const beside = ({ x, columns }: Box) => x + columns * scale + 12;
  if (unread > 0) context.fillText(words.unread(unread), beside(block), block.y + (block.rows + unread / 2) * scale);
  if (surplus > 0) context.fillText(words.surplus(surplus), beside(result), result.y + result.rows * scale - 2);
}
