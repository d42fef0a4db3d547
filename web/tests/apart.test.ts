import { describe, expect, test } from "vitest";
import { gap, ranking, type Numbers } from "../src/home/apart";

/** Units as columns: two steps of the one sequence, two of the other. */
function numbers(quantity: string, ...units: number[][]): Numbers {
  return { quantity, units: units.length, at: (step, unit) => units[unit]![step]! };
}

const [ONE, OTHER] = [[0, 1], [2, 3]] as const;

describe("a unit keeps two sequences apart", () => {
  test("by the gap between all values of the one and all of the other, whichever is above", () => {
    expect(gap(numbers("hidden", [0.9, 0.5, -0.25, -0.5]), 0, ONE, OTHER)).toBe(0.75);
    expect(gap(numbers("hidden", [-0.25, -0.5, 0.9, 0.5]), 0, ONE, OTHER)).toBe(0.75);
  });

  test("not at all if one step of the one is among those of the other", () => {
    expect(gap(numbers("hidden", [0.9, -0.5, -0.25, -0.5]), 0, ONE, OTHER)).toBeLessThan(0);
  });

  test("a cell by its tanh, so that one which drifts off gains nothing", () => {
    const cells = numbers("cell", [9, 9, 1, 1], [1, 1, -1, -1]);
    expect(gap(cells, 0, ONE, OTHER)).toBeCloseTo(1 - Math.tanh(1), 6);
    expect(ranking(cells, ONE, OTHER)).toEqual([1, 0]);
  });
});
