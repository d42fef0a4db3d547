import { describe, expect, test } from "vitest";
import { apartness, ranking, type Numbers } from "../src/home/apart";

/** Units as columns: two steps of the one sequence, two of the other. */
function numbers(...units: number[][]): Numbers {
  return { units: units.length, at: (step, unit) => units[unit]![step]! };
}

const [ONE, OTHER] = [[0, 1], [2, 3]] as const;

describe("a unit keeps two sequences apart", () => {
  test("fully if it stays at opposite ends, whichever", () => {
    expect(apartness(numbers([2, 2, -2, -2]), 0, ONE, OTHER)).toBe(1);
    expect(apartness(numbers([-3, -3, 3, 3]), 0, ONE, OTHER)).toBe(1);
  });

  test("less if it fades, and not by its sign if it is on one side in both", () => {
    expect(apartness(numbers([2, 1, -2, -2]), 0, ONE, OTHER)).toBe(0.5);
    expect(apartness(numbers([2, 2, 1, 1]), 0, ONE, OTHER)).toBeLessThan(0);
    expect(apartness(numbers([0, 0, 0, 0]), 0, ONE, OTHER)).toBe(-1);
  });

  test("and the best is found, wherever it is", () => {
    const units = numbers([1, 1, 1, 1], [2, 1, -2, -2], [-5, -5, 5, 5]);
    expect(ranking(units, ONE, OTHER).map(({ unit }) => unit)).toEqual([2, 1, 0]);
  });
});
