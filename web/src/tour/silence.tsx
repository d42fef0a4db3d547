// Step 7: h is silent while the memory does not matter. Shut one unit's way out at one step: c stays, others may not.

import { useSignal } from "@preact/signals";
import { moment, trace, unit } from "../data";
import { decimal } from "../format";
import { nameOf, strings } from "../i18n";
import type { Scale } from "../quantities";
import { address, go, move } from "../state";
import * as api from "../api";
import { follows } from "../follows";
import { Chart, type ChartLane } from "./chart";
import { limitOf, ofSteps, task, wholeOf, type Whole } from "./data";
import { Slider, Stage, Waiting } from "./parts";

const MOST = 6;

/** The units of the layer, the most silent first. */
const bySilence = (): readonly { unit: number; silence: number }[] =>
  (follows.value.value?.silence ?? [])
    .map((silence, number) => ({ unit: number, silence }))
    .sort((one, other) => other.silence - one.silence);

interface Shut {
  readonly step: number;
  readonly free: Whole;
  readonly shut: Whole;
}

const QUANTITIES = ["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"];

const shut = ofSteps<Shut>(["silence"], (read) => {
  const { run, layer } = address.value;
  const most = address.value.unit ?? bySilence()[0]?.unit;
  const step = moment.value;
  if (most === undefined) return null;
  const clamp = { unit: `l${layer}.output_gate.${most}`, value: 0, from: step, to: step };
  const own = async (of: api.Trace, signal: AbortSignal) =>
    wholeOf(await api.getUnit(of, layer, "forward", most, QUANTITIES, signal))!;
  return {
    key: JSON.stringify([read.trace, layer, most, step]),
    family: "silence",
    load: async (signal) => {
      const held = await api.postTrace(run, task({ clamps: [clamp] }), signal);
      const [free, other] = await Promise.all([own(read, signal), own(held, signal)]);
      return { step, free, shut: other };
    },
  };
});

export function Silence() {
  const words = strings().tour.silence;
  const on = useSignal(true);
  const read = trace.value.value;
  const found = shut.value.value;
  const ranking = bySilence().slice(0, MOST);
  const chosen = address.value.unit ?? ranking[0]?.unit ?? unit.value ?? 0;
  return (
    <Stage
      name={words.picture}
      waitsFor={[follows, shut]}
      controls={
        <>
          <Slider
            name={words.at}
            testid="tour-at"
            low={0}
            high={Math.max(0, (read?.steps ?? 1) - 1)}
            value={moment.value}
            said={`t = ${moment.value + 1} · ${read?.symbols[moment.value] ?? ""}`}
            change={(value) => move({ moment: value })}
          />
          <button class="toggle" aria-pressed={on.value} data-testid="tour-shut" onClick={() => (on.value = !on.value)}>
            {words.shut}
          </button>
        </>
      }
    >
      <div class="ranking" role="group" aria-label={words.ranked}>
        <span class="name">{words.ranked}</span>
        {ranking.map(({ unit: number, silence }) => (
          <button
            key={number}
            aria-pressed={number === chosen}
            data-testid={`tour-unit-${number}`}
            onClick={() => go({ unit: number })}
          >
            {strings().unitN(number)} <span class="quiet">{decimal(silence)}</span>
          </button>
        ))}
      </div>
      {read && found ? (
        <>
          <Chart symbols={read.symbols} lanes={lanes(found, on.value)} cursor={found.step} label={words.picture} />
          <Told found={found} />
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

const GATE: Scale = { kind: "gate", limit: 1 };
const SIGNED: Scale = { kind: "signed", limit: 1 };

function lanes({ free, shut: held }: Shut, on: boolean): ChartLane[] {
  const lane = (key: string, letter: string, scale: Scale, tall: number): ChartLane => ({
    key,
    name: nameOf(key),
    letter,
    scale,
    values: (on ? held : free).get(key)!,
    before: on ? free.get(key) : undefined,
    tall,
  });
  const cell = free.get("cell")!;
  return [
    lane("cell", "c", { kind: "signed", limit: limitOf(cell) }, 168),
    lane("output_gate", "o", GATE, 72),
    lane("hidden", "h", SIGNED, 128),
  ];
}

/** What is held is computed another way, which rounds differently. */
const ROUNDING = 1e-5;
/** Not told apart below this: half of the last digit that is printed. */
const SAME = 0.005;

function Told({ found }: { readonly found: Shut }) {
  const words = strings().tour.silence;
  const { step, free, shut: held } = found;
  const pair = (quantity: string) => [free.get(quantity)![step]!, held.get(quantity)![step]!] as const;
  const [cell, cellNow] = pair("cell");
  const [hidden, hiddenNow] = pair("hidden");
  const cells = [free, held].map((one) => one.get("cell")!) as [Float32Array, Float32Array];
  const later = cells[0].findIndex((value, at) => at > step && Math.abs(value - cells[1][at]!) > SAME);
  return (
    <p class="told" role="status" data-testid="tour-told" data-cell={`${cell} ${cellNow}`}>
      <span>
        <i>c</i> {decimal(cell)} → <b>{decimal(cellNow)}</b> {Math.abs(cell - cellNow) < ROUNDING && words.same}
      </span>
      <span>
        <i>h</i> {decimal(hidden)} → <b>{decimal(hiddenNow)}</b>
      </span>
      <span>{later < 0 ? words.never : words.later(later + 1)}</span>
    </p>
  );
}
