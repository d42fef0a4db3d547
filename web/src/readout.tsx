// The numbers at the cursor, as text.

import { computed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { moment, selected, trace, unit, unitTrace } from "./data";
import { decimal, probability } from "./format";
import { nameOf, strings } from "./i18n";
import { inReadingOrder, letter } from "./quantities";
import { guessesAt } from "./reading";
import { glyph } from "./symbols";

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
  const symbol = trace.value.value?.symbols[moment.value] ?? "";
  const said = numbers.value.map(({ quantity, value }) => `${nameOf(quantity)} ${decimal(value)}`);
  return [`${strings().step} ${moment.value}`, `“${glyph(symbol).text}”`, ...said].join(", ");
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
      {read.input === "numbers" && read.features === 1 && <span>{decimal(read.inputs![moment.value]!)}</span>}
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
