// Backward light: one prediction, and what it rests on, going back in time.

import { useEffect } from "preact/hooks";
import { run, trace } from "../data";
import { probability } from "../format";
import { strings } from "../i18n";
import { sequenceOf } from "../layout";
import { Message } from "../message";
import { go, move } from "../state";
import { glyph } from "../symbols";
import { still } from "../theme";
import { decades, front, light, source } from "./data";
import { LagChart } from "./lag-chart";
import { LightLanes } from "./lanes";
import { Nodes } from "./nodes";
import { powerOfTen } from "./scale";

/** Milliseconds a step, when the light is played backwards; a long way is gone in larger strides. */
const PACE = 60;
const MOST_STRIDES = 120;

export function LightPanel() {
  const words = strings().light;
  const { value: shown, failure } = light.value;
  useEffect(() => () => stop(), []);
  return (
    <section class="light-panel" aria-label={words.title} data-testid="light-panel">
      <header class="row">
        <h2>
          {words.title} <span class="quiet">{words.from(source.value ?? 0)}</span>{" "}
          {shown?.name != null && (
            <>
              <span class="symbol">{glyph(shown.name).text}</span> {probability(shown.probability ?? Number.NaN)}
            </>
          )}
        </h2>
        <Legend />
        <span class="spring" />
        <button data-testid="light-play" aria-pressed={front.value !== null} onClick={playLight}>
          {front.value === null ? `◀ ${words.play}` : words.stop}
        </button>
        <button data-testid="light-close" onClick={() => go({ light: null })}>
          {strings().close}
        </button>
      </header>
      {failure && <Message what={failure.what} remedy={failure.remedy} />}
      <LightLanes />
      <div class="pictures">
        {run.value.value?.causal && <LagChart />}
        <Nodes />
      </div>
    </section>
  );
}

function Legend() {
  const words = strings().light;
  return (
    <p class="legend small" data-testid="light-legend">
      <span>{powerOfTen(-decades.value)}</span>
      <span class="ramp glow-ramp" aria-hidden="true" />
      <span>1</span>
      <span class="quiet">{words.scale}</span>
    </p>
  );
}

/** Plays the light backwards, or stops that. */
export function playLight(): void {
  if (front.peek() === null) play();
  else stop();
}

let timer = 0;

function stop(): void {
  window.clearInterval(timer);
  front.value = null;
}

/** Lets the light run from its step to the sequence's beginning, the cursor with it. */
function play(): void {
  const [step, read] = [source.peek(), trace.peek().value];
  if (step === null || !read || still.peek()) return;
  const [start] = sequenceOf(read.lengths, step);
  const stride = Math.max(1, Math.ceil((step - start) / MOST_STRIDES));
  front.value = step;
  move({ moment: step });
  timer = window.setInterval(() => {
    const next = (front.peek() ?? start) - stride;
    if (next < start) return stop();
    front.value = next;
    move({ moment: next });
  }, PACE);
}
