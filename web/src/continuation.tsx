// The text gone on with by the network itself, with and without what is held, with the same luck for both.

import { signal } from "@preact/signals";
import { within } from "./clamps";
import { moment, run, selected, task, trace } from "./data";
import { held } from "./ghost";
import { strings } from "./i18n";
import { sequenceOf } from "./layout";
import { postContinue, type Continuation } from "./live-api";
import { resource } from "./resource";
import { address } from "./state";
import { glyph } from "./symbols";

const LENGTH = 60;

/** The luck of the continuation that is shown; null: none is. */
const seed = signal<number | null>(null);

/** Only a network that says what comes next can go on. */
const able = () => selected.value?.run.vocabulary != null && trace.value.value?.target === "next";

/** What the sequence under the cursor was, up to it. */
function prompt(): string {
  const read = trace.value.value!;
  const [start] = sequenceOf(read.lengths, moment.value);
  return read.symbols.slice(start, moment.value + 1).join("");
}

export const continued = resource<Continuation>(() => {
  const read = trace.value.value;
  if (seed.value === null || !able() || !read || read.steps === 0 || read.long) return null;
  const { run: name, frame } = address.value;
  const text = prompt();
  const clamps = within(held.value, read.lengths, moment.value);
  // A task has one right answer: the likeliest. A text that always takes the likeliest turns in circles.
  const luck = { length: LENGTH, temperature: run.value.value?.problem === "text" ? 0.7 : 0, seed: seed.value };
  return {
    key: JSON.stringify([name, frame, text, clamps, luck]),
    family: name,
    load: (signal: AbortSignal) =>
      postContinue(name, { ...task(), source: { kind: "text", text }, clamps }, luck, signal),
  };
});

export function ContinueButton() {
  const words = strings().live;
  if (!able()) return null;
  const on = seed.value !== null;
  return (
    <button
      class="toggle"
      data-testid="continue"
      aria-pressed={on}
      title={words.continueHint}
      onClick={() => (seed.value = on ? null : 0)}
    >
      {words.continue}
    </button>
  );
}

export function Continued() {
  const words = strings().live;
  const { value: found, failure } = continued.value;
  if (seed.value === null || !able()) return null;
  if (failure) return <p role="status">{`${failure.what} ${failure.remedy}`}</p>;
  if (!found) return <p class="quiet">{strings().loading}</p>;
  return (
    <div class="continued" data-testid="continued">
      <Line name={words.plain} symbols={found.plain} agree={found.clamped ? found.agree : found.plain.length} />
      {found.clamped && <Line name={words.withHeld} symbols={found.clamped} agree={found.agree} dashed />}
      <p class="quiet">
        {found.clamped && <span>{words.part(found.agree, found.plain.length)} </span>}
        <button data-testid="again" onClick={() => (seed.value = (seed.peek() ?? 0) + 1)}>
          {words.otherLuck}
        </button>
      </p>
    </div>
  );
}

interface LineProps {
  readonly name: string;
  readonly symbols: readonly string[];
  /** symbols that are the same in both lines */
  readonly agree: number;
  readonly dashed?: boolean;
}

function Line({ name, symbols, agree, dashed }: LineProps) {
  const shown = (from: number, to: number) =>
    symbols.slice(from, to).map((symbol, index) => (
      <span key={index} class={glyph(symbol).faint ? "faint" : ""}>
        {glyph(symbol).text}
      </span>
    ));
  return (
    <p class="line">
      <span class={`key ${dashed ? "second" : "line"}`}>{name}</span>
      <bdi class="symbols" translate={false}>
        {shown(0, agree)}
        {agree < symbols.length && <span class="parts">{shown(agree, symbols.length)}</span>}
      </bdi>
    </p>
  );
}
