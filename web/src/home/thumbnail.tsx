// A network at work in the size of a stamp: its most telling unit colours the beginning of its own sample. Asked for
// when it comes into view, one network after the other, and once.

import { useComputed, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as api from "../api";
import { Failure, type RunCard, type Trace, type Values } from "../api";
import { Canvas } from "../canvas";
import { paintImage, paintShares } from "../digit/film-paint";
import { scaleEnd } from "../format";
import { nameOf, strings } from "../i18n";
import type { Pen } from "../paint";
import { scaleOf } from "../quantities";
import { ranked } from "../ranking";
import { paintText } from "../text-paint";
import { typeset, type TextView } from "../text-view";
import { isImage } from "../tracks";

const STEPS = 240; // more than fit
const SEQUENCES = 3;
/** The text's own margin at the left, which a card has none of; and the width from which it would number its lines. */
const MARGIN = 8;
const NUMBERED = 560;
const FIRST_SAMPLE: api.Task = { source: { kind: "sample", index: 0 }, frame: null, clamps: [] };

interface Thumb {
  readonly quantity: string;
  readonly unit: number;
  readonly view: TextView;
}

/** By id and time of change: a card that is seen again has its picture at once. */
const seen = new Map<string, Promise<Thumb>>();
let last: Promise<unknown> = Promise.resolve();

function thumbOf(card: RunCard): Promise<Thumb> {
  const key = `${card.id} ${card.modified}`;
  let found = seen.get(key);
  if (!found) {
    found = last.then(() => read(card));
    last = found.then(
      () => undefined,
      () => seen.delete(key), // the card says what went wrong; seen again, it is asked for again
    );
    seen.set(key, found);
  }
  return found;
}

async function read(card: RunCard): Promise<Thumb> {
  const { signal } = new AbortController(); // what is under way is of use even when the card is out of view
  const quantity = card.cell === "lstm" ? "cell" : "hidden";
  const trace = await api.postTrace(card.id, FIRST_SAMPLE, signal);
  const values = await api.getValues(trace, (card.layers ?? 1) - 1, "forward", quantity, signal);
  const unit = ranked(values.statistics, "telling")[0] ?? 0;
  return { quantity, unit, view: viewOf(trace, values, unit) };
}

/** The beginning of a text, or its first few sequences; an image whole. */
function viewOf(trace: Trace, values: Values, unit: number): TextView {
  const lengths = trace.lengths.slice(0, SEQUENCES);
  const steps = Math.min(STEPS, lengths.reduce((sum, length) => sum + length, 0));
  return {
    trace: { ...trace, lengths, symbols: trace.symbols.slice(0, steps), ids: trace.ids.subarray(0, steps), steps },
    values,
    unit,
    scale: scaleOf(values.quantity, values.statistics, unit, "unit"),
    lanes: [],
    moment: null,
  };
}

export function Thumbnail({ card }: { readonly card: RunCard }) {
  const element = useRef<HTMLDivElement>(null);
  const wanted = useSignal(false);
  const thumb = useSignal<Thumb | Failure | null>(null);
  useInView(element, wanted);
  useSignalEffect(() => {
    if (!wanted.value) return;
    thumbOf(card).then(
      (found) => (thumb.value = found),
      (error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        thumb.value = error;
      },
    );
  });
  const shown = useComputed(() => (thumb.value instanceof Failure ? null : thumb.value));
  const words = strings().gallery;
  const draw = (pen: Pen) => shown.value && paint(pen, shown.value.view);
  const said = () => {
    if (thumb.value instanceof Failure) return thumb.value.what;
    if (!shown.value) return "";
    const { view, unit, quantity } = shown.value;
    return isImage(view.trace) ? words.shares : words.thumb(unit, nameOf(quantity), scaleEnd(view.scale.limit));
  };
  return (
    <>
      <div ref={element} class="thumbnail" data-testid="thumbnail" data-unit={shown.value?.unit}>
        <Canvas draw={draw} />
      </div>
      <p class="quiet small">{said() || " "}</p>
    </>
  );
}

function useInView(element: { readonly current: Element | null }, seen: Signal<boolean>): void {
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.value = true;
      observer.disconnect();
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
}

function paint(pen: Pen, view: TextView): void {
  const { trace } = view;
  if (!isImage(trace)) {
    const width = Math.min(pen.width + MARGIN, NUMBERED - 1);
    pen.context.translate(-MARGIN, 0);
    paintText({ ...pen, width }, view, typeset({ ...view, lanes: [] }, width, pen.height), 0);
    return;
  }
  const row = pen.height / trace.steps;
  paintImage(pen, { x: 0, y: 0, column: row, row }, trace, trace.steps);
  const left = row * trace.features + 16;
  paintShares(pen, { x: left, y: 0, column: Math.min(20, (pen.width - left) / 10), row }, trace, trace.steps);
}
