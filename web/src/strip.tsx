// The one-line view of a text: steps side by side, scrolled together, one cursor through every lane.

import { useComputed, useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { moment, trace } from "./data";
import type { Trace } from "./reading";
import { address, move, stripStart } from "./state";
import { keepInView, stepWidth, SYMBOL, type Kind, type Strip } from "./strip-window";
import { narrow } from "./theme";
import { isImage, isSeries } from "./tracks";

/** Width of the labels left of the lanes; the style sheet's --gutter. */
const GUTTER = 128;
interface Props {
  readonly strip: ReadonlySignal<Strip>;
  readonly width: { value: number };
  readonly children: ComponentChildren;
}

/** The strip for the text that is read now; `width` is to be measured by its frame. */
export function useStrip(): { strip: ReadonlySignal<Strip>; width: { value: number } } {
  const width = useSignal(0);
  const shape = useComputed(() => {
    const found = trace.value.value;
    const step = found ? stepWidth(found.symbols, kindOf(found), width.value, address.value.zoom) : SYMBOL;
    return { step, shown: Math.max(1, Math.floor(width.value / step)), steps: found?.steps ?? 0 };
  });
  useSignalEffect(() => {
    const { shown, steps } = shape.value;
    if (width.value > 0) stripStart.value = keepInView(stripStart.peek(), moment.value, shown, steps);
  });
  const strip = useComputed(() => {
    const { step, shown, steps } = shape.value;
    const start = Math.max(0, Math.min(stripStart.value, steps - shown));
    return { start, end: Math.min(steps, start + shown), step };
  });
  return { strip, width };
}

function kindOf(read: Trace): Kind {
  return isImage(read) ? "rows" : isSeries(read) ? "numbers" : "symbols";
}

/** The frame of lanes: takes the wheel and the pointer, and lays the cursor over them. */
export function StripFrame({ strip, width, children }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const cursor = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = frame.current!;
    const observer = new ResizeObserver(() => {
      width.value = element.clientWidth - (narrow.value ? 0 : GUTTER);
    });
    observer.observe(element);
    // Not passive: a sideways wheel would otherwise also go back in the history.
    const wheel = (event: WheelEvent) => {
      const across = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(across) < 1) return;
      event.preventDefault();
      const { start, end, step } = strip.peek();
      const steps = trace.peek().value?.steps ?? 0;
      const moved = Math.sign(across) * Math.max(1, Math.round(Math.abs(across) / step));
      stripStart.value = Math.max(0, Math.min(steps - (end - start), start + moved));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", wheel);
    };
  }, []);

  useSignalEffect(() => {
    const { start, end, step } = strip.value;
    const element = cursor.current;
    if (!element) return;
    const inside = moment.value >= start && moment.value < end;
    element.style.visibility = inside ? "visible" : "hidden";
    element.style.left = `${(narrow.value ? 0 : GUTTER) + (moment.value - start) * step}px`;
    element.style.width = `${step}px`;
  });

  const point = (event: PointerEvent | MouseEvent) => {
    const { start, end, step } = strip.peek();
    const x = event.clientX - frame.current!.getBoundingClientRect().left - (narrow.value ? 0 : GUTTER);
    const found = start + Math.floor(x / step);
    if (x >= 0 && end > start) move({ moment: Math.max(start, Math.min(end - 1, found)) });
  };

  return (
    <div
      ref={frame}
      class="strip"
      onClick={point}
      onPointerMove={(event) => event.buttons === 1 && event.pointerType === "mouse" && point(event)}
    >
      {children}
      <div ref={cursor} class="cursor" aria-hidden="true" />
    </div>
  );
}
