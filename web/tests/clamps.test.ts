import { expect, test } from "vitest";
import { partsOf, pythonCall, shortened, unitAddress, withClamp, within } from "../src/clamps";
import type { Clamp } from "../src/state";

const clamp = (unit: string, value: number, from: number, to: number | null): Clamp => ({ unit, value, from, to });

test("a unit is named as intervene names it", () => {
  expect(unitAddress(1, "backward", "forget_gate", 7)).toBe("l1_reverse.forget_gate.7");
  expect(partsOf("l0.cell.3")).toEqual({ lane: "l0", quantity: "cell", number: 3 });
});

test("a clamp takes the place of one on the same steps, and of no other", () => {
  const first = clamp("l0.cell.3", 1, 2, 2);
  expect(withClamp([first], clamp("l0.cell.3", 4, 2, 2))).toEqual([clamp("l0.cell.3", 4, 2, 2)]);
  expect(withClamp([first], clamp("l0.cell.3", 4, 2, null))).toHaveLength(2);
});

test("a sequence has its own steps, and clamps of others are none of its", () => {
  const clamps = [clamp("l0.cell.1", 1, 0, null), clamp("l0.cell.2", 1, 4, 5), clamp("l0.cell.3", 1, 9, 9)];
  expect(within(clamps, [3, 4, 5], 5)).toEqual([clamp("l0.cell.1", 1, 0, null), clamp("l0.cell.2", 1, 1, 2)]);
});

test("values are shortened to what can be read", () => {
  expect(shortened(-0.123456)).toBe(-0.1235);
});

test("the Python holds each clamp on its own steps", () => {
  const clamps = [clamp("l0.cell.3", 2, 12, 12), clamp("l0.hidden.1", 0.5, 12, 12), clamp("l0.cell.4", -1e-7, 3, null)];
  expect(pythonCall(clamps, [20], 12, null)).toBe(
    [
      'with ph.intervene(network, {"l0.cell.3": 2.0, "l0.hidden.1": 0.5}, steps=[12]), ' +
        'ph.intervene(network, {"l0.cell.4": -1e-7}, steps=slice(3, None)):',
      "    (scores, state), trace = ph.trace(network, ids)",
      "",
    ].join("\n"),
  );
});

test("the Python says which network of the film and which sequence are meant", () => {
  const call = pythonCall([clamp("l0.cell.3", 2, 4, 5)], [3, 4], 4, 7);
  expect(call).toContain("network = run.network_at(run.film()[7])");
  expect(call).toContain("# ids: the sequence at step 3 alone");
  expect(call).toContain("steps=range(1, 3)");
});
