// Step 14: a digit, row by row. The film opens on a 3 that looked like a 2 for most of its rows, found by asking.

import { useSignalEffect } from "@preact/signals";
import { facts, at } from "../api";
import { moment, trace } from "../data";
import { percent } from "../format";
import { strings } from "../i18n";
import { address, HOME, go, move } from "../state";
import { ofSteps } from "./data";
import { Message } from "../message";
import { Slider, Waiting } from "./parts";

const [SEEMS, IS] = ["2", "3"];
const SHOWN = 4;

interface Turn {
  readonly sample: number;
  /** at so many rows the guess was the other one */
  readonly rows: number;
}

/** The held-out digits that were taken for another at first, the longest first. */
const turns = ofSteps<readonly Turn[]>(["digit"], () => {
  const { run } = address.value;
  return {
    key: run,
    family: run,
    load: async (signal) =>
      (await facts<{ turns: readonly Turn[] }>(`${at(run)}/turns?seems=${SEEMS}&is=${IS}`, signal)).turns,
  };
});

export function DigitStep() {
  const words = strings().tour.digit;
  const found = turns.value.value;
  const { source } = address.value;
  // The step's address leaves the digit open; whoever has chosen one keeps it.
  useSignalEffect(() => {
    const [first, now] = [turns.value.value?.[0], address.value.source];
    if (first && now === HOME.source) move({ source: { kind: "sample", index: first.sample } });
  });
  const read = trace.value.value;
  const row = moment.value;
  const place = row * (read?.ranks ?? 0);
  const guess = read?.predicted[read.outputs?.at(place) ?? -1];
  const failed = turns.value.failure;
  if (failed) return <Message what={failed.what} remedy={failed.remedy} />;
  if (!found || !read) return <Waiting />;
  return (
    <>
      <Slider
        name={words.row}
        testid="tour-row"
        low={0}
        high={Math.max(0, read.steps - 1)}
        value={row}
        said={`${row + 1} / ${read.steps}`}
        change={(value) => move({ moment: value })}
      />
      <p class="result" data-testid="tour-guess">
        {words.guess} <output>{guess}</output> <span class="quiet">{percent(read.probabilities?.at(place) ?? Number.NaN)}</span>
      </p>
      <div class="ranking" role="group" aria-label={words.others}>
        <span class="name">{words.others}</span>
        {found.slice(0, SHOWN).map(({ sample, rows }) => (
          <button
            key={sample}
            data-testid={`tour-sample-${sample}`}
            aria-pressed={source.kind === "sample" && source.index === sample}
            onClick={() => go({ source: { kind: "sample", index: sample }, moment: 0 })}
          >
            {words.number(sample)} <span class="quiet">{words.rows(rows)}</span>
          </button>
        ))}
      </div>
    </>
  );
}
