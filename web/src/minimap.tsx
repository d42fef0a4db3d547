// The whole text in one strip: how far the chosen unit swings, what of it is on screen, where the cursor is.

import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Canvas } from "./canvas";
import { moment, run, trace, unit, values, valuesScale } from "./data";
import { count } from "./format";
import { language, strings } from "./i18n";
import { paintBar, rule, type Pen } from "./paint";
import { sentName } from "./pasted";
import { address, move, viewport, type Source } from "./state";

interface Props {
  /** the stretch to outline; without it the text's own viewport */
  readonly shown?: () => readonly [number, number];
}

/** What is read, in a word. */
function titleOf(source: Source): string {
  const words = strings();
  if (source.kind === "sample") return run.value.value?.sample_titles?.[source.index]?.[language()] ?? words.sample;
  if (source.kind === "opened") return sentName(source) ?? "";
  return source.kind === "file" ? (run.value.value?.texts?.[source.index] ?? "") : words.ownText;
}

export function Minimap({ shown }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const words = strings();
  const found = trace.value.value;

  // Apart from the drawing, which is done anew with every step of the cursor.
  const columns = useComputed(() => {
    const [of, read, number] = [values.value.value, trace.value.value, unit.value];
    return of && read && number !== null && of.trace === read.trace ? of.outline(number) : null;
  });

  const draw = (pen: Pen) => {
    if (!columns.value || !trace.value.value) return;
    const { context, tones, width, height } = pen;
    const { steps } = trace.value.value;
    const { low, mean, high } = columns.value;
    const step = width / low.length;
    rule(pen, height / 2);
    for (let column = 0; column < low.length; column++) {
      const bar = (value: number) => paintBar(pen, column * step, 3, step + 0.3, height - 6, value, valuesScale.value);
      if (valuesScale.value.kind !== "gate") {
        if (high[column]! > 0) bar(high[column]!);
        if (low[column]! < 0) bar(low[column]!);
      } else if (mean) bar(mean[column]!);
      else {
        // Only how far it opened and shut is known: the one pale, the other upon it.
        context.globalAlpha = 0.4;
        bar(high[column]!);
        context.globalAlpha = 1;
        bar(low[column]!);
      }
    }
    const place = (at: number) => (at / steps) * width;
    const [first, last] = shown ? shown() : viewport.value;
    context.strokeStyle = tones.ink;
    context.lineWidth = 1.5;
    const [left, right] = [place(first), Math.max(place(first) + 6, place(last + 1))];
    context.strokeRect(left + 0.75, 0.75, Math.min(width, right) - left - 1.5, height - 1.5);
    context.fillStyle = tones.ink;
    context.fillRect(place(moment.value + 0.5) - 1, 0, 2, height);
  };

  const point = (event: MouseEvent) => {
    const bounds = element.current!.getBoundingClientRect();
    const steps = trace.peek().value?.steps ?? 0;
    const step = Math.floor(((event.clientX - bounds.left) / bounds.width) * steps);
    if (steps > 0) move({ moment: Math.max(0, Math.min(steps - 1, step)) });
  };

  return (
    <section class="minimap" aria-label={words.minimap} data-testid="minimap">
      <div
        ref={element}
        onClick={point}
        onPointerMove={(event) => event.buttons === 1 && event.pointerType === "mouse" && point(event)}
      >
        <Canvas draw={draw} />
      </div>
      <p class="quiet">
        {found && <bdi>{titleOf(address.value.source)}</bdi>}
        {found ? ` · ${count(found.steps)}` : " "}
        {columns.value && !columns.value.mean && ` · ${words.long.outline}`}
      </p>
    </section>
  );
}
