// Where a unit is at its strongest and its weakest, with what stands around those places.

import { useComputed } from "@preact/signals";
import type { Trace } from "./api";
import { scale, selected, trace, unitTrace } from "./data";
import { decimal } from "./format";
import { nameOf, strings } from "./i18n";
import { sequenceOf } from "./layout";
import type { Peak } from "./figures";
import type { Scale } from "./quantities";
import { move } from "./state";
import type { Series } from "./windows";
import { glyph } from "./symbols";
import { tones } from "./theme";
import { stepLabel } from "./tracks";

const HOW_MANY = 4;
const [BEFORE, AFTER] = [18, 4];
const [WORDS_BEFORE, WORDS_AFTER] = [5, 2];

export function Contexts() {
  const words = strings();
  const shown = useComputed(() => {
    const [unit, read, quantity] = [unitTrace.value.value, trace.value.value, selected.value?.quantity];
    const [values, figures] = quantity ? [unit?.quantities.get(quantity), unit?.figures.get(quantity)] : [];
    if (!values || !figures || !read || unit?.trace !== read.trace) return null;
    return {
      values,
      read,
      quantity: quantity!,
      strongest: figures.highest.slice(0, HOW_MANY),
      weakest: figures.lowest.slice(0, HOW_MANY),
    };
  });
  const found = shown.value;
  return (
    <section class="panel contexts" aria-label={words.contexts}>
      <h2>
        {words.contexts} <span class="quiet">{found ? nameOf(found.quantity) : ""}</span>
      </h2>
      {found && (
        <div class="pair">
          <Places title={words.strongest} peaks={found.strongest} {...found} />
          <Places title={words.weakest} peaks={found.weakest} {...found} />
        </div>
      )}
    </section>
  );
}

interface Places {
  readonly title: string;
  readonly peaks: readonly Peak[];
  readonly values: Series;
  readonly read: Trace;
}

function Places({ title, peaks, values, read }: Places) {
  return (
    <div>
      <h3>{title}</h3>
      <ol>
        {peaks.map(({ step, value }) => (
          <li key={step}>
            <button class="context" onClick={() => move({ moment: step })}>
              <span class="figure">{decimal(value)}</span>
              {read.input === "symbols" ? (
                <Around step={step} values={values} read={read} />
              ) : (
                <Numbered step={step} values={values} read={read} />
              )}
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface Place {
  readonly step: number;
  readonly values: Series;
  readonly read: Trace;
}

/** A place among numbers: no text surrounds it, so it is told by its step and label. */
function Numbered({ step, values, read }: Place) {
  return (
    <span class="around" translate={false}>
      <bdi class="peak" style={{ background: ground(values.at(step), scale.value) }}>
        {stepLabel(read, step) ?? (read.features === 1 ? decimal(read.inputs![step]!) : "")}
      </bdi>{" "}
      <i>t</i> {step}
    </span>
  );
}

function Around({ step, values, read }: Place) {
  const long = read.symbols.slice(Math.max(0, step - BEFORE), step + 1).some((symbol) => glyph(symbol).cells > 4);
  const [before, after] = long ? [WORDS_BEFORE, WORDS_AFTER] : [BEFORE, AFTER];
  const [start, end] = sequenceOf(read.lengths, step);
  const from = Math.max(start, step - before);
  const to = Math.min(end, step + after + 1);
  return (
    <span class="around" translate={false} dir="ltr">
      {read.symbols.slice(from, to).map((symbol, index) => {
        const shown = glyph(symbol);
        const here = from + index;
        const style = { background: ground(values.at(here), scale.value) };
        return (
          <bdi key={here} style={style} class={`${shown.faint ? "faint" : ""} ${here === step ? "peak" : ""}`}>
            {shown.text}
          </bdi>
        );
      })}
    </span>
  );
}

function ground(value: number | undefined, { kind, limit }: Scale): string {
  if (value === undefined || Number.isNaN(value)) return "transparent";
  return kind === "gate" ? tones.value.gate(value / limit) : tones.value.signed(value / limit);
}
