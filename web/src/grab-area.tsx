// The ledger's upper lane with a grip on its line: the memory can be dragged up and down at any symbol.

import { useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Canvas } from "./canvas";
import { unitTrace } from "./data";
import { decimal } from "./format";
import { ghostLine, tried } from "./ghost";
import { before, graspable, grip, gripped, keep, letGo, limit, nudge, state, tryAt } from "./grab";
import { strings } from "./i18n";
import type { Pen } from "./paint";
import { move } from "./state";
import type { Strip } from "./strip-window";
import { ledgerLevel } from "./strip-paint";

/** How near to the line the mouse has to be, in pixels. */
const NEAR = 7;

interface Props {
  readonly strip: ReadonlySignal<Strip>;
  readonly draw: (pen: Pen) => void;
}

export function GrabArea({ strip, draw }: Props) {
  const area = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLDivElement>(null);
  const dragging = useRef(false);
  const words = strings().live;

  useSignalEffect(() => {
    const element = handle.current;
    const { start, end, step } = strip.value;
    if (!element) return;
    const [at, value] = [grip.value, gripped.value];
    const there = graspable.value && at >= start && at < end;
    element.style.display = there ? "" : "none";
    if (!there) return;
    element.style.left = `${(at - start + 0.5) * step}px`;
    element.style.top = `${ledgerLevel(area.current!.clientHeight, value, limit.value)}px`;
  });

  const valueAt = (event: PointerEvent) => {
    const bounds = area.current!.getBoundingClientRect();
    const reach = ledgerLevel(bounds.height, 0, 1) - ledgerLevel(bounds.height, 1, 1);
    return ((bounds.top + bounds.height / 2 - event.clientY) / reach) * limit.peek();
  };
  /** The step under the mouse, if the line is. */
  const stepNear = (event: PointerEvent) => {
    const bounds = area.current!.getBoundingClientRect();
    const { start, step } = strip.peek();
    const found = start + Math.floor((event.clientX - bounds.left) / step);
    const line = (ghostLine.peek() ?? unitTrace.peek().value)?.quantities.get(state.peek())?.at(found);
    if (line === undefined || event.pointerType !== "mouse") return null;
    const away = event.clientY - bounds.top - ledgerLevel(bounds.height, line, limit.peek());
    return Math.abs(away) <= NEAR ? found : null;
  };

  const take = (event: PointerEvent) => {
    if (event.button !== 0 || !graspable.peek()) return;
    const onHandle = event.target === handle.current;
    const step = onHandle ? grip.peek() : stepNear(event);
    if (step === null) return;
    if (step !== grip.peek()) {
      letGo();
      move({ moment: step });
    }
    event.preventDefault();
    event.stopPropagation();
    area.current!.setPointerCapture(event.pointerId);
    handle.current!.focus({ preventScroll: true });
    dragging.current = true;
  };
  const drag = (event: PointerEvent) => {
    if (dragging.current) {
      event.stopPropagation();
      tryAt(valueAt(event));
    } else if (event.buttons === 0) {
      area.current!.style.cursor = stepNear(event) === null ? "" : "ns-resize";
    }
  };

  const press = (event: KeyboardEvent) => {
    const by = event.shiftKey ? 0.2 : 1;
    if (event.key === "ArrowUp") nudge(by);
    else if (event.key === "ArrowDown") nudge(-by);
    else if (event.key === "PageUp") nudge(5 * by);
    else if (event.key === "PageDown") nudge(-5 * by);
    else if (event.key === "Enter" && tried.peek()) keep();
    else if (event.key === "Escape" && tried.peek()) letGo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const [value, was] = [gripped.value, before.value];
  return (
    <div
      ref={area}
      class="grab-area"
      onPointerDown={take}
      onPointerMove={drag}
      onPointerUp={() => (dragging.current = false)}
      onPointerCancel={() => (dragging.current = false)}
      onClick={(event) => tried.peek() && event.stopPropagation()}
    >
      <Canvas draw={draw} />
      <div
        ref={handle}
        class={`grip ${tried.value ? "held" : ""}`}
        data-testid="grip"
        role="slider"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={words.grip(grip.value)}
        aria-valuemin={-limit.value}
        aria-valuemax={limit.value}
        aria-valuenow={Number.isNaN(value) ? 0 : value}
        aria-valuetext={tried.value ? words.triedAt(decimal(value), decimal(was)) : decimal(value)}
        title={words.gripHint}
        onKeyDown={press}
      />
    </div>
  );
}
