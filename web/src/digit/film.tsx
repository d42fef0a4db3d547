// The film: the image with the rows read so far, and beside each row what the network guessed after it, how much it
// doubted, and what the chosen unit held and showed. One cursor crosses them all.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { UnitTrace } from "../api";
import { Canvas } from "../canvas";
import { moment, trace, unitTrace } from "../data";
import { scaleEnd } from "../format";
import { nameOf, strings } from "../i18n";
import { outline, rule, type Pen } from "../paint";
import { paintBarAcross } from "../picture";
import { scaleOfFigures, type Scale } from "../quantities";
import { told } from "../readout";
import { move } from "../state";
import { narrow, SANS } from "../theme";
import { paintDoubt, paintImage, paintShares } from "./film-paint";
import { measured, type Measures } from "./measures";

export function Film() {
  const element = useRef<HTMLDivElement>(null);
  const rows = useSignal<Measures | null>(null);
  const words = strings();
  const steps = trace.value.value?.steps ?? 0;

  const draw = (pen: Pen) => {
    const read = trace.value.value;
    if (!read?.inputs || read.features < 2) return;
    const shape = { rows: read.steps, features: read.features, outputs: read.predicted.length };
    const at = measured(pen, shape, narrow.value);
    rows.value = at;
    element.current!.style.minHeight = `${at.top + at.row * read.steps + 16}px`;
    const seen = moment.value + 1;
    const block = (x: number, column: number) => ({ x, y: at.top, row: at.row, column });
    paintImage(pen, block(at.image, at.row), read, seen);
    paintShares(pen, block(at.shares, at.share), read, seen);
    paintDoubt(pen, block(at.doubt, at.lane), read, seen);
    paintUnit(pen, at);
    paintHeadings(pen, at, read.predicted);
    paintNumbers(pen, at, read.symbols);
    rule(pen, at.top - 4, 0, at.width);
    outline(pen, at.image - 3, at.top + moment.value * at.row - 1, at.width - at.image + 6, at.row + 2);
  };

  const point = (event: MouseEvent) => {
    const at = rows.peek();
    if (!at || steps === 0) return;
    const y = event.clientY - element.current!.getBoundingClientRect().top - at.top;
    move({ moment: Math.max(0, Math.min(steps - 1, Math.floor(y / at.row))) });
  };

  return (
    <div
      ref={element}
      class="digit-film"
      role="slider"
      tabIndex={0}
      data-testid="digit-film"
      aria-orientation="vertical"
      aria-label={words.digit.film}
      aria-valuemin={1}
      aria-valuemax={Math.max(1, steps)}
      aria-valuenow={moment.value + 1}
      aria-valuetext={`${words.digit.now(moment.value + 1)}, ${told.value}`}
      onClick={point}
      onPointerMove={(event) => event.buttons === 1 && point(event)}
    >
      <Canvas draw={draw} />
    </div>
  );
}

const scaleIn = (found: UnitTrace, quantity: string): Scale =>
  scaleOfFigures(quantity, found.figures.get(quantity)!);

/** What the chosen unit held after each row, and what it showed. */
function paintUnit(pen: Pen, at: Measures): void {
  const [found, read] = [unitTrace.value.value, trace.value.value];
  if (!found || found.trace !== read?.trace) return;
  const [held, shown] = [found.quantities.get("cell"), found.quantities.get("hidden")];
  const lanes = [
    [held ?? shown, at.cell],
    [held ? shown : undefined, at.hidden],
  ] as const;
  for (const [values, x] of lanes) {
    if (!values || x === null) continue;
    const { kind, limit } = scaleIn(found, held === values ? "cell" : "hidden");
    for (let step = 0; step < read.steps; step++) {
      pen.context.globalAlpha = step <= moment.value ? 1 : 0.25;
      paintBarAcross(pen, x, at.top + step * at.row, at.lane, at.row - 1, (values.at(step) ?? 0) / limit, kind);
    }
    pen.context.globalAlpha = 1;
  }
}

function paintHeadings({ context, tones }: Pen, at: Measures, outputs: readonly string[]): void {
  const words = strings().digit;
  const [upper, lower] = [at.top - 30, at.top - 13];
  const write = (text: string, x: number, y: number, room: number) => context.fillText(text, x, y, room);
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.font = `12px ${SANS}`;
  context.fillStyle = tones.ink;
  write(words.rows, at.image, upper, at.shares - at.image - 8);
  write(at.hidden === null ? words.guessShort : words.guess, at.shares, upper, at.doubt - at.shares - 8);
  write(words.entropy, at.doubt, upper, at.cell - at.doubt - 4);
  const found = unitTrace.value.value;
  const held = found?.quantities.has("cell") ? "cell" : "hidden";
  const lanes = [[held, at.cell], ...(held === "cell" && at.hidden !== null ? [["hidden", at.hidden] as const] : [])] as const;
  for (const [quantity, x] of lanes) {
    context.fillStyle = tones.ink;
    write(nameOf(quantity), x, upper, at.lane + 16);
    context.fillStyle = tones.faint;
    if (found) write(`±${scaleEnd(scaleIn(found, quantity).limit)}`, x, lower, at.lane + 8);
  }
  context.fillStyle = tones.faint;
  write(at.hidden === null ? "0–3.3" : words.entropyEnds, at.doubt, lower, at.cell - at.doubt - 4);
  context.textAlign = "center";
  context.fillStyle = tones.ink;
  outputs.forEach((name, output) => write(name, at.shares + (output + 0.5) * at.share, lower, at.share));
}

function paintNumbers({ context, tones }: Pen, at: Measures, symbols: readonly string[]): void {
  if (at.number === 0) return;
  context.font = `11px ${SANS}`;
  context.fillStyle = tones.faint;
  context.textAlign = "right";
  const every = at.row >= 12 ? 1 : at.row >= 7 ? 2 : 4;
  symbols.forEach((symbol, step) => {
    if (step % every === 0) context.fillText(symbol, at.number - 10, at.top + (step + 0.5) * at.row);
  });
}
