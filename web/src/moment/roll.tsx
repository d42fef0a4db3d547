// All units at a moment, in words: what the strips are, and the numbers of the one that is pointed at, or chosen.

import { decimal } from "../format";
import { nameOf, strings } from "../i18n";
import { inReadingOrder, isGate, letter } from "../quantities";
import { selected } from "../data";
import { shownMoment, type Shown } from "./data";
import { pointed } from "./heat";

export function Roll() {
  const words = strings();
  const shown = shownMoment.value.value;
  if (!shown) return null;
  const unit = pointed.value?.unit ?? shown.unit;
  return (
    <div class="roll">
      <p data-testid="roll" aria-live="polite">
        <b>{words.unitN(unit)}</b>
        {numbersOf(shown, unit).map(({ key, name, mark, value }) => (
          <span key={key}>
            {name} <i>{mark}</i> <b data-roll={key}>{decimal(value)}</b>
          </span>
        ))}
      </p>
      <p class="quiet">{words.moment.layerAll(shown.all.beforeHidden.length)}</p>
    </div>
  );
}

/** The unit's numbers: the memory before, then every quantity as the cell computes them. */
function numbersOf({ all }: Shown, unit: number): { key: string; name: string; mark: string; value: number }[] {
  const { detail } = selected.value!;
  const gates = inReadingOrder(detail.quantities).sort((one, other) => rank(one) - rank(other));
  return [
    { key: "before", name: strings().moment.before, mark: "", value: (all.beforeCell ?? all.beforeHidden)[unit]! },
    ...gates.map((quantity) => ({
      key: quantity,
      name: nameOf(quantity),
      mark: letter(quantity, all.kind),
      value: all.quantity(quantity)[unit]!,
    })),
  ];
}

/** Gates and the candidate come before what they make. */
const rank = (quantity: string) =>
  isGate(quantity) && quantity !== "output_gate"
    ? 0
    : quantity === "candidate"
      ? 1
      : quantity === "cell"
        ? 2
        : quantity === "output_gate"
          ? 3
          : 4;
