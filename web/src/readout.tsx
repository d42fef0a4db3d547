// The numbers at the cursor, as text.

import { computed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { moment, selected, trace, unit, unitTrace } from "./data";
import { decimal, probability } from "./format";
import { nameOf, strings } from "./i18n";
import { inReadingOrder, letter } from "./quantities";
import { guessesAt, type Trace } from "./reading";
import { glyph } from "./symbols";
import { featureName, FEW, isImage, stepLabel } from "./tracks";

/** The chosen unit's quantities at the cursor; no numbers until they are those of the unit that is chosen. */
export const numbers = computed(() => {
  const [found, read, chosen] = [unitTrace.value.value, trace.value.value, selected.value];
  if (!found || !read || !chosen || found.trace !== read.trace) return [];
  const current = found.unit === unit.value;
  return inReadingOrder(chosen.detail.quantities).map((quantity) => ({
    quantity,
    letter: letter(quantity, chosen.run.cell ?? ""),
    value: current ? (found.quantities.get(quantity)?.at(moment.value) ?? Number.NaN) : Number.NaN,
  }));
});

/** The moment in one line, for a screen reader. */
export const told = computed(() => {
  const read = trace.value.value;
  const said = numbers.value.map(({ quantity, value }) => `${nameOf(quantity)} ${decimal(value)}`);
  const numbered = read?.input === "numbers" && !isImage(read);
  const label = numbered ? stepLabel(read, moment.value) : `“${glyph(read?.symbols[moment.value] ?? "").text}”`;
  return [`${strings().step} ${moment.value}`, ...(label === null ? [] : [label]), ...said].join(", ");
});

const LEAST_TOLD = 0.005;

/** The readout, with what can be done from here at its end. */
export function Readout({ children }: { readonly children?: ComponentChildren }) {
  const read = trace.value.value;
  if (!read || read.steps === 0) return <p class="readout" data-testid="readout" />;
  const words = strings();
  const surprise = read.surprise?.at(moment.value) ?? Number.NaN;
  const likely = guessesAt(read, moment.value, read.ranks, LEAST_TOLD);
  const chosen = selected.value?.quantity;
  return (
    <p class="readout" data-testid="readout">
      <span>
        <i>{words.step}</i> <b>{moment.value}</b>
      </span>
      {read.input === "symbols" && <span class="symbol">{glyph(read.symbols[moment.value]!).text}</span>}
      <Read read={read} />
      {numbers.value.map(({ quantity, letter: mark, value }) => (
        <span key={quantity} class={quantity === chosen ? "chosen" : ""} title={nameOf(quantity)}>
          <i>{mark}</i> <b>{decimal(value)}</b>
        </span>
      ))}
      {!Number.isNaN(surprise) && (
        <span>
          <i>{words.surprise}</i> <b>{decimal(surprise)}</b> {read.target === "value" ? words.deviations : words.bits}
        </span>
      )}
      {read.forecast && (
        <span>
          <i>{words.next}</i> <b>{decimal(read.forecast.at(moment.value) ?? Number.NaN)}</b>
        </span>
      )}
      <Output read={read} />
      {likely.length > 0 && (
        <span class="guesses">
          <i>{read.target === "next" ? words.next : words.guess}</i>{" "}
          <Guesses likely={likely} />
        </span>
      )}
      {children}
    </p>
  );
}

/** The numbers that the step read, as far as they can be told in a line. */
function Read({ read }: { readonly read: Trace }) {
  if (read.input === "symbols" || !read.inputs || isImage(read)) return null;
  const { features, inputs } = read;
  const label = stepLabel(read, moment.value);
  const own = read.features === 1 && read.feature_names === null && read.seconds === null; // a series' label is its number
  return (
    <>
      {label !== null && !own && (
        <span class="step-label" data-testid="step-label" translate={false}>
          {label}
        </span>
      )}
      {features === 1 && <span>{decimal(inputs[moment.value]!)}</span>}
      {features > 1 &&
        features <= FEW &&
        Array.from({ length: features }, (_, feature) => (
          <span key={feature}>
            <i translate={false}>{featureName(read, feature)}</i> <b>{decimal(inputs[moment.value * features + feature]!)}</b>
          </span>
        ))}
    </>
  );
}

const MOST_OUTPUTS = 4;

/** What an imported network says, in its own numbers. */
function Output({ read }: { readonly read: Trace }) {
  const words = strings();
  if (read.final) {
    return (
      <span data-testid="final">
        <i>{words.outputAtEnd}</i> <b>{read.final.slice(0, MOST_OUTPUTS).map((value) => decimal(value)).join(" ")}</b>
      </span>
    );
  }
  if (!read.output) return null;
  const at = moment.value * read.outputSize;
  const said = [...read.output.subarray(at, at + Math.min(MOST_OUTPUTS, read.outputSize))];
  return (
    <span data-testid="output">
      <i>{words.output}</i> <b>{said.map((value) => decimal(value)).join(" ")}</b>
      {read.outputSize > MOST_OUTPUTS && " …"}
    </span>
  );
}

/** Likely outputs with their probabilities. */
export function Guesses({ likely }: { readonly likely: readonly { name: string; share: number }[] }) {
  return (
    <>
      {likely.map(({ name, share }) => (
        <span key={name}>
          <span class={glyph(name).faint ? "symbol faint" : "symbol"}>{glyph(name).text}</span>{" "}
          <b>{probability(share)}</b>{" "}
        </span>
      ))}
    </>
  );
}
