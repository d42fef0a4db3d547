// A chosen stretch of the text: the units whose pattern it is, and the places that look the same to them.

import { selected, trace, unit } from "../data";
import { percent } from "../format";
import { nameOf, strings } from "../i18n";
import { Message } from "../message";
import { address, go } from "../state";
import { glyph } from "../symbols";
import { phrases } from "./data";

/** Symbols around a place, so that one sees where it is. */
const AROUND = 12;

export function PhrasePanel() {
  const words = strings().phrase;
  const { value: found, failure, loading } = phrases.value;
  const [from, to] = address.value.stretch ?? [0, 0];
  const steps = trace.value.value?.steps ?? 0;
  return (
    <section class="phrase-panel" aria-label={words.title} data-testid="phrase-panel" aria-busy={loading}>
      <header class="row">
        <h2>{words.title}</h2>
        <Ends from={from} to={to} steps={steps} />
        <Excerpt from={from} to={to} />
        <span class="spring" />
        <button data-testid="phrase-close" onClick={() => go({ stretch: null })}>
          {strings().close}
        </button>
      </header>
      {to >= steps && steps > 0 && <Message what={words.pastEnd(steps)} />}
      {failure && <Message what={failure.what} remedy={failure.remedy} />}
      {found && (
        <div class="found">
          <div>
            <h3>{words.units(found.units.length, nameOf(selected.value?.quantity ?? ""))}</h3>
            {found.units.length === 0 && <p class="quiet">{words.noUnits}</p>}
            <ul class="pattern">
              {found.units.map(({ unit: number, sign }) => (
                <li key={number}>
                  <button
                    data-testid={`phrase-unit-${number}`}
                    aria-pressed={number === unit.value}
                    onClick={() => go({ unit: number })}
                  >
                    {number} <span class="quiet">{sign > 0 ? words.high : words.low}</span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
          <div>
            <h3>{words.matches(found.matches.length)}</h3>
            <ol class="places">
              {found.matches.map((match) => (
                <li key={match.from}>
                  <button data-testid="phrase-match" onClick={() => go({ moment: match.from })}>
                    <span class="quiet">{match.from}</span> <Excerpt from={match.from} to={match.to} />{" "}
                    <span class="quiet share">{percent(match.agreement)}</span>
                  </button>
                </li>
              ))}
            </ol>
          </div>
        </div>
      )}
    </section>
  );
}

function Ends({ from, to, steps }: { readonly from: number; readonly to: number; readonly steps: number }) {
  const words = strings().phrase;
  const choose = (first: number, last: number) => {
    if (first >= 0 && last < steps && first <= last) go({ stretch: [first, last] });
  };
  return (
    <>
      <label class="choice">
        {words.first}
        <input
          type="number"
          data-testid="phrase-from"
          min={0}
          max={to}
          value={from}
          onChange={(event) => choose(event.currentTarget.valueAsNumber, to)}
        />
      </label>
      <label class="choice">
        {words.last}
        <input
          type="number"
          data-testid="phrase-to"
          min={from}
          max={Math.max(from, steps - 1)}
          value={to}
          onChange={(event) => choose(from, event.currentTarget.valueAsNumber)}
        />
      </label>
    </>
  );
}

/** A stretch with a little of what is around it. */
function Excerpt({ from, to }: { readonly from: number; readonly to: number }) {
  const symbols = trace.value.value?.symbols ?? [];
  const text = (first: number, last: number) =>
    symbols
      .slice(Math.max(0, first), Math.max(0, last))
      .map((symbol) => glyph(symbol).text)
      .join("");
  return (
    <span class="excerpt" translate={false}>
      <bdi>{text(from - AROUND, from)}</bdi>
      <mark>
        <bdi>{text(from, to + 1)}</bdi>
      </mark>
      <bdi>{text(to + 1, to + 1 + AROUND)}</bdi>
    </span>
  );
}
