import { describe, expect, test } from "vitest";
import { curve, powersOf, reachOf, relative, spread } from "../src/light/lag-curve";
import { brightestOf, brightness, decadesOf, powerOfTen } from "../src/light/scale";

describe("the scale of light", () => {
  test("a decade is a sixth, the brightest is 1 and what is fainter than the last decade is dark", () => {
    expect(brightness(5, 5, 6)).toBe(1);
    expect(brightness(0.5, 5, 6)).toBeCloseTo(5 / 6);
    expect(brightness(5e-6, 5, 6)).toBeCloseTo(0);
    const dark = [brightness(5e-9, 5, 6), brightness(0, 5, 6), brightness(Number.NaN, 5, 6), brightness(1, 0, 6)];
    expect(dark).toEqual([0, 0, 0, 0]);
  });

  test("has as many decades as it takes to tell the faintest, at least 2 and at most 8", () => {
    const of = (...values: number[]) => ({ values: Float32Array.from(values), brightest: 10 });
    expect(decadesOf([])).toBe(2);
    expect(decadesOf([of(10, 2, 0), of(10, 2e-3, Number.NaN)])).toBe(4);
    expect(decadesOf([of(10, 1e-20)])).toBe(8);
  });

  test("the brightest is that of all series", () => {
    expect(brightestOf(Float32Array.of(1, 3), null, Float32Array.of(2))).toBe(3);
    expect(brightestOf(null)).toBe(0);
  });

  test("powers of ten are set as such", () => {
    expect([0, 1, -2, -12].map(powerOfTen)).toEqual(["1", "10¹", "10⁻²", "10⁻¹²"]);
  });
});

describe("a curve against lag", () => {
  const values = Float32Array.of(4, 2, 0.04, Number.NaN);

  test("is relative to lag 0 and reaches as far as it has numbers", () => {
    expect([...relative(values)].slice(0, 3)).toEqual([1, 0.5, expect.closeTo(0.01)]);
    expect(reachOf(values)).toBe(2);
  });

  test("lies between even powers of ten around 1, at least two apart", () => {
    expect(powersOf([Float32Array.of(1, 0.5)])).toEqual([-2, 0]);
    expect(powersOf([Float32Array.of(1, 2e-3)])).toEqual([-4, 0]);
    expect(powersOf([Float32Array.of(1, 30), Float32Array.of(1, 0.5, Number.NaN)])).toEqual([-2, 2]);
    expect(powersOf([Float32Array.of(1, 1)])).toEqual([-2, 0]);
    expect(powersOf([Float32Array.of(1, 1e-30, Number.POSITIVE_INFINITY)])).toEqual([-12, 0]);
  });

  test("rests on the floor where it is zero and ends with its numbers", () => {
    const path = curve(Float32Array.of(1, 0, Number.NaN), (lag) => 10 * lag, (share) => -Math.log10(share), -4);
    expect(path).toBe("M0.0 0.0L10.0 4.0");
  });
});

describe("labels", () => {
  test("that would overlap are moved apart, in their order, and stay on the chart", () => {
    expect(spread([10, 12, 100], 16, 150)).toEqual([10, 26, 100]);
    expect(spread([150, 149], 16, 150)).toEqual([150, 134]);
    expect(spread([150, 150, 150], 16, 150)).toEqual([118, 134, 150]);
  });
});
