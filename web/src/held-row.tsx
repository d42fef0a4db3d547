// What is held, as chips to be let go; what the network says with it, beside what it said; and the same in Python.

import { useSignal } from "@preact/signals";
import { partsOf, pythonCall, shortened } from "./clamps";
import { ClampForm, clamping } from "./clamp-form";
import { ContinueButton, Continued } from "./continuation";
import { moment, run, trace } from "./data";
import { decimal } from "./format";
import { ghost, ghostLine, ghostTrace, held, tried } from "./ghost";
import { before, keep, letGo, state } from "./grab";
import { nameOf, strings } from "./i18n";
import { Message } from "./message";
import { letter } from "./quantities";
import { guessesAt } from "./reading";
import { Guesses } from "./readout";
import { address, go, type Clamp } from "./state";

export function HeldRow() {
  const words = strings().live;
  const { clamps } = address.value;
  const failed = ghost.value.failure;
  const long = trace.value.value?.long === true;
  if (!clamping.value && !tried.value && clamps.length === 0) return null;
  return (
    <section class="held-row" aria-label={words.held} data-testid="held-row">
      {clamping.value && <ClampForm />}
      {(tried.value || clamps.length > 0) && (
        <div class="row">
          {clamps.map((clamp, index) => (
            <Chip key={index} clamp={clamp} remove={() => go({ clamps: clamps.filter((one) => one !== clamp) })} />
          ))}
          {tried.value && <Tried clamp={tried.value} />}
          <span class="spring" />
          <CopyCall />
          <ContinueButton />
        </div>
      )}
      {long && <p class="quiet">{words.tooLong}</p>}
      {failed && (
        <Message
          what={failed.what}
          remedy={failed.remedy}
          action={{ label: words.letAllGo, run: () => go({ clamps: [] }) }}
        />
      )}
      <GhostReadout />
      <Continued />
    </section>
  );
}

function nameIn(clamp: Clamp): string {
  const { lane, quantity, number } = partsOf(clamp.unit);
  const { layer, direction } = address.value;
  const here = lane === `l${layer}${direction === "backward" ? "_reverse" : ""}`;
  return `${here ? "" : `${lane} `}${strings().unitN(number)} ${letter(quantity, run.value.value?.cell ?? "")}`;
}

function Chip({ clamp, remove }: { readonly clamp: Clamp; readonly remove: () => void }) {
  const words = strings().live;
  const said = `${nameIn(clamp)} = ${decimal(clamp.value)}, ${words.when(clamp.from, clamp.to)}`;
  return (
    <span class="chip" data-testid="clamp-chip">
      {said}
      <button aria-label={words.letGoOf(said)} title={words.letGo} onClick={remove}>
        ×
      </button>
    </span>
  );
}

/** What is being tried, before it is kept. */
function Tried({ clamp }: { readonly clamp: Clamp }) {
  const words = strings().live;
  return (
    <span class="chip tried" data-testid="tried">
      <span>
        {nameIn(clamp)} {words.at(clamp.from)} {decimal(before.value)} → <b>{decimal(clamp.value)}</b>
      </span>
      <button data-testid="keep" onClick={keep}>
        {words.keep}
      </button>
      <button data-testid="let-go" onClick={letGo}>
        {words.letGoKey}
      </button>
    </span>
  );
}

/** A unit's name for `ph.intervene`, where the page numbers the layers of several modules. */
function inPython(unit: string): string {
  const details = run.value.value?.layers_detail ?? [];
  return unit.replace(/^l(\d+)/, (lane, number) => details.find(({ layer }) => layer === Number(number))?.address ?? lane);
}

/** Copies the Python that holds the same; where the browser does not let it, shows it to be copied by hand. */
function CopyCall() {
  const words = strings().live;
  const copied = useSignal<string | null>(null);
  const byHand = useSignal(false);
  const call = pythonCall(held.value, trace.value.value?.lengths ?? [], tried.value?.from ?? moment.value, address.value.frame, inPython);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(call);
      byHand.value = false;
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      byHand.value = true;
    }
    copied.value = call;
  };
  const done = copied.value === call;
  return (
    <>
      <button data-testid="copy-call" title={call} onClick={() => void copy()}>
        {done && !byHand.value ? words.copied : words.copyCall}
      </button>
      {done && byHand.value && (
        <pre class="call" tabIndex={0}>
          {call}
        </pre>
      )}
    </>
  );
}

/** What the network says at the cursor with everything held. */
function GhostReadout() {
  const words = strings();
  const [first, second, line] = [trace.value.value, ghostTrace.value, ghostLine.value];
  if (!first || !second) return null;
  const memory = line?.quantities.get(state.value)?.at(moment.value) ?? Number.NaN;
  const [was, is] = [first.surprise?.at(moment.value) ?? Number.NaN, second.surprise?.at(moment.value) ?? Number.NaN];
  const likely = guessesAt(second, moment.value, second.ranks, 0.005);
  const forecast = second.forecast?.at(moment.value);
  return (
    <p class="readout ghostly" data-testid="ghost-readout">
      <span class="key second">{words.live.withHeld}</span>
      {!Number.isNaN(memory) && (
        <span title={nameOf(state.value)}>
          <i>{letter(state.value, "")}</i> <b>{decimal(memory)}</b>
        </span>
      )}
      {!Number.isNaN(is) && (
        <span>
          <i>{words.surprise}</i> <b>{decimal(is)}</b> {first.target === "value" ? words.deviations : words.bits} (
          {is - was < 0 ? "" : "+"}
          {decimal(shortened(is - was))})
        </span>
      )}
      {forecast !== undefined && (
        <span>
          <i>{words.next}</i> <b>{decimal(forecast)}</b>
        </span>
      )}
      {likely.length > 0 && (
        <span class="guesses">
          <i>{first.target === "next" ? words.next : words.guess}</i> <Guesses likely={likely} />
        </span>
      )}
    </p>
  );
}
