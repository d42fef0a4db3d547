// Step 14: a digit, row by row. The film opens on a 3 that looked like a 2 for most of its rows, found by asking.

import { useSignalEffect } from "@preact/signals";
import { facts, at } from "../api";
import { moment, trace } from "../data";
import type { Change } from "../digit/changes";
import { percent } from "../format";
import { strings } from "../i18n";
import { address, go, HOME, move, type Address } from "../state";
import { ofSteps } from "./data";
import { Message } from "../message";
import { Slider, Waiting } from "./parts";

const [SEEMS, IS] = ["2", "3"];
const SHOWN = 4;

/** The held-out digits that were taken for another at first, the longest first. */
const mistaken = ofSteps<readonly Change[]>(["digit"], () => {
  const { run } = address.value;
  return {
    key: run,
    family: run,
    load: async (signal) => {
      const path = `${at(run)}/changes?label=${IS}&mistaken=${SEEMS}`;
      const { samples } = await facts<{ samples: readonly Change[] }>(path, signal);
      return [...samples].sort((one, other) => other.rows - one.rows);
    },
  };
});

/** A digit in the last row in which it is taken for another: a step further, and the network changes its mind. */
const shown = ({ sample, until }: Change): Partial<Address> => ({
  source: { kind: "sample", index: sample },
  moment: Math.max(0, until - 1),
});

export function DigitStep() {
  const words = strings().tour.digit;
  const found = mistaken.value.value;
  const { source } = address.value;
  // The step's address leaves the digit open; whoever has chosen one keeps it.
  useSignalEffect(() => {
    const [first, now] = [mistaken.value.value?.[0], address.value.source];
    if (first && now === HOME.source) move(shown(first));
  });
  const read = trace.value.value;
  const row = moment.value;
  const place = row * (read?.ranks ?? 0);
  const guess = read?.predicted[read.outputs?.at(place) ?? -1];
  const failed = mistaken.value.failure;
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
        {words.guess} <output>{guess}</output>{" "}
        <span class="quiet">{percent(read.probabilities?.at(place) ?? Number.NaN)}</span>
      </p>
      <div class="ranking" role="group" aria-label={words.others}>
        <span class="name">{words.others}</span>
        {found.slice(0, SHOWN).map((one) => (
          <button
            key={one.sample}
            data-testid={`tour-sample-${one.sample}`}
            aria-pressed={source.kind === "sample" && source.index === one.sample}
            onClick={() => go(shown(one))}
          >
            {words.number(one.sample)} <span class="quiet">{words.rows(one.rows)}</span>
          </button>
        ))}
      </div>
    </>
  );
}
