// Step 11: the same network with its peepholes and without: what do the gates do differently?

import { useSignal } from "@preact/signals";
import * as api from "../api";
import { moment, trace } from "../data";
import { decimal, percent } from "../format";
import { nameOf, strings } from "../i18n";
import type { Scale } from "../quantities";
import { address, go } from "../state";
import { Chart, type ChartLane } from "./chart";
import { limitOf, ofSteps, task, wholeOf, type Whole } from "./data";
import { Choice, Stage, Waiting } from "./parts";

const QUANTITIES = ["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"];
const GATES = [
  ["forget_gate", "f"],
  ["input_gate", "i"],
  ["output_gate", "o"],
] as const;

interface Both {
  readonly unit: number;
  readonly open: Whole;
  readonly shut: Whole;
  /** what each says comes after the text's last symbol but one */
  readonly said: readonly [string, string];
  readonly ranking: readonly number[];
}

const both = ofSteps<Both>(["peepholes"], (read, { detail }) => {
  const { run, unit: wanted } = address.value;
  return {
    key: `${read.trace} ${wanted ?? ""}`,
    family: "peepholes",
    load: async (signal) => {
      const closed = await api.postTrace(run, { ...task(), peepholes: false }, signal);
      const ranking = await byDifference([read, closed], detail.units, signal);
      const unit = wanted ?? ranking[0]!;
      const [open, shut] = await Promise.all(
        [read, closed].map(async (one) => wholeOf(await api.getUnit(one, 0, "forward", unit, QUANTITIES, signal))!),
      );
      return { unit, open: open!, shut: shut!, said: [lastSaid(read), lastSaid(closed)], ranking };
    },
  };
});

/** The units by how far their gates move when the peepholes are shut, most first. */
async function byDifference(traces: readonly api.Trace[], units: number, signal: AbortSignal): Promise<number[]> {
  const gates = await Promise.all(
    GATES.map(([name]) => Promise.all(traces.map((one) => api.getValues(one, 0, "forward", name, signal)))),
  );
  const moved = Array.from({ length: units }, (_, unit) => {
    let sum = 0;
    for (const [open, shut] of gates) {
      for (let step = 0; step < open!.steps; step++) {
        sum += Math.abs((open!.at(step, unit) ?? 0) - (shut!.at(step, unit) ?? 0));
      }
    }
    return sum;
  });
  return moved.map((_, unit) => unit).sort((one, other) => moved[other]! - moved[one]!);
}

/** The likeliest next symbol before the last one is read, with its probability. */
function lastSaid(read: api.Trace): string {
  const place = Math.max(0, read.steps - 2) * read.ranks;
  const name = read.predicted[read.outputs?.at(place) ?? -1] ?? "";
  return `${name} ${percent(read.probabilities?.at(place) ?? Number.NaN)}`;
}

const GATE: Scale = { kind: "gate", limit: 1 };
const SHOWN_UNITS = 5;

export function Peepholes() {
  const words = strings().tour.peepholes;
  const open = useSignal(1);
  const read = trace.value.value;
  const found = both.value.value;
  const on = open.value === 0;
  return (
    <Stage
      name={words.picture}
      waitsFor={[both]}
      controls={
        <Choice
          name={words.peepholes}
          testid="tour-peepholes"
          options={[
            { value: 0, name: words.on },
            { value: 1, name: words.off },
          ]}
          chosen={open.value}
          choose={(value) => (open.value = value)}
        />
      }
    >
      {read && found ? (
        <>
          <div class="ranking" role="group" aria-label={words.ranked}>
            <span class="name">{words.ranked}</span>
            {found.ranking.slice(0, SHOWN_UNITS).map((unit) => (
              <button key={unit} aria-pressed={unit === found.unit} onClick={() => go({ unit })}>
                {strings().unitN(unit)}
              </button>
            ))}
          </div>
          <Chart symbols={read.symbols} lanes={lanes(found, on)} cursor={moment.value} label={words.picture} />
          <p class="told" role="status" data-testid="tour-told">
            {GATES.map(([name, letter]) => {
              const [was, is] = [found.open.get(name)![moment.value]!, found.shut.get(name)![moment.value]!];
              return (
                <span key={name}>
                  <i>{letter}</i>{" "}
                  {on ? (
                    <b>{decimal(was)}</b>
                  ) : (
                    <>
                      {decimal(was)} → <b>{decimal(is)}</b>
                    </>
                  )}
                </span>
              );
            })}
            <span>{words.says(found.said[on ? 0 : 1])}</span>
          </p>
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

function lanes({ open, shut }: Both, on: boolean): ChartLane[] {
  const now = on ? open : shut;
  const before = (name: string) => (on ? undefined : open.get(name));
  const cell = open.get("cell")!;
  return [
    {
      key: "cell",
      name: nameOf("cell"),
      letter: "c",
      scale: { kind: "signed", limit: Math.max(limitOf(cell), limitOf(shut.get("cell")!)) },
      values: now.get("cell")!,
      before: before("cell"),
      tall: 136,
    },
    ...GATES.map(([name, letter]): ChartLane => {
      return {
        key: name,
        name: nameOf(name),
        letter,
        scale: GATE,
        values: now.get(name)!,
        before: before(name),
        tall: 80,
      };
    }),
  ];
}
