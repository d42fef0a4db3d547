import { expect, test } from "vitest";
import { count, decimal, percent, probability, scaleEnd } from "../src/format";
import { isUnbounded, scaleOf, scaleOfFigures } from "../src/quantities";
import { ranked } from "../src/ranking";
import type { Statistics } from "../src/api";

const f = (...numbers: number[]) => new Float32Array(numbers);

const statistics: Statistics = {
  minimum: f(-4, -0.2, -1),
  maximum: f(1, 0.1, 1),
  mean: f(-2, 0, 0),
  deviation: f(1, 0.1, 0.9),
  saturated_low: f(0.9, 0, 0.5),
  saturated_high: f(0, 0, 0.5),
  turnover: f(0.1, 0.2, 0.3),
  telling: f(0.2, 0.1, 0.4),
};

test("numbers have a true minus, and zero has none", () => {
  expect([decimal(-0.914), decimal(-0.001), decimal(2), decimal(Number.NaN), decimal(-Infinity)]).toEqual([
    "−0.91",
    "0.00",
    "2.00",
    "—",
    "−∞",
  ]);
  expect([probability(0.912), probability(0.999), probability(0.004)]).toEqual([".91", "1", ".00"]);
  expect([count(4000), count(12), count(1234567)]).toEqual(["4\u2009000", "12", "1\u2009234\u2009567"]);
  expect([scaleEnd(-4.263), scaleEnd(1), scaleEnd(0.0123), scaleEnd(127.3)]).toEqual(["−4.3", "1", "0.012", "127"]);
});

test("a share is never rounded to none or all when it is neither", () => {
  expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(["0 %", "<1 %", "50 %", ">99 %", "100 %"]);
});

test("gates span 0 to 1 and outputs −1 to 1, whatever the values; only the cell's scale is a choice", () => {
  expect(scaleOf("forget_gate", statistics, 0, "all")).toEqual({ kind: "gate", limit: 1 });
  const bounded = { ...statistics, minimum: f(-0.3, -0.2, -0.1), maximum: f(0.1, 0.1, 0.1) };
  expect(scaleOf("hidden", bounded, 0, "unit")).toEqual({ kind: "signed", limit: 1 });
  expect(scaleOf("cell", statistics, 2, "unit")).toEqual({ kind: "signed", limit: 1 });
  expect(scaleOf("cell", statistics, 1, "unit").limit).toBeCloseTo(0.2);
  expect(scaleOf("cell", statistics, 1, "all").limit).toBe(4);
});

test("an output that leaves −1 to 1, as a ReLU's does, gets the cell's freedom", () => {
  expect([isUnbounded("hidden", 1), isUnbounded("hidden", 3), isUnbounded("forget_gate", 3)]).toEqual([
    false,
    true,
    false,
  ]);
  expect(scaleOfFigures("hidden", { least: 0, greatest: 3 }).limit).toBe(3);
  expect(scaleOfFigures("cell", { least: 0, greatest: 0 }).limit).toBe(1);
  expect(scaleOfFigures("cell", null).limit).toBe(1);
});

test("units are ranked by the chosen statistic, ties and what is no number by index and last", () => {
  expect(ranked(statistics, "index")).toEqual([0, 1, 2]);
  expect(ranked(statistics, "range")).toEqual([0, 2, 1]);
  expect(ranked(statistics, "turnover")).toEqual([2, 1, 0]);
  expect(ranked(statistics, "telling")).toEqual([2, 0, 1]);
  expect(ranked({ ...statistics, turnover: f(1, Number.NaN, 1) }, "turnover")).toEqual([0, 2, 1]);
});
