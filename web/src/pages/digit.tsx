// A digit, read row by row: the film of what the network guessed while it read.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Breadcrumb } from "../breadcrumb";
import { moment, run, scale, selected, selection, trace } from "../data";
import { Bars } from "../digit/bars";
import { Chooser } from "../digit/chooser";
import { Film } from "../digit/film";
import { Pad } from "../digit/pad";
import { language, strings } from "../i18n";
import { Legend } from "../legend";
import { Message, Trouble } from "../message";
import { Readout } from "../readout";
import { address, go, move } from "../state";

const ROW = 150; // milliseconds

export function DigitPage() {
  const words = strings();
  const drawn = address.value.source.kind === "drawn";
  const network = selected.value?.run;
  const wrong = selection.value !== null && "what" in selection.value;
  const title = trace.value.value?.title;
  return (
    <main class="digit" data-testid="digit-page">
      <Breadcrumb />
      <Trouble />
      {network && network.problem !== "digits" && (
        <Message
          what={words.digit.noDigits}
          action={{ label: words.digit.noDigitsRemedy, run: () => go({ page: "network" }) }}
        />
      )}
      {network?.problem === "digits" && !wrong && (
        <>
          <Chooser />
          <div class="film-work">
            <Film />
            <aside>
              {drawn && <Pad />}
              {title && <p data-testid="digit-title">{title[language()]}</p>}
              <Bars />
              <PlayButton />
              <Legend scale={scale} read={trace.value.value} />
            </aside>
          </div>
          <Readout />
        </>
      )}
      {run.value.loading && <p class="quiet waiting">{words.loading}</p>}
    </main>
  );
}

/** Reads on, row after row, to the last; space does the same. */
function PlayButton() {
  const playing = useSignal(false);
  const words = strings().digit;
  const last = Math.max(0, (trace.value.value?.steps ?? 0) - 1);
  const toggle = () => {
    if (!playing.peek() && moment.peek() >= last) move({ moment: 0 });
    playing.value = !playing.peek();
  };
  useEffect(() => {
    if (!playing.value) return undefined;
    const timer = window.setInterval(() => {
      if (moment.peek() < last) move({ moment: moment.peek() + 1 });
      else playing.value = false;
    }, ROW);
    return () => window.clearInterval(timer);
  }, [playing.value, last]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const busy = event.target instanceof HTMLElement && event.target.closest("button, a, input, select, dialog");
      if (event.key !== " " || busy || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      toggle();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [last]);
  return (
    <button data-testid="digit-play" aria-pressed={playing.value} onClick={toggle}>
      {playing.value ? words.pause : words.play}
    </button>
  );
}
