// The cell's equations, each twice: with its letters, then with this moment's numbers.
//
// Numbers are those that Python printed, so that kept + written is the new state to the last digit shown.

import type { ComponentChildren } from "preact";
import { run } from "../data";
import { decimal } from "../format";
import { strings } from "../i18n";
import { address } from "../state";
import type { Sum, UnitMoment } from "./api";
import { shownMoment, type Shown } from "./data";
import { Applied, Bracketed, Indexed, Product, RIGID, Sign, Summed, Value } from "./math";
import { curveOf } from "./parts";

interface Row {
  readonly key: string;
  readonly letters: ComponentChildren;
  /** each from one = to the next, so that a narrow page can break between them */
  readonly numbers: readonly ComponentChildren[];
}

export function Equations() {
  const shown = shownMoment.value.value;
  if (!shown) return <div class="equations" />;
  const rows = rowsOf(shown, Boolean(run.value.value?.peephole));
  return (
    <div class="equations" data-testid="equations" aria-label={strings().moment.equations} role="group">
      {rows.map(({ key, letters, numbers }) => (
        <div class="equation" key={key} data-equation={key}>
          <math>
            <mrow>{letters}</mrow>
          </math>
          <span>
            {numbers.map((part, i) => (
              <math key={i}>
                <mrow>
                  <mo>=</mo>
                  {part}
                </mrow>
              </math>
            ))}
          </span>
        </div>
      ))}
    </div>
  );
}

function rowsOf({ one }: Shown, peepholes: boolean): Row[] {
  const before = address.value.direction === "backward" ? "t+1" : "t−1";
  switch (one.values.kind) {
    case "gru":
      return gru(one, before);
    case "rnn":
      return [rnn(one, before)];
    default:
      return lstm(one, before, peepholes);
  }
}

/** A gate or a candidate: the activation of W x + R h (+ p∘c) + b, taken apart. */
function activated(quantity: string, letter: string, before: string, sum: Sum | undefined, value: string, mark: string, seen: string | null): Row {
  const sign = curveOf(sum?.activation ?? "sigmoid").sign;
  const letters = [
    <Product><Indexed letter="W" index={letter} /><Indexed letter="x" index="t" /></Product>,
    <Product><Indexed letter="R" index={letter} /><Indexed letter="h" index={before} /></Product>,
    ...(seen ? [<Product><Indexed letter="p" index={letter} /><Indexed letter="c" index={seen} /></Product>] : []),
    <Indexed letter="b" index={letter} />,
  ];
  const terms = sum ? [sum.input, sum.hidden, ...(seen ? [sum.peephole ?? 0] : []), sum.bias] : [];
  return {
    key: quantity,
    letters: (
      <>
        <Indexed letter={letter} index="t" />
        <Sign>=</Sign>
        <Applied name={sign}>
          <Summed>{letters}</Summed>
        </Applied>
      </>
    ),
    numbers: [
      <>
        <Applied name={sign}>
          <Summed>{terms.map((term) => <Bracketed>{decimal(term)}</Bracketed>)}</Summed>
        </Applied>
      </>,
      <>
        <Applied name={sign}>
          <Value>{decimal(sum?.sum ?? Number.NaN)}</Value>
        </Applied>
      </>,
      <>
        <Value mark={mark}>{value}</Value>
      </>,
    ],
  };
}

/** The new state: what was kept and what was written, in their printed numbers, which add up. */
function summed({ values, printed }: UnitMoment, state: ComponentChildren, kept: ComponentChildren, written: ComponentChildren): Row {
  return {
    key: "state",
    letters: (
      <>
        {state}
        <Sign>=</Sign>
        {kept}
        <Sign>+</Sign>
        {written}
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
      <>
        <Value mark="kept">{plain(printed.kept)}</Value>
        <Sign>+</Sign>
        <Bracketed mark="written">{plain(printed.written)}</Bracketed>
        {printed.held !== undefined && (
          <>
            <Sign>+</Sign>
            <Bracketed mark="held">{plain(printed.held)}</Bracketed>
          </>
        )}
      </>,
      <>
        <Value mark="state">{plain(printed.state)}</Value>
      </>,
    ],
  };
}

/** A printed number without the plus that only a drawing or a sentence needs. */
const plain = (text: string | undefined) => (text ?? "").replace(/^\+/, "");

function lstm(one: UnitMoment, before: string, peepholes: boolean): Row[] {
  const { sums, values, printed } = one;
  const gate = (quantity: string, letter: string, value: number, mark: string, seen: string) =>
    activated(quantity, letter, before, sums[quantity], decimal(value), mark, peepholes ? seen : null);
  const cell = <Indexed letter="c" index="t" />;
  return [
    gate("forget_gate", "f", values.kept_share, "kept_share", before),
    gate("input_gate", "i", values.write_share, "write_share", before),
    activated("candidate", "g", before, sums.candidate, plain(printed.candidate), "candidate", null),
    summed(
      one,
      cell,
      <Product><Indexed letter="f" index="t" /><Indexed letter="c" index={before} /></Product>,
      <Product><Indexed letter="i" index="t" /><Indexed letter="g" index="t" /></Product>,
    ),
    gate("output_gate", "o", values.shown_share, "shown_share", "t"),
    {
      key: "shown",
      letters: (
        <>
          <Indexed letter="h" index="t" />
          <Sign>=</Sign>
          <Indexed letter="o" index="t" />
          <Sign>·</Sign>
          <Applied name="tanh">{cell}</Applied>
        </>
      ),
      numbers: [
      <>
        <Value mark="shown_share">{decimal(values.shown_share)}</Value>
          <Sign>·</Sign>
          <Applied name="tanh">
            <Value mark="state">{plain(printed.state)}</Value>
          </Applied>
      </>,
      <>
        <Value mark="shown_share">{decimal(values.shown_share)}</Value>
          <Sign>·</Sign>
          <Bracketed mark="squashed">{decimal(Math.tanh(values.state))}</Bracketed>
      </>,
      <>
        <Value mark="shown">{plain(printed.shown)}</Value>
      </>,
    ],
    },
  ];
}

function gru(one: UnitMoment, before: string): Row[] {
  const { sums, values, printed } = one;
  const reset = sums.reset_gate ? 1 / (1 + Math.exp(-sums.reset_gate.sum)) : Number.NaN;
  const candidate = activated("candidate", "n", before, sums.candidate, plain(printed.candidate), "candidate", null);
  return [
    activated("reset_gate", "r", before, sums.reset_gate, decimal(reset), "reset_share", null),
    activated("update_gate", "z", before, sums.update_gate, decimal(values.kept_share), "kept_share", null),
    {
      ...candidate,
      letters: (
        <>
          <Indexed letter="n" index="t" />
          <Sign>=</Sign>
          <Applied name="tanh">
            <Product><Indexed letter="W" index="n" /><Indexed letter="x" index="t" /></Product>
            <Sign>+</Sign>
            <Indexed letter="r" index="t" />
            <mo {...RIGID}>(</mo>
            <Product><Indexed letter="R" index="n" /><Indexed letter="h" index={before} /></Product>
            <Sign>+</Sign>
            <Indexed letter="b" index="Rn" />
            <mo {...RIGID}>)</mo>
            <Sign>+</Sign>
            <Indexed letter="b" index="n" />
          </Applied>
        </>
      ),
    },
    summed(
      one,
      <Indexed letter="h" index="t" />,
      <Product><Indexed letter="z" index="t" /><Indexed letter="h" index={before} /></Product>,
      <mrow><mo {...RIGID}>(</mo><mn>1</mn><mo>−</mo><Indexed letter="z" index="t" /><mo {...RIGID}>)</mo><Indexed letter="n" index="t" /></mrow>,
    ),
  ];
}

function rnn({ sums, printed }: UnitMoment, before: string): Row {
  const row = activated("hidden", "h", before, sums.hidden ?? sums.candidate, plain(printed.state), "state", null);
  return {
    ...row,
    letters: (
      <>
        <Indexed letter="h" index="t" />
        <Sign>=</Sign>
        <Applied name={curveOf((sums.hidden ?? sums.candidate)?.activation ?? "tanh").sign}>
          <Summed>{[
            <Product><mi>W</mi><Indexed letter="x" index="t" /></Product>,
            <Product><mi>R</mi><Indexed letter="h" index={before} /></Product>,
            <mi>b</mi>,
          ]}</Summed>
        </Applied>
      </>
    ),
  };
}
