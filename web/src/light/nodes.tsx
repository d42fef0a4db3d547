// The node picture of a short stretch: one unit unrolled, its nodes as bright as the prediction's light on them, its
// gates between them open or shut. After Graves, "Supervised Sequence Labelling with Recurrent Neural Networks",
// figure 4.4.

import { useEffect, useRef } from "preact/hooks";
import { selected, trace, unit, unitTrace } from "../data";
import { sequenceOf } from "../layout";
import { strings } from "../i18n";
import { address } from "../state";
import { glyph } from "../symbols";
import { tones } from "../theme";
import { isSeries } from "../tracks";
import type { Series } from "../windows";
import { light, lit } from "./data";
import { brightestOf, brightness, decadesOf } from "./scale";

/** The longest stretch that is drawn node by node. */
export const MOST_NODES = 24;
const [STEP, EDGE] = [32, 24];
const [HIDDEN, REVEAL, MEMORY, WRITE, INPUT, LETTER] = [20, 46, 72, 98, 124, 148];
const RADIUS = 9;

/** The steps that are drawn: the chosen stretch if it is short enough, else the last ones up to the light's step. */
function stretchOf(step: number, lengths: readonly number[], chosen: readonly [number, number] | null): [number, number] {
  const [start] = sequenceOf(lengths, step);
  if (chosen && chosen[1] - chosen[0] < MOST_NODES && chosen[0] >= start) return [chosen[0], chosen[1]];
  return [Math.max(start, step - MOST_NODES + 1), step];
}

export function Nodes() {
  const [shown, read, record, chosen] = [light.value.value, trace.value.value, unitTrace.value.value, selected.value];
  const words = strings().light;
  const fits = shown && read && record && chosen && shown.trace === read.trace && record.trace === read.trace;
  return (
    <figure class="nodes" data-testid="nodes">
      <figcaption>{unit.value === null ? "" : words.nodes(unit.value)}</figcaption>
      {fits && (
        <Picture
          span={stretchOf(shown.step, read.lengths, address.value.stretch)}
          name={(step) => (isSeries(read) ? String(step) : glyph(read.symbols[step] ?? "").text)}
          quantities={record.quantities}
        />
      )}
    </figure>
  );
}

interface PictureProps {
  readonly span: readonly [number, number];
  /** what stands under a step */
  readonly name: (step: number) => string;
  readonly quantities: ReadonlyMap<string, Series>;
}

function Picture({ span: [from, to], name, quantities }: PictureProps) {
  const shown = light.value.value!;
  const brightest = {
    state: brightestOf(shown.cell, shown.hidden),
    input: brightestOf(shown.input),
  };
  const gate = (name: string) => quantities.get(name);
  const kept = gate("forget_gate") ?? gate("update_gate");
  const [write, reveal] = [gate("input_gate"), gate("output_gate")];
  // A cell without a memory of its own keeps its hidden value: one row of nodes.
  const memory = shown.cell ?? shown.hidden;
  const width = 2 * EDGE + (to - from) * STEP;
  const reach = decadesOf([
    { values: memory.slice(from, to + 1), brightest: brightest.state },
    { values: shown.input.slice(from, to + 1), brightest: brightest.input },
  ]);
  const fill = (value: number, most: number, step: number) =>
    tones.value.gate(lit.value(step) ? brightness(value, most, reach) : 0);
  // A backward direction remembers what is to the right.
  const [first, before] = address.value.direction === "backward" ? [to, -1] : [from, 1];
  const steps = Array.from({ length: to - from + 1 }, (_, place) => from + place);
  const top = shown.cell ? 0 : MEMORY - HIDDEN - 8;
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    frame.current!.scrollLeft = width; // the light comes from the right
  }, [from, to]);
  return (
    <div class="unrolled" ref={frame}>
      <svg viewBox={`0 ${top} ${width} ${LETTER + 12 - top}`} width={width} role="img" aria-label={strings().light.nodesTold}>
        {steps.map((step) => {
          const x = EDGE + (step - from) * STEP;
          return (
            <g key={step}>
              {step > from && <line class="wire" x1={x - STEP + RADIUS} x2={x - RADIUS} y1={MEMORY} y2={MEMORY} />}
              <line class="wire" x1={x} x2={x} y1={MEMORY + RADIUS} y2={INPUT - RADIUS} />
              {shown.cell && <line class="wire" x1={x} x2={x} y1={HIDDEN + RADIUS} y2={MEMORY - RADIUS} />}
              {kept && step !== first && <Aperture x={x - before * (STEP / 2)} y={MEMORY} opening={kept.at(step)} across />}
              {write && <Aperture x={x} y={WRITE} opening={write.at(step)} />}
              {reveal && <Aperture x={x} y={REVEAL} opening={reveal.at(step)} />}
              {shown.cell && <circle cx={x} cy={HIDDEN} r={RADIUS} fill={fill(shown.hidden[step]!, brightest.state, step)} />}
              <circle cx={x} cy={MEMORY} r={RADIUS} fill={fill(memory[step]!, brightest.state, step)} />
              <circle cx={x} cy={INPUT} r={RADIUS} fill={fill(shown.input[step]!, brightest.input, step)} />
              <text x={x} y={LETTER} text-anchor="middle">
                {name(step)}
              </text>
            </g>
          );
        })}
        {shown.cell && <RowName y={HIDDEN} name="h" />}
        <RowName y={MEMORY} name={shown.cell ? "c" : "h"} />
        <RowName y={INPUT} name="x" />
      </svg>
    </div>
  );
}

function RowName({ y, name }: { readonly y: number; readonly name: string }) {
  return (
    <text class="row-name" x={2} y={y} dominant-baseline="middle">
      {name}
    </text>
  );
}

interface ApertureProps {
  readonly x: number;
  readonly y: number;
  /** 0 shut, a bar across the way; 1 open, a ring */
  readonly opening: number | undefined;
  /** the way runs across the page, not down */
  readonly across?: boolean;
}

const RING = 5;

/** A gate on its way: a ring where it is open, a bar across where it is shut, an ellipse between. */
function Aperture({ x, y, opening, across = false }: ApertureProps) {
  if (opening === undefined) return null;
  const share = Math.max(0.02, Math.min(1, opening)) * RING;
  return <ellipse class="aperture" cx={x} cy={y} rx={across ? share : RING} ry={across ? RING : share} />;
}
