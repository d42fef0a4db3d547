// Step 5: from outside only x goes in and h comes out. Lift the lid: c wrestles with itself.

import { useSignal } from "@preact/signals";
import { entryOf } from "../bookkeeping";
import { moment, trace, unit } from "../data";
import { nameOf, strings } from "../i18n";
import type { Scale } from "../quantities";
import { paintLedger, paintShown } from "../strip-paint";
import { Chart, type ChartLane } from "./chart";
import { REMEMBERED } from "./places";
import { limitOf, ownUnit, type Whole } from "./data";
import { useKeeper } from "./keeper";
import { Choice, Slider, Stage, Waiting } from "./parts";
import { go } from "../state";

const LIFTED = 100;
/** The memorizer's string that begins with this letter. */
const reading = (letter: string) => letter + REMEMBERED.slice(1, -1) + letter.toLowerCase();
const SIGNED: Scale = { kind: "signed", limit: 1 };

export function Outside() {
  useKeeper();
  const words = strings().tour.outside;
  const lid = useSignal(0);
  const [read, quantities] = [trace.value.value, ownUnit.value];
  return (
    <Stage
      name={words.picture}
      controls={
        <>
          <Choice
            name={words.first}
            testid="tour-first"
            options={["A", "B"].map((letter) => ({ value: letter, name: letter }))}
            chosen={read?.symbols[0] ?? ""}
            choose={(letter) => go({ source: { kind: "text", text: reading(letter) } })}
          />
          <Slider
            name={words.lift}
            testid="tour-lid"
            low={0}
            high={LIFTED}
            value={lid.value}
            said={lid.value === 0 ? words.outside : lid.value === LIFTED ? words.inside : "…"}
            change={(value) => (lid.value = value)}
          />
        </>
      }
    >
      {read && quantities ? (
        <div class="lidded">
          <p class="quiet">{words.unit(unit.value ?? 0)}</p>
          <Chart symbols={read.symbols} lanes={lanes(quantities)} cursor={moment.value} label={words.picture} />
          <div
            class="lid"
            style={{ "--shut": `${1 - lid.value / LIFTED}` }}
            data-testid="tour-plate"
            aria-hidden="true"
          >
            <span>{words.closed}</span>
          </div>
          {lid.value === LIFTED && (
            <p class="ledger-keys">
              <span class="key solid">{words.kept}</span>
              <span class="key hatched">{words.written}</span>
              <span class="key line">c</span>
              <span class="key outlined">tanh c</span>
              <span class="key filled">h</span>
            </p>
          )}
        </div>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

function lanes(quantities: Whole): ChartLane[] {
  const [cell, hidden] = [quantities.get("cell")!, quantities.get("hidden")!];
  const entry = entryOf(quantities, (step) => step - 1)!;
  const scale: Scale = { kind: "signed", limit: limitOf(cell) };
  return [
    {
      key: "ledger",
      name: nameOf("cell"),
      letter: "c",
      scale,
      values: cell,
      tall: 200,
      paint: (pen, strip) => paintLedger(pen, strip, scale.limit, false, entry),
    },
    {
      key: "shown",
      name: "tanh c, h",
      scale: SIGNED,
      values: hidden,
      tall: 104,
      paint: (pen, strip) => paintShown(pen, strip, cell, hidden),
    },
    { key: "hidden", name: nameOf("hidden"), letter: "h", scale: SIGNED, values: hidden, tall: 112 },
  ];
}
