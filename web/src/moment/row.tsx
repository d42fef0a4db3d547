// One row of equations: its letters, and the numbers that Python printed.
//
// Kept + written is the new state to the last digit shown, since `printed` sees to it.

import type { ComponentChildren } from "preact";
import { decimal } from "../format";
import type { Sum, UnitMoment } from "./api";
import { Applied, Bracketed, Indexed, Product, Sign, Summed, Value } from "./math";
import { curveOf } from "./parts";

export interface Row {
  readonly key: string;
  readonly letters: ComponentChildren;
  /** each from one = to the next, so that a narrow page can break between them */
  readonly numbers: readonly ComponentChildren[];
  /** what a gate was held at, where that is not what its sum makes it */
  readonly held?: string;
}

/** A product of a weight and what it weighs: W_f x_t. */
export const weighed = (weight: string, gate: string, letter: string, step: string) => (
  <Product>
    <Indexed letter={weight} index={gate} />
    <Indexed letter={letter} index={step} />
  </Product>
);

/** A printed number without the plus that only a drawing or a sentence needs. */
export const plain = (text: string | undefined) => (text ?? "").replace(/^\+/, "");

interface Activated {
  readonly key: string;
  readonly letter: string;
  readonly before: string;
  readonly sum: Sum | undefined;
  readonly value: number;
  readonly mark: string;
  /** the step of the memory that its peephole sees; null without one */
  readonly seen?: string | null;
}

/** A value this far from what its sum makes it was put there by somebody. */
const HELD = 1e-3;

/** A gate or a candidate: the activation of W x + R h (+ p∘c) + b, taken apart. */
export function activated({ key, letter, before, sum, value, mark, seen = null }: Activated): Row {
  const { f, sign } = curveOf(sum?.activation ?? (key.endsWith("_gate") ? "sigmoid" : "tanh"));
  const letters = [
    weighed("W", letter, "x", "t"),
    weighed("R", letter, "h", before),
    ...(seen === null ? [] : [weighed("p", letter, "c", seen)]),
    <Indexed letter="b" index={letter} />,
  ];
  const equation = {
    key,
    letters: (
      <>
        <Indexed letter={letter} index="t" />
        <Sign>=</Sign>
        <Applied name={sign}>
          <Summed>{letters}</Summed>
        </Applied>
      </>
    ),
  };
  // Without the network's weights nobody knows the parts.
  if (!sum) return { ...equation, numbers: [<Value mark={mark}>{decimal(value)}</Value>] };
  const terms = [sum.input, sum.hidden, ...(seen === null ? [] : [sum.peephole ?? 0]), sum.bias];
  const total = sum.sum;
  const held = Math.abs(f(total) - value) > HELD;
  return {
    ...equation,
    numbers: [
      <Applied name={sign}>
        <Summed>
          {terms.map((term) => (
            <Bracketed>{decimal(term)}</Bracketed>
          ))}
        </Summed>
      </Applied>,
      <Applied name={sign}>
        <Value>{decimal(total)}</Value>
      </Applied>,
      <Value mark={mark}>{decimal(held ? f(total) : value)}</Value>,
    ],
    ...(held ? { held: decimal(value) } : {}),
  };
}

/** The new state: what was kept and what was written. */
export function summed(
  { values, printed }: UnitMoment,
  state: ComponentChildren,
  kept: ComponentChildren,
  written: ComponentChildren,
): Row {
  return {
    key: "state",
    letters: (
      <>
        {state}
        <Sign>=</Sign>
        <Summed>{[kept, written]}</Summed>
      </>
    ),
    numbers: [
      <>
        <Value mark="kept_share">{decimal(values.kept_share)}</Value>
        <Sign>·</Sign>
        <Bracketed mark="before">{plain(printed.before)}</Bracketed>
        <Sign>+</Sign>
        <Value mark="write_share">{decimal(values.write_share)}</Value>
        <Sign>·</Sign>
        <Bracketed mark="candidate">{plain(printed.candidate)}</Bracketed>
      </>,
      <Summed>
        {[
          <Value mark="kept">{plain(printed.kept)}</Value>,
          <Bracketed mark="written">{plain(printed.written)}</Bracketed>,
          ...(printed.held === undefined ? [] : [<Bracketed mark="held">{plain(printed.held)}</Bracketed>]),
        ]}
      </Summed>,
      <Value mark="state">{plain(printed.state)}</Value>,
    ],
  };
}
