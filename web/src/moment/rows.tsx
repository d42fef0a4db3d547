// The equations of each cell, row by row.

import { decimal } from "../format";
import type { UnitMoment } from "./api";
import type { Shown } from "./data";
import { Applied, Bracketed, Indexed, Product, RIGID, Sign, Summed, Value } from "./math";
import { curveOf } from "./parts";
import { activated, plain, summed, weighed, type Row } from "./row";

/** The equations of the moment's cell, `before` being how the step before is written. */
export function rowsOf({ one, all, unit }: Shown, before: string, peepholes: boolean): Row[] {
  switch (one.values.kind) {
    case "gru":
      return gru(one, before, all.quantity("reset_gate")[unit]!);
    case "rnn":
      return [rnn(one, before)];
    default:
      return lstm(one, before, peepholes);
  }
}

function lstm(one: UnitMoment, before: string, peepholes: boolean): Row[] {
  const { sums, values, printed } = one;
  const gate = (key: string, letter: string, value: number, mark: string, seen: string) =>
    activated({ key, letter, before, sum: sums[key], value, mark, seen: peepholes ? seen : null });
  const cell = <Indexed letter="c" index="t" />;
  const output = <Indexed letter="o" index="t" />;
  const open = <Value mark="shown_share">{decimal(values.shown_share)}</Value>;
  return [
    gate("forget_gate", "f", values.kept_share, "kept_share", before),
    gate("input_gate", "i", values.write_share, "write_share", before),
    activated({
      key: "candidate",
      letter: "g",
      before,
      sum: sums.candidate,
      value: values.candidate,
      mark: "candidate",
    }),
    summed(one, cell, weighed("f", "t", "c", before), weighed("i", "t", "g", "t")),
    gate("output_gate", "o", values.shown_share, "shown_share", "t"),
    {
      key: "shown",
      letters: (
        <>
          <Indexed letter="h" index="t" />
          <Sign>=</Sign>
          {output}
          <Sign>·</Sign>
          <Applied name="tanh">{cell}</Applied>
        </>
      ),
      numbers: [
        <>
          {open}
          <Sign>·</Sign>
          <Applied name="tanh">
            <Value mark="state">{plain(printed.state)}</Value>
          </Applied>
        </>,
        <>
          {open}
          <Sign>·</Sign>
          <Bracketed mark="squashed">{decimal(Math.tanh(values.state))}</Bracketed>
        </>,
        <Value mark="shown">{plain(printed.shown)}</Value>,
      ],
    },
  ];
}

function gru(one: UnitMoment, before: string, reset: number): Row[] {
  const { sums, values } = one;
  const candidate = activated({
    key: "candidate",
    letter: "n",
    before,
    sum: sums.candidate,
    value: values.candidate,
    mark: "candidate",
  });
  const r = <Indexed letter="r" index="t" />;
  return [
    activated({ key: "reset_gate", letter: "r", before, sum: sums.reset_gate, value: reset, mark: "reset_share" }),
    activated({
      key: "update_gate",
      letter: "z",
      before,
      sum: sums.update_gate,
      value: values.kept_share,
      mark: "kept_share",
    }),
    {
      ...candidate,
      letters: (
        <>
          <Indexed letter="n" index="t" />
          <Sign>=</Sign>
          <Applied name="tanh">
            <Summed>
              {[
                weighed("W", "n", "x", "t"),
                <Product>
                  {r}
                  {weighed("R", "n", "h", before)}
                </Product>,
                // In brackets, since the two come as one number.
                <mrow>
                  <mo {...RIGID}>(</mo>
                  <Indexed letter="b" index="n" />
                  <Sign>+</Sign>
                  <Product>
                    {r}
                    <Indexed letter="b" index="Rn" />
                  </Product>
                  <mo {...RIGID}>)</mo>
                </mrow>,
              ]}
            </Summed>
          </Applied>
        </>
      ),
    },
    summed(
      one,
      <Indexed letter="h" index="t" />,
      weighed("z", "t", "h", before),
      <Product>
        <mrow>
          <mo {...RIGID}>(</mo>
          <mn>1</mn>
          <Sign>−</Sign>
          <Indexed letter="z" index="t" />
          <mo {...RIGID}>)</mo>
        </mrow>
        <Indexed letter="n" index="t" />
      </Product>,
    ),
  ];
}

function rnn({ sums, values }: UnitMoment, before: string): Row {
  const row = activated({ key: "hidden", letter: "h", before, sum: sums.hidden, value: values.state, mark: "state" });
  return {
    ...row,
    letters: (
      <>
        <Indexed letter="h" index="t" />
        <Sign>=</Sign>
        <Applied name={curveOf(sums.hidden?.activation ?? "tanh").sign}>
          <Summed>
            {[
              <Product>
                <mi>W</mi>
                <Indexed letter="x" index="t" />
              </Product>,
              <Product>
                <mi>R</mi>
                <Indexed letter="h" index={before} />
              </Product>,
              <mi>b</mi>,
            ]}
          </Summed>
        </Applied>
      </>
    ),
  };
}
