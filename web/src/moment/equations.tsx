// The cell's equations, each twice: with its letters, then with this moment's numbers.

import { run } from "../data";
import { strings } from "../i18n";
import { address } from "../state";
import { shownMoment } from "./data";
import { rowsOf } from "./rows";

export function Equations() {
  const words = strings().moment;
  const shown = shownMoment.value.value;
  if (!shown) return <div class="equations" />;
  const before = address.value.direction === "backward" ? "t+1" : "t−1";
  const rows = rowsOf(shown, before, Boolean(run.value.value?.peephole));
  return (
    <div class="equations" data-testid="equations" aria-label={words.equations} role="group">
      {rows.map(({ key, letters, numbers, held }) => (
        <div class="equation" key={key} data-equation={key}>
          <math>
            <mrow>{letters}</mrow>
          </math>
          <span>
            {numbers.map((part, i) => (
              <math key={i}>
                <mrow>
                  <mo>=</mo>
                  {part}
                </mrow>
              </math>
            ))}
            {held !== undefined && <span class="quiet">{words.heldAt(held)}</span>}
          </span>
        </div>
      ))}
    </div>
  );
}
