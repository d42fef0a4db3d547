// Step 6: keep, write, reveal. Snap each gate to 0 or 1; and see which forget gate sees the memory that it multiplies.

import { useSignal } from "@preact/signals";
import * as api from "../api";
import { moment, trace, unit } from "../data";
import { decimal } from "../format";
import { nameOf, strings } from "../i18n";
import { getUnitMoment, type Sum } from "../moment/api";
import type { Scale } from "../quantities";
import { sigmoid, unsigmoid } from "./activations";
import { recorded, rerun, snap, type Gates, type Snapped } from "./cell";
import { Chart, type ChartLane } from "./chart";
import { getWeights, limitOf, ofSteps, ownUnit, read, task } from "./data";
import { useKeeper } from "./keeper";
import { Choice, Slider, Stage, Waiting } from "./parts";

const LANE = { layer: 0, direction: "forward" } as const;
const PEEPING = "zoo:memorizer-peephole";
/** The gates with peepholes in the order of their weights. */
const PEEPERS = "ifo";
/** How far c can be moved. */
const FARTHEST = 3;

/** The forget gate's sum of one unit at the moment, and the memory that it was to keep. */
interface Forgetting {
  readonly unit: number;
  readonly before: number;
  readonly sum: Sum;
}

async function forgetting(read: api.Trace, unit: number, step: number, signal: AbortSignal): Promise<Forgetting> {
  const { values, sums } = await getUnitMoment(read.trace, LANE.layer, LANE.direction, unit, step, signal);
  return { unit, before: values.before, sum: sums["forget_gate"]! };
}

/** The unit of the network with peepholes whose forget gate moves most with its memory at a step, and its sum. */
async function peeping(step: number, signal: AbortSignal): Promise<Forgetting> {
  const [reading, weights] = await Promise.all([
    read(PEEPING, task(), [LANE], ["forget_gate", "cell"], signal),
    getWeights(PEEPING, LANE, null, signal),
  ]);
  const [forget, cell] = [reading.of("forget_gate")!, reading.of("cell")!];
  const peeps = weights.get("weight_peephole")?.numbers ?? [];
  const swing = Array.from({ length: forget.units }, (_, unit) => {
    const weight = peeps[PEEPERS.indexOf("f") * forget.units + unit] ?? 0;
    const blind = unsigmoid(forget.at(step, unit) ?? 0) - weight * (step > 0 ? (cell.at(step - 1, unit) ?? 0) : 0);
    return Math.abs(sigmoid(blind + weight * FARTHEST) - sigmoid(blind - weight * FARTHEST));
  });
  return forgetting(reading.trace, swing.indexOf(Math.max(...swing)), step, signal);
}

const both = ofSteps<readonly [Forgetting, Forgetting]>(["gates"], (text) => {
  const [step, plain] = [moment.value, unit.value];
  if (plain === null) return null;
  return {
    key: `${text.trace} ${plain} ${step}`,
    family: "gates",
    load: (signal) => Promise.all([forgetting(text, plain, step, signal), peeping(step, signal)]),
  };
});

const GATE: Scale = { kind: "gate", limit: 1 };
const LEARNED = "learned";
const FREE: Snapped = { input: null, forget: null, output: null };
const LEVERS = [
  ["forget", "forget_gate"],
  ["input", "input_gate"],
  ["output", "output_gate"],
] as const;

export function GatesStep() {
  useKeeper();
  const words = strings().tour.gates;
  const held = useSignal<Snapped>(FREE);
  const [text, own] = [trace.value.value, ownUnit.value];
  const gates = own && recorded(own);
  return (
    <Stage
      name={words.picture}
      waitsFor={[both]}
      controls={LEVERS.map(([gate, quantity]) => (
        <Choice
          key={gate}
          name={nameOf(quantity)}
          testid={`tour-lever-${gate}`}
          options={[
            { value: "0", name: words.ends[gate][0] },
            { value: LEARNED, name: words.learned },
            { value: "1", name: words.ends[gate][1] },
          ]}
          chosen={held.value[gate] === null ? LEARNED : String(held.value[gate])}
          choose={(value) => (held.value = { ...held.value, [gate]: value === LEARNED ? null : Number(value) })}
        />
      ))}
    >
      {text && own && gates ? (
        <>
          <p class="quiet">{words.unit(unit.value ?? 0)}</p>
          <Chart
            symbols={text.symbols}
            lanes={lanes(gates, limitOf(own.get("cell")!), held.value)}
            cursor={moment.value}
            label={words.picture}
          />
          {both.value.value && <Seeing found={both.value.value} />}
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

function lanes(gates: Gates, limit: number, held: Snapped): ChartLane[] {
  const now = rerun(snap(gates, held));
  const was = rerun(gates);
  const moved = held !== FREE && (held.input ?? held.forget ?? held.output) !== null;
  const scale: Scale = { kind: "signed", limit };
  const before = (values: ArrayLike<number>) => (moved ? values : undefined);
  const gate = (key: string, quantity: string, letter: string, values: ArrayLike<number>, old: ArrayLike<number>) => ({
    key,
    name: nameOf(quantity),
    letter,
    scale: GATE,
    values,
    before: before(old),
    tall: 56,
  });
  return [
    gate("forget", "forget_gate", "f", now.forget, was.forget),
    gate("input", "input_gate", "i", now.input, was.input),
    { key: "cell", name: nameOf("cell"), letter: "c", scale, values: now.cell, before: before(was.cell), tall: 128 },
    gate("output", "output_gate", "o", now.output, was.output),
    {
      key: "hidden",
      name: nameOf("hidden"),
      letter: "h",
      scale: { kind: "signed", limit: 1 },
      values: now.hidden,
      before: before(was.hidden),
      tall: 80,
    },
  ];
}

/** Move c before the step: a plain forget gate stays where it is, one with a peephole moves. */
function Seeing({ found }: { readonly found: readonly [Forgetting, Forgetting] }) {
  const words = strings().tour.gates;
  const moved = useSignal<number | null>(null);
  const cell = moved.value ?? 1;
  return (
    <section class="seeing">
      <h3>{words.sees}</h3>
      <Slider
        name={words.before}
        testid="tour-before"
        low={-FARTHEST}
        high={FARTHEST}
        step={0.1}
        value={cell}
        said={decimal(cell, 1)}
        change={(value) => (moved.value = value)}
      />
      {found.map((one, place) => {
        const { sum, peephole } = one.sum;
        const weight = peephole === null || one.before === 0 ? 0 : peephole / one.before;
        const gate = sigmoid(sum - (peephole ?? 0) + weight * cell);
        return (
          <p
            key={place}
            class="seen"
            data-testid={place === 0 ? "tour-plain" : "tour-peeping"}
            data-gate={gate.toFixed(4)}
          >
            <span class="name">{place === 0 ? words.plain : words.peeping}</span>
            <span class="aperture" style={{ "--open": String(gate) }} aria-hidden="true" />
            <span>
              <i>f</i> = {decimal(gate, 3)}
            </span>
            <span>
              <i>f · c</i> = {decimal(gate * cell)}
            </span>
          </p>
        );
      })}
    </section>
  );
}
