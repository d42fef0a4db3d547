// The tour's rail: which question, what it says, the ways to the others. Knows of a step only its words and its widget.

import { useEffect, useRef } from "preact/hooks";
import type { FunctionComponent } from "preact";
import { strings } from "../i18n";
import { Link } from "../link";
import { address, go } from "../state";
import { KEYS, opening, stepOf, type StepKey } from "./places";

interface Props {
  readonly widgets: Readonly<Partial<Record<StepKey, FunctionComponent>>>;
}

export function Rail({ widgets }: Props) {
  const words = strings().tour;
  const key = stepOf(address.value.tour);
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  // Who steps on by a key hears the new question; who comes by an address is left where the page begins.
  useEffect(() => {
    if (!first.current) heading.current?.focus();
    first.current = false;
  }, [key]);
  const number = key ? KEYS.indexOf(key) + 1 : 0;
  const Widget = key && widgets[key];
  const [before, after] = [KEYS[number - 2], key && KEYS[number]];
  return (
    <aside class="rail" aria-label={words.name} data-testid="tour-rail">
      <header>
        <p>
          {words.name} <span class="quiet">{key ? `${number} / ${KEYS.length}` : ""}</span>
        </p>
        <span class="spring" />
        <Turn to={before} name={words.previous} sign="←" />
        <Turn to={after ?? undefined} name={words.next} sign="→" />
        <button
          aria-label={words.leave}
          title={words.leave}
          data-testid="tour-close"
          onClick={() => go({ tour: null })}
        >
          ×
        </button>
      </header>
      {key ? (
        <>
          <div class="question">
            <h2 ref={heading} tabIndex={-1} data-testid="tour-question">
              {words.steps[key].question}
            </h2>
          </div>
          {Widget && (
            <div class="widget" data-testid="tour-widget">
              <Widget />
            </div>
          )}
          <div class="telling">
            <p data-testid="tour-telling">{words.steps[key].telling}</p>
            {after && (
              <Link to={opening(after)} class="primary" testid="tour-next">
                {words.nextIs(words.steps[after].title)}
              </Link>
            )}
          </div>
        </>
      ) : (
        <p class="telling">{words.noStep(KEYS.length)}</p>
      )}
      <details class="all-steps" open={!key}>
        <summary>{words.all}</summary>
        <ol>
          {KEYS.map((one) => (
            <li key={one} aria-current={one === key ? "step" : undefined}>
              <Link to={opening(one)}>{words.steps[one].title}</Link>
            </li>
          ))}
        </ol>
      </details>
    </aside>
  );
}

function Turn({ to, name, sign }: { readonly to: StepKey | undefined; readonly name: string; readonly sign: string }) {
  return (
    <button
      aria-label={name}
      title={name}
      disabled={!to}
      data-testid={sign === "→" ? "tour-forth" : "tour-back"}
      onClick={() => to && go(opening(to))}
    >
      {sign}
    </button>
  );
}
