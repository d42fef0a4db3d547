// A text on canvas: as long as one likes, only the visible lines are drawn. A slider over its steps for the keyboard
// and for screen readers.

import { useComputed, useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Canvas } from "./canvas";
import { strings } from "./i18n";
import { stepAt } from "./layout";
import type { Pen } from "./paint";
import { paintText } from "./text-paint";
import { boxHeight, scrollTo, topAt, type Scrolled } from "./scrolled";
import { boxOf, typeset, type Setting, type TextView } from "./text-view";
import { isSeries } from "./tracks";

interface Props {
  readonly view: ReadonlySignal<TextView | null>;
  /** the moment in words, for those who do not see the cursor */
  readonly told: ReadonlySignal<string>;
  readonly onMoment: (step: number) => void;
  /** a stretch is being drawn out, from the step where it began to the one under the pointer */
  readonly onStretch?: (from: number, to: number) => void;
  readonly onVisible: (first: number, last: number) => void;
}

export function TextCanvas({ view, told, onMoment, onStretch, onVisible }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const top = useSignal(0);

  const trace = useComputed(() => view.value?.trace ?? null);
  const lanes = useComputed(() => `${view.value?.lanes.join() ?? ""} ${view.value?.ghost ? "twice" : ""} ${view.value?.zoom}`);
  const setting = useComputed(() => {
    lanes.value;
    const { width, height } = size.value;
    return trace.value && width > 0 ? typeset(view.peek()!, width, height) : null;
  });
  const moment = useComputed(() => view.value?.moment ?? null);

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const extent = (set: Setting): Scrolled => ({
    total: (set.layout.starts.length - 1) * set.measures.line + 8,
    shown: size.peek().height,
  });

  // The scrolled height, then the cursor in view: in this order, or there is nothing to scroll yet.
  useSignalEffect(() => {
    const [set, step, element] = [setting.value, moment.value, scroller.current];
    if (!set || !element || !spacer.current) return;
    const { line } = set.measures;
    const scrolled = extent(set);
    spacer.current.style.height = `${boxHeight(scrolled)}px`;
    if (step === null || !(step < set.layout.line.length)) return;
    const { y } = boxOf(set, step);
    const first = topAt(scrolled, element.scrollTop);
    if (y < first || y + line > first + scrolled.shown) {
      element.scrollTop = scrollTo(scrolled, Math.max(0, y + line / 2 - scrolled.shown / 2));
    }
    top.value = topAt(scrolled, element.scrollTop);
  });

  useSignalEffect(() => {
    const set = setting.value;
    if (!set) return;
    const { starts } = set.layout;
    const lines = starts.length - 1;
    const first = Math.min(lines - 1, Math.floor(top.value / set.measures.line));
    const last = Math.min(lines - 1, Math.floor((top.value + size.value.height) / set.measures.line));
    onVisible(starts[first]!, Math.max(starts[first]!, starts[last + 1]! - 1));
  });

  const draw = (pen: Pen) => {
    if (view.value && setting.value) paintText(pen, view.value, setting.value, top.value);
  };

  const pressed = useRef(0);
  const point = (event: PointerEvent) => {
    const set = setting.peek();
    if (!set || set.layout.line.length === 0) return;
    const bounds = scroller.current!.getBoundingClientRect();
    const line = Math.floor((event.clientY - bounds.top + top.peek()) / set.measures.line);
    const column = Math.floor((event.clientX - bounds.left - set.measures.gutter) / set.measures.cell);
    const step = stepAt(set.layout, line, column);
    if (event.type === "pointerdown") pressed.current = step;
    else if (!event.shiftKey || !onStretch) onMoment(step);
    // Pressed and let go at one place: the stretch is from the cursor to there.
    else onStretch(event.type === "click" && step === pressed.current ? (moment.peek() ?? step) : pressed.current, step);
  };
  const dragging = (event: PointerEvent) => event.pointerType === "mouse" && event.buttons === 1;

  const words = strings();
  const steps = trace.value?.steps ?? 0;
  return (
    <div class="text-canvas" data-testid="text-canvas" data-kind={trace.value && isSeries(trace.value) ? "tracks" : "text"}>
      <Canvas draw={draw} />
      <div
        ref={scroller}
        class="scroller"
        role="slider"
        tabIndex={0}
        aria-label={trace.value && isSeries(trace.value) ? words.series : words.textHint}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, steps - 1)}
        aria-valuenow={moment.value ?? 0}
        aria-valuetext={told.value}
        onScroll={(event) => {
          if (setting.peek()) top.value = topAt(extent(setting.peek()!), event.currentTarget.scrollTop);
        }}
        onPointerDown={(event) => point(event)}
        onClick={(event) => point(event as unknown as PointerEvent)}
        onPointerMove={(event) => dragging(event) && point(event)}
      >
        <div ref={spacer} />
      </div>
    </div>
  );
}
