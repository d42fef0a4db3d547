// Step 12: x and h join by themselves and lie on W's rows; W falls into four gates. And two matrices that do not fit.

import { useSignal } from "@preact/signals";
import { moment, trace } from "../data";
import { count, scaleEnd } from "../format";
import { strings } from "../i18n";
import { hatch, type Pen } from "../paint";
import { address } from "../state";
import { glyph } from "../symbols";
import { firstColumns, reach } from "./circle";
import { lstmParameters, peepholeParameters } from "./counts";
import { getWeights, ofSteps, type Matrix, type Vectors } from "./data";
import { endOf } from "./heat";
import { H, matrices, picture, X, type Box, type Mode, type Picture } from "./matrix";
import { Painted } from "./painted";
import { Choice, Drawing, Slider, Stage, Waiting } from "./parts";

const weights = ofSteps<ReadonlyMap<string, Matrix>>(["shapes"], () => {
  const { run: id, frame } = address.value;
  return {
    key: JSON.stringify([id, frame]),
    family: id,
    load: (signal) => getWeights(id, { layer: 0, direction: "forward" }, frame, signal),
  };
});

const MODES: readonly Mode[] = ["plain", "square", "wide", "full"];
const WHOLE = 100;
/** torch's order of the gates in its rows. */
const ORDER = "ifgo";
const QUANTITY: Readonly<Record<string, string>> = { i: "input_gate", f: "forget_gate", g: "candidate", o: "output_gate" };

export function Shapes() {
  const words = strings().tour.shapes;
  const mode = useSignal<Mode>("plain");
  const slid = useSignal(0);
  const [found, columns] = [weights.value.value, firstColumns.value.value];
  const now = columns?.[Math.min(moment.value, columns.length - 1)];
  const symbol = trace.value.value?.symbols[moment.value] ?? "";
  return (
    <Stage
      name={words.picture}
      waitsFor={[weights, firstColumns]}
      controls={
        <>
          <Slider
            name={words.slide}
            testid="tour-slide"
            low={0}
            high={WHOLE}
            value={slid.value}
            said={words.said[Math.min(3, Math.floor((3 * slid.value) / WHOLE))]!}
            change={(value) => (slid.value = value)}
          />
          <Choice
            name={words.matrix}
            testid="tour-matrix"
            options={MODES.map((value) => ({ value, name: words.modes[value] }))}
            chosen={mode.value}
            choose={(value) => {
              mode.value = value;
              if (value !== "plain" && slid.value < WHOLE) slid.value = WHOLE;
            }}
          />
        </>
      }
    >
      {found && columns && now ? (
        <>
          <Drawing
            draw={(width) => {
              const drawn = picture(mode.value, slid.value / WHOLE, width);
              return (
                <Sheet drawn={drawn} now={now} weights={found} limit={reach(columns, "input")} mode={mode.value} split={slid.value > (2 * WHOLE) / 3} />
              );
            }}
          />
          <Verdict mode={mode.value} symbol={glyph(symbol).text} />
          <p class="legend" data-testid="legend">
            <span>{scaleEnd(-endOf(found.get("weight_ih")!))}</span>
            <span class="ends" />
            <span>{scaleEnd(endOf(found.get("weight_ih")!))}</span>
            <span class="quiet">
              W · x ±{scaleEnd(reach(columns, "input"))} · h ±1
            </span>
          </p>
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

interface SheetProps {
  readonly drawn: Picture;
  readonly now: Vectors;
  readonly weights: ReadonlyMap<string, Matrix>;
  readonly limit: number;
  readonly mode: Mode;
  readonly split: boolean;
}

/** A number of W for the row of what is read and the column of a gate; trained ones where the network has them. */
function weightAt(weights: ReadonlyMap<string, Matrix>, gate: number, row: number, column: number): number | undefined {
  const [input, hidden] = [weights.get("weight_ih")!, weights.get("weight_hh")!];
  const made = gate * H + column;
  if (row < X) return input.numbers[made * X + row];
  return row < X + H ? hidden.numbers[made * H + (row - X)] : undefined;
}

function Sheet({ drawn, now, weights, limit, mode, split }: SheetProps) {
  const words = strings().tour.shapes;
  const { scale, strips, blocks, results, unread, surplus, height } = drawn;
  const end = endOf(weights.get("weight_ih")!);
  const own: Readonly<Record<string, ArrayLike<number>>> = {
    x: Array.from(now.get("input") ?? [], (value) => value / limit),
    h: now.get("before.hidden") ?? new Float32Array(),
    c: Array.from(now.get("before.cell") ?? [], Math.tanh),
  };
  const trained = mode === "plain" || mode === "full";
  const paint = (pen: Pen) => {
    const { context, tones } = pen;
    const frame = ({ x, y, rows, columns }: Box) => {
      context.strokeStyle = tones.ink;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, columns * scale, rows * scale);
    };
    for (const box of strips) {
      for (let row = 0; row < box.rows; row++) {
        context.fillStyle = tones.signed(Math.max(-1, Math.min(1, own[box.key]![row] ?? 0)));
        context.fillRect(box.x, box.y + row * scale, box.columns * scale, scale + 0.3);
      }
      frame(box);
    }
    for (const box of blocks) {
      const gate = Math.max(0, ORDER.indexOf(box.key));
      for (let row = 0; row < box.rows && trained; row++) {
        for (let column = 0; column < box.columns; column++) {
          const value = weightAt(weights, gate, row, column);
          if (value === undefined) continue;
          context.fillStyle = tones.signed(Math.max(-1, Math.min(1, value / end)));
          context.fillRect(box.x + column * scale, box.y + row * scale, scale + 0.3, scale + 0.3);
        }
      }
      if (box.rows > X + H) {
        hatch(pen, box.x, box.y + (X + H) * scale, box.columns * scale, (box.rows - X - H) * scale, tones.faint);
      }
      if (split || !trained) frame(box);
    }
    if (!split && trained) {
      const last = blocks.at(-1)!;
      frame({ ...blocks[0]!, columns: (last.x - blocks[0]!.x) / scale + last.columns });
    }
    if (unread > 0) {
      const box = blocks[0]!;
      hatch(pen, box.x, box.y + box.rows * scale, box.columns * scale, unread * scale, tones.faint);
    }
    for (const box of results) {
      const made = trained && split ? now.get(QUANTITY[box.key] ?? "") : undefined;
      for (let column = 0; column < box.columns && made; column++) {
        context.fillStyle = box.key === "g" ? tones.signed(made[column] ?? 0) : tones.gate(made[column] ?? 0);
        context.fillRect(box.x + column * scale, box.y, scale + 0.3, box.rows * scale);
      }
      if (surplus > 0) hatch(pen, box.x + H * scale, box.y, surplus * scale, box.rows * scale, tones.faint);
      frame(box);
    }
    context.fillStyle = tones.ink;
    context.font = "14px system-ui, sans-serif";
    context.textBaseline = "alphabetic";
    for (const { key, x, y, rows } of strips) {
      context.textAlign = "right";
      context.fillText(key, x - 6, y + (rows * scale) / 2 - 2);
      context.fillText(String(rows), x - 6, y + (rows * scale) / 2 + 14);
    }
    context.textAlign = "center";
    for (const { key, x, y, rows, columns } of blocks) {
      if (split || !trained) context.fillText(`${key} [${rows}, ${columns}]`, x + (columns * scale) / 2, y - 10);
    }
    if (!split && trained) {
      const [first, last] = [blocks[0]!, blocks.at(-1)!];
      const right = last.x + last.columns * scale;
      context.fillText(`W [${first.rows}, ${blocks.length * first.columns}]`, (first.x + right) / 2, first.y - 10);
    }
    for (const { x, y, columns, rows } of results) {
      context.fillText(words.made(columns), x + (columns * scale) / 2, y + rows * scale + 18);
    }
    if (unread > 0) {
      const box = blocks[0]!;
      context.textAlign = "left";
      context.fillText(words.unread(unread), box.x + box.columns * scale + 12, box.y + (box.rows + unread / 2) * scale);
    }
    if (surplus > 0) {
      const box = results[0]!;
      context.textAlign = "left";
      context.fillText(words.surplus(surplus), box.x + box.columns * scale + 12, box.y + box.rows * scale - 2);
    }
  };
  return (
    <div class="sheet-of-shapes" style={{ height: `${height}px` }}>
      <Painted draw={paint} on={[drawn.height, scale, mode, strips.map(({ x, y }) => x + y).join(), blocks.map(({ x }) => x).join(), now, weights, words]} />
    </div>
  );
}

function Verdict({ mode, symbol }: { readonly mode: Mode; readonly symbol: string }) {
  const words = strings().tour.shapes;
  const sizes = { input: X, hidden: H };
  const plain = lstmParameters(sizes, 1);
  const number = mode === "full" ? plain + peepholeParameters(H, "full") : plain;
  const fits = mode === "plain" || mode === "full";
  return (
    <p class="told" role="status" data-testid="tour-verdict" data-shapes={matrices(mode).map(({ rows, columns }) => `${rows}x${columns}`).join()}>
      <b>{words.verdicts[mode]}</b>
      {fits && <span>{words.parameters(count(number))}</span>}
      <span class="quiet">{words.live(symbol)}</span>
    </p>
  );
}
