// A text on canvas that can be typed into: what is typed is read at once, and coloured as soon as it is.
//
// The letters, the caret and the selection are drawn where the coloured text has them. What takes the keys is a
// textarea the size of the caret, under it: so undo, paste, IMEs and their windows, and screen readers have their own.

import { useComputed, useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Canvas } from "./canvas";
import { boxesBetween, heightOf, moved, offsetOn, placeOf, type Way } from "./caret";
import { strings } from "./i18n";
import { composing, draft, edit, follow, picked, pieces, read, takeLong, takeUp } from "./live";
import { LiveBar } from "./live-bar";
import { liveView, NOTHING_READ } from "./live-view";
import type { Pen } from "./paint";
import { paintText } from "./text-paint";
import { typeset, type TextView } from "./text-view";

const WAYS: Readonly<Record<string, Way>> = { ArrowUp: "up", ArrowDown: "down", Home: "start", End: "end" };
const SELECTED = 0.22;
const NOTHING_SHOWN: TextView = {
  trace: NOTHING_READ,
  values: null,
  unit: null,
  scale: { kind: "signed", limit: 1 },
  lanes: [],
  moment: null,
};

interface Props {
  /** what was read last, which the text being typed may already differ from */
  readonly view: ReadonlySignal<TextView | null>;
  readonly onVisible: (first: number, last: number) => void;
}

export function LiveText({ view, onVisible }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const top = useSignal(0);
  const goal = useRef<number | null>(null);
  const composed = useRef(0);
  const words = strings();

  const shown = useComputed(() =>
    liveView(view.value ?? NOTHING_SHOWN, pieces.value),
  );
  const setting = useComputed(() => {
    const { width, height } = size.value;
    return width > 0 ? typeset(shown.value, width, height) : null;
  });
  const typed = useComputed(() => (setting.value ? { pieces: pieces.value.all, setting: setting.value } : null));
  const caret = useComputed(() => (typed.value ? placeOf(typed.value, picked.value[1]) : null));

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    document.addEventListener("selectionchange", sync);
    area.current!.focus({ preventScroll: true });
    return () => {
      observer.disconnect();
      document.removeEventListener("selectionchange", sync);
      composing.value = false;
    };
  }, []);

  // A sample was chosen, or the address has led to another text.
  useSignalEffect(() => {
    const text = takeUp();
    if (text === null || !area.current) return;
    area.current.value = text;
    area.current.setSelectionRange(text.length, text.length);
    draft.value = text;
    picked.value = [text.length, text.length];
  });

  // The scrolled height, then the caret in view and the textarea under it.
  useSignalEffect(() => {
    const [here, place, element, input] = [typed.value, caret.value, scroller.current, area.current];
    if (!here || !place || !element || !input) return;
    const { row, line } = here.setting.measures;
    spacer.current!.style.height = `${heightOf(here) + 8}px`;
    input.style.transform = `translate(${place.x}px, ${place.y}px)`;
    input.style.height = `${row}px`;
    if (place.y < element.scrollTop || place.y + line > element.scrollTop + element.clientHeight) {
      element.scrollTop = Math.max(0, place.y + line / 2 - element.clientHeight / 2);
    }
    top.value = element.scrollTop;
  });

  useSignalEffect(() => {
    const here = typed.value;
    if (!here || here.pieces.length === 0) return;
    const { starts } = here.setting.layout;
    const line = (y: number) => Math.max(0, Math.min(starts.length - 2, Math.floor(y / here.setting.measures.line)));
    const step = (piece: number): number =>
      piece < 0 ? 0 : (here.pieces[piece]!.step ?? step(piece - 1)); // past the ends of empty lines
    onVisible(step(starts[line(top.value)]!), step(starts[line(top.value + size.value.height) + 1]! - 1));
  });

  const draw = (pen: Pen) => {
    const here = typed.value;
    if (!here) return;
    paintText(pen, shown.value, here.setting, top.value);
    const { context, tones } = pen;
    const { row } = here.setting.measures;
    const [from, to] = [Math.min(...picked.value), Math.max(...picked.value)];
    context.fillStyle = tones.ink;
    context.globalAlpha = SELECTED;
    for (const { x, y, w } of boxesBetween(here, from, to)) context.fillRect(x, y - top.value, w, row - 2);
    context.globalAlpha = 1;
    if (composing.value) {
      for (const { x, y, w } of boxesBetween(here, composed.current, picked.value[1])) {
        context.fillRect(x, y - top.value + row - 4, w, 1.5);
      }
    }
    context.fillRect(caret.value!.x - 1, caret.value!.y - top.value, 2, row - 2);
  };

  /** What the textarea says the selection is. */
  const sync = () => {
    const input = area.current;
    if (!input || document.activeElement !== input) return;
    const { selectionStart: from, selectionEnd: to, selectionDirection: way } = input;
    const [anchor, focus] = way === "backward" ? [to, from] : [from, to];
    if (anchor === picked.peek()[0] && focus === picked.peek()[1]) return;
    picked.value = [anchor, focus];
    if (!composing.peek() && draft.peek() === input.value) follow();
  };

  const select = (anchor: number, focus: number) => {
    const input = area.current!;
    input.focus({ preventScroll: true });
    input.setSelectionRange(Math.min(anchor, focus), Math.max(anchor, focus), focus < anchor ? "backward" : "forward");
    sync();
  };

  const offsetAt = (event: MouseEvent) => {
    const here = typed.peek();
    if (!here) return 0;
    const bounds = scroller.current!.getBoundingClientRect();
    const line = Math.floor((event.clientY - bounds.top + top.peek()) / here.setting.measures.line);
    return offsetOn(here, line, event.clientX - bounds.left);
  };

  const press = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      edit(false);
      return;
    }
    const way = WAYS[event.key];
    const here = typed.peek();
    if (!way || !here || event.ctrlKey || event.metaKey || event.altKey) {
      goal.current = null;
      return;
    }
    event.preventDefault();
    const [anchor, focus] = picked.peek();
    goal.current ??= placeOf(here, focus).x;
    const next = moved(here, focus, way, goal.current);
    if (way === "start" || way === "end") goal.current = null;
    select(event.shiftKey ? anchor : next, next);
  };

  const change = () => {
    draft.value = area.current!.value;
    goal.current = null;
    sync();
    if (!composing.peek()) read();
  };

  return (
    <>
      <LiveBar />
      <div class="text-canvas">
        <Canvas draw={draw} />
        <div
          ref={scroller}
          class="scroller"
          onScroll={(event) => {
            top.value = event.currentTarget.scrollTop;
          }}
          onPointerDown={(event) => {
            if (event.pointerType !== "mouse" || event.button !== 0) return;
            event.preventDefault();
            scroller.current!.setPointerCapture(event.pointerId);
            const offset = offsetAt(event);
            select(event.shiftKey ? picked.peek()[0] : offset, offset);
          }}
          onPointerMove={(event) => {
            if (event.pointerType === "mouse" && event.buttons === 1) select(picked.peek()[0], offsetAt(event));
          }}
          onClick={(event) => {
            const offset = offsetAt(event);
            if ((event as unknown as PointerEvent).pointerType !== "mouse") select(offset, offset);
          }}
        >
          <div ref={spacer} />
          <textarea
            ref={area}
            class="keys-taken"
            data-testid="live-text"
            aria-label={words.live.typeHere}
            aria-describedby="live-said"
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            wrap="off"
            onInput={change}
            onKeyDown={press}
            onPaste={(event) => {
              if (takeLong(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
            }}
            onCompositionStart={() => {
              composing.value = true;
              composed.current = Math.min(...picked.peek());
            }}
            onCompositionEnd={() => {
              composing.value = false;
              change();
            }}
          />
        </div>
      </div>
    </>
  );
}
