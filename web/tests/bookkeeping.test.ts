import { describe, expect, test } from "vitest";
import { cameFrom, entryOf } from "../src/bookkeeping";

const f = (...numbers: number[]) => new Float32Array(numbers);

describe("cameFrom", () => {
  test("is the step before, or after for a backward direction, and none across sequences", () => {
    const all = (backward: boolean) => [0, 1, 2, 3, 4].map((step) => cameFrom(step, [3, 2], backward));
    expect(all(false)).toEqual([-1, 0, 1, -1, 3]);
    expect(all(true)).toEqual([1, 2, -1, 4, -1]);
  });
});

describe("entryOf", () => {
  const before = (step: number) => step - 1;

  test("splits an LSTM's cell into what was kept and what was written, which add up to it", () => {
    const [forget, input, candidate] = [f(0.5, 0.5, 0.25), f(1, 0.5, 1), f(0.5, -1, 1)];
    const cell = f(0.5, -0.25, 0.9375);
    const entry = entryOf(
      new Map([
        ["cell", cell],
        ["forget_gate", forget],
        ["input_gate", input],
        ["candidate", candidate],
        ["hidden", f(0, 0, 0)],
      ]),
      before,
    )!;
    expect(entry(0)).toEqual({ before: 0, kept: 0, written: 0.5, after: 0.5 });
    expect(entry(1)).toEqual({ before: 0.5, kept: 0.25, written: -0.5, after: -0.25 });
    for (const step of [0, 1, 2]) {
      const { kept, written, after } = entry(step)!;
      expect(kept + written).toBeCloseTo(after, 6);
    }
  });

  test("splits a GRU's output by its one lever", () => {
    const quantities = new Map([
      ["hidden", f(0.5, 0.25)],
      ["update_gate", f(0.5, 0.75)],
      ["candidate", f(1, -0.5)],
      ["reset_gate", f(1, 1)],
    ]);
    const entry = entryOf(quantities, before)!;
    expect(entry(1)).toEqual({ before: 0.5, kept: 0.375, written: -0.125, after: 0.25 });
  });

  test("has none for a cell without gates", () => {
    expect(entryOf(new Map([["hidden", f(1)]]), before)).toBeNull();
  });
});
