// One cell at one moment: the text around it, the block, a sentence, the equations with their numbers.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Breadcrumb } from "../breadcrumb";
import { moment, run, scale, selected, selection, trace, unitTrace } from "../data";
import { momentNotice } from "../dialogs";
import { strings } from "../i18n";
import { Legend } from "../legend";
import { Message, Trouble } from "../message";
import { shownMoment } from "../moment/data";
import { Diagram } from "../moment/diagram";
import { Equations } from "../moment/equations";
import { flow } from "../moment/motion";
import { Plate } from "../moment/plate";
import { Roll } from "../moment/roll";
import { playing, runClock, step, togglePlay } from "../moment/play";
import { save } from "../moment/save";
import { Sentence } from "../moment/sentence";
import type { Pen } from "../paint";
import { attempt } from "../resource";
import { address, go } from "../state";
import { StepsLane } from "../steps-lane";
import { StripFrame, useStrip } from "../strip";
import { paintSteps } from "../strip-paint";
import { tones } from "../theme";
import { isImage, stepLabel } from "../tracks";

export function MomentPage() {
  const words = strings();
  const plate = useSignal(false);
  const wrong = selection.value !== null && "what" in selection.value;
  const failed = shownMoment.value.failure;
  const notice = momentNotice();
  useEffect(runClock, []);
  useMotion();
  return (
    <main class="moment" data-testid="moment-page">
      <Breadcrumb>{selected.value && <Legend scale={scale} read={trace.value.value} />}</Breadcrumb>
      <Trouble />
      {failed && (
        <Message
          what={failed.what}
          remedy={failed.remedy}
          action={{ label: words.again, run: () => (attempt.value += 1) }}
        />
      )}
      {selected.value && !wrong && trace.value.value && (
        <>
          {notice && (
            <p class="notice" role="status">
              {notice}
            </p>
          )}
          <Around />
          <Controls plate={plate} />
          <Diagram />
          {plate.value ? (
            <Plate />
          ) : address.value.everyUnit ? (
            <Roll />
          ) : (
            <div class="said">
              <Sentence />
              <Equations />
            </div>
          )}
        </>
      )}
      {run.value.loading && <p class="quiet waiting">{words.loading}</p>}
    </main>
  );
}

/** Lets what is kept, written and revealed flow in when the cursor went to a neighbour. */
function useMotion(): void {
  const last = useRef<{ step: number; of: string } | null>(null);
  useSignalEffect(() => {
    const shown = shownMoment.value.value;
    if (!shown) return;
    const of = `${shown.trace} ${shown.unit}`;
    const before = last.current;
    last.current = { step: shown.step, of };
    if (!before || before.of !== of || Math.abs(before.step - shown.step) !== 1) return;
    // The drawing of the new moment is there in the next frame.
    requestAnimationFrame(() => {
      const drawing = document.querySelector(".diagram svg");
      if (drawing) flow(drawing);
    });
  });
}

/** The text around the moment, on the colours of the chosen quantity. */
function Around() {
  const { strip, width } = useStrip();
  const draw = (pen: Pen) => {
    const [read, unit] = [trace.value.value, unitTrace.value.value];
    if (!read) return;
    const own = unit?.trace === read.trace ? (unit.quantities.get(selected.value?.quantity ?? "hidden") ?? null) : null;
    paintSteps(pen, strip.value, read, own, scale.value);
  };
  return (
    <section class="around-moment" aria-label={strings().text}>
      <StripFrame strip={strip} width={width}>
        <StepsLane strip={strip} draw={draw} />
      </StripFrame>
    </section>
  );
}

/** What the step is called: its label or its time. */
function StepLabel() {
  const read = trace.value.value;
  if (!read || read.input === "symbols" || isImage(read)) return null;
  const label = stepLabel(read, moment.value);
  return label === null ? null : (
    <span class="quiet" translate={false} data-testid="step-label">
      {` ${label}`}
    </span>
  );
}

function Controls({ plate }: { readonly plate: { value: boolean } }) {
  const words = strings();
  const { everyUnit } = address.value;
  const last = (trace.value.value?.steps ?? 1) - 1;
  const store = () => {
    const drawing = document.querySelector<SVGSVGElement>(".diagram svg");
    const shown = shownMoment.peek().value;
    if (!drawing || !shown) return;
    const name = run.peek().value?.name ?? "network";
    save(
      drawing,
      tones.peek().theme.page,
      `${name.replace(/[^\p{L}\p{N}]+/gu, "-")}-unit-${shown.unit}-step-${shown.step}.svg`,
    );
  };
  return (
    <div class="controls" data-testid="moment-controls">
      <button
        data-testid="previous"
        aria-label={words.moment.previous}
        disabled={moment.value === 0}
        onClick={() => step(-1)}
      >
        ◀
      </button>
      <span class="clock" data-testid="clock">
        <i>{words.step}</i> <b>{moment.value}</b>
        <StepLabel />
      </span>
      <button
        data-testid="following"
        aria-label={words.moment.following}
        disabled={moment.value >= last}
        onClick={() => step(1)}
      >
        ▶
      </button>
      <button data-testid="play" aria-pressed={playing.value} onClick={togglePlay}>
        {playing.value ? words.moment.pause : words.moment.play}
      </button>
      <span class="spring" />
      <span class="switch" role="group" aria-label={words.units(selected.value?.detail.units ?? 0)}>
        <button data-testid="one-unit" aria-pressed={!everyUnit} onClick={() => go({ everyUnit: false })}>
          {words.moment.oneUnit}
        </button>
        <button data-testid="all-units" aria-pressed={everyUnit} onClick={() => go({ everyUnit: true })}>
          {words.moment.allUnits}
        </button>
      </span>
      <button
        class="toggle"
        data-testid="plate-toggle"
        aria-pressed={plate.value}
        onClick={() => (plate.value = !plate.value)}
      >
        {words.moment.plate}
      </button>
      <button data-testid="save-svg" onClick={store}>
        {words.moment.save}
      </button>
    </div>
  );
}
