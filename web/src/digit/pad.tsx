// The pad that one draws a digit on, with a mouse, a pen, a finger or the keyboard. Each stroke, as it grows, is
// prepared like the digits that the network learned from and becomes the address, which the network reads.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Canvas } from "../canvas";
import { decode, encode, INK, SIDE } from "../drawing";
import { strings } from "../i18n";
import type { Pen } from "../paint";
import { address, move } from "../state";
import { picture, type Point, type Stroke } from "./sketch";

/** A pad that nothing is drawn on. */
export const BLANK = encode(new Uint8Array(SIDE * SIDE));

const NIB = 0.075; // of the pad's side
const KEY_STEP = 1 / SIDE;
const OFTEN = 120; // milliseconds between two readings while the pen moves
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function Pad() {
  const element = useRef<HTMLDivElement>(null);
  const strokes = useSignal<readonly Stroke[]>([]);
  const pen = useSignal<{ readonly at: Point; readonly down: boolean } | null>(null); // the keyboard's
  const pending = useRef(0);
  const words = strings().digit;

  const publish = () => {
    window.clearTimeout(pending.current);
    pending.current = 0;
    const greys = picture(strokes.peek());
    move({ source: { kind: "drawn", pixels: greys ? encode(greys) : BLANK }, moment: null });
  };
  const soon = () => {
    if (!pending.current) pending.current = window.setTimeout(publish, OFTEN);
  };
  const begin = (at: Point) => {
    strokes.value = [...strokes.peek(), [at]];
    soon();
  };
  const extend = (at: Point) => {
    const all = strokes.peek();
    strokes.value = [...all.slice(0, -1), [...(all.at(-1) ?? []), at]];
    soon();
  };
  const change = (all: readonly Stroke[]) => {
    strokes.value = all;
    publish();
  };

  const place = (event: PointerEvent): Point => {
    const bounds = element.current!.getBoundingClientRect();
    const share = (at: number) => Math.max(0, Math.min(1, at));
    return [share((event.clientX - bounds.left) / bounds.width), share((event.clientY - bounds.top) / bounds.height)];
  };
  const press = (event: KeyboardEvent) => {
    const { at, down } = pen.peek() ?? { at: [0.5, 0.2] as Point, down: false };
    const arrow = ARROWS[event.key];
    if (arrow) {
      const within = (value: number) => Math.max(0, Math.min(1, value));
      const to: Point = [within(at[0] + arrow[0] * KEY_STEP), within(at[1] + arrow[1] * KEY_STEP)];
      pen.value = { at: to, down };
      if (down) extend(to);
    } else if (event.key === "Enter" || event.key === " ") {
      pen.value = { at, down: !down };
      if (!down) begin(at);
    } else if (event.key === "Backspace") change(strokes.peek().slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation(); // the same keys move the film elsewhere
  };

  const draw = (canvas: Pen) => {
    paintGround(canvas);
    const { source } = address.value;
    if (strokes.value.length > 0) paintStrokes(canvas, strokes.value);
    else if (source.kind === "drawn") paintPixels(canvas, source.pixels);
    if (pen.value) paintNib(canvas, pen.value);
  };

  return (
    <section class="pad-section">
      <div
        ref={element}
        class="pad"
        role="application"
        tabIndex={0}
        data-testid="pad"
        aria-label={words.pad}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          element.current!.setPointerCapture(event.pointerId);
          pen.value = null;
          begin(place(event));
        }}
        onPointerMove={(event) => element.current!.hasPointerCapture(event.pointerId) && extend(place(event))}
        onPointerUp={publish}
        onPointerCancel={publish}
        onKeyDown={press}
        onBlur={() => (pen.value = null)}
      >
        <Canvas draw={draw} />
      </div>
      <div class="row">
        <button
          data-testid="pad-undo"
          disabled={strokes.value.length === 0}
          onClick={() => change(strokes.peek().slice(0, -1))}
        >
          {words.undo}
        </button>
        <button data-testid="pad-clear" onClick={() => change([])}>
          {words.clear}
        </button>
        <span class="unseen" role="status">
          {pen.value && (pen.value.down ? words.penDown : words.penUp)}
        </span>
      </div>
      <p class="quiet small">{strokes.value.length === 0 ? words.padHint : words.prepared}</p>
    </section>
  );
}

function paintGround({ context, tones, width, height }: Pen): void {
  context.strokeStyle = tones.faint;
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, width - 1, height - 1);
}

function paintStrokes({ context, tones, width, height }: Pen, strokes: readonly Stroke[]): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = NIB * width;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    for (const [x, y] of [stroke[0]!, ...stroke]) context.lineTo(x * width, y * height);
    context.stroke();
  }
}

/** A drawing that came with the address; its strokes are not known any more. */
function paintPixels({ context, tones, width, height }: Pen, pixels: string): void {
  context.fillStyle = tones.ink;
  decode(pixels)?.forEach((grey, place) => {
    context.globalAlpha = grey / INK;
    const [column, row] = [place % SIDE, Math.floor(place / SIDE)];
    context.fillRect((column * width) / SIDE, (row * height) / SIDE, width / SIDE + 0.25, height / SIDE + 0.25);
  });
  context.globalAlpha = 1;
}

function paintNib({ context, tones, width, height }: Pen, { at, down }: { at: Point; down: boolean }): void {
  context.strokeStyle = tones.ink;
  context.lineWidth = down ? 3 : 1.5;
  context.beginPath();
  context.arc(at[0] * width, at[1] * height, (NIB * width) / 2 + 3, 0, 2 * Math.PI);
  context.stroke();
}
