// What goes into each gate and the candidate of one unit at one step, taken apart: W x, R h, peephole, biases.

import { fromHidden, ROWS, type Weights } from "../engine/cells";
import { previous, type LayerRecord } from "../record/record";
import type { Session } from "./library";

export interface Sum {
  readonly input: number;
  readonly hidden: number;
  readonly peephole: number | null;
  readonly bias: number;
  readonly sum: number;
  readonly activation: "sigmoid" | "tanh";
}

/** The parts of every sum; a GRU's candidate sees R h, and its bias there, through the reset gate. */
export function sums({ live, material }: Session, record: LayerRecord, unit: number, step: number): Record<string, Sum> {
  if (!live) return {};
  const lane = live.network.lanes.find((one) => one.layer === record.layer && one.direction === record.direction)!;
  const { weights } = lane;
  const { units, b, bHidden, R } = weights;
  const value = (quantity: string, at: number) => record.quantities.get(quantity)![at * units + unit]!;
  const earlier = previous(record, material.lengths, step);
  const before = (quantity: string) =>
    Float64Array.from({ length: units }, (_, k) => (earlier === null ? 0 : record.quantities.get(quantity)![earlier * units + k]!));
  const product = live.network.product(lane, material, live.run.inputs[record.layer]!, step);
  const recurrent = fromHidden({ ...weights, R, bHidden: new Float32Array(bHidden.length) }, before("hidden"));
  return Object.fromEntries(
    ROWS[record.kind].map((quantity, part): [string, Sum] => {
      const row = part * units + unit;
      const through = record.kind === "gru" && quantity === "candidate" ? value("reset_gate", step) : 1;
      const peephole = peeped(weights, quantity, unit, () =>
        quantity === "output_gate" ? value("cell", step) : before("cell")[unit]!,
      );
      const parts = { input: product[row]!, hidden: through * recurrent[row]!, peephole, bias: b[row]! + through * bHidden[row]! };
      const activation = quantity.endsWith("_gate") ? "sigmoid" : "tanh";
      return [quantity, { ...parts, sum: parts.input + parts.hidden + (peephole ?? 0) + parts.bias, activation }];
    }),
  );
}

/** What a gate's peephole adds; null where it has none. */
function peeped({ p, units }: Weights, quantity: string, unit: number, cell: () => number): number | null {
  const part = ["input_gate", "forget_gate", "output_gate"].indexOf(quantity);
  return p && part >= 0 ? p[part * units + unit]! * cell() : null;
}
