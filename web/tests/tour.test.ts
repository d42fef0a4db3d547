import { describe, expect, test } from "vitest";
import { FUNCTIONS, unsigmoid, untanh } from "../src/tour/activations";
import { recorded, rerun, snap, swapped, USUAL } from "../src/tour/cell";
import { lstmParameters, peepholeParameters } from "../src/tour/counts";
import { fade, geometricMean, products } from "../src/tour/fade";
import { KEYS, opening, stepOf } from "../src/tour/places";
import { sunflower } from "../src/tour/sunflower";
import { columns, recurrence } from "../src/tour/unroll";

describe("the number of parameters", () => {
  test("50 in and 60 hidden have 26,880 with torch's two biases and 26,640 with one", () => {
    expect(lstmParameters({ input: 50, hidden: 60 })).toBe(26_880);
    expect(lstmParameters({ input: 50, hidden: 60 }, 1)).toBe(26_640);
  });
  test("diagonal peepholes add 180, full ones make it 37,440 with one bias", () => {
    expect(peepholeParameters(60, "diagonal")).toBe(180);
    expect(lstmParameters({ input: 50, hidden: 60 }, 1) + peepholeParameters(60, "full")).toBe(37_440);
  });
});

describe("what becomes of a memory", () => {
  test("with the forget gate at σ(1) 1.6e-4 of it is left after 28 steps", () => {
    expect(fade(FUNCTIONS.sigmoid(1), 0, 28)[28]!.kept.toExponential(1)).toBe("1.6e-4");
  });
  test("with the forget gate open and the input gate shut nothing fades and nothing is added", () => {
    expect(fade(1, 0, 1000)[1000]).toEqual({ kept: 1, written: 0 });
  });
  test("with both open what is kept stays and what is written heaps up", () => {
    expect(fade(1, 0.5, 4)[4]).toEqual({ kept: 1, written: 2 });
  });
  test("its parts are those of the cell's equation", () => {
    const { cell } = rerun({ forget: [0, 0.8, 0.8], input: [1, 0.3, 0.3], candidate: [1, 1, 1], output: [1, 1, 1] });
    const { kept, written } = fade(0.8, 0.3, 2)[2]!;
    expect(kept + written).toBeCloseTo(cell[2]!, 12);
  });
  test("products begin with the empty one, and the geometric mean gives the same product", () => {
    expect(products([0.5, 0.5, 0.1])).toEqual([1, 0.5, 0.25, 0.025]);
    expect(geometricMean([0.5, 0.5, 0.1]) ** 3).toBeCloseTo(0.025, 12);
    expect(geometricMean([])).toBeNaN();
  });
});

describe("a unit run again", () => {
  const gates = { input: [0.9, 0.1], forget: [0.5, 0.8], candidate: [0.7, -0.4], output: [0.2, 0.6] };
  test("with nothing changed is what was recorded", () => {
    const found = rerun(swapped(snap(gates, { input: null, forget: null, output: null }), USUAL));
    const first = 0.9 * 0.7;
    expect(found.cell).toEqual([first, 0.8 * first + 0.1 * -0.4]);
    expect(found.hidden[0]).toBe(0.2 * Math.tanh(first));
  });
  test("a forget gate of 0 leaves only what is written, of 1 everything", () => {
    expect(rerun(snap(gates, { input: null, forget: 0, output: null })).cell[1]).toBeCloseTo(-0.04, 12);
    expect(rerun(snap(gates, { input: null, forget: 1, output: null })).cell[1]).toBeCloseTo(0.59, 12);
  });
  test("a reveal of 0 hides the cell and leaves it", () => {
    const hidden = rerun(snap(gates, { input: null, forget: null, output: 0 }));
    expect(hidden.hidden).toEqual([0, 0]);
    expect(hidden.cell).toEqual(rerun(gates).cell);
  });
  test("another function is applied to the very sums", () => {
    const found = swapped(gates, { f: "identity", g: "relu", h: "tanh" });
    expect(found.forget[1]).toBeCloseTo(Math.log(0.8 / 0.2), 12);
    expect(found.candidate[0]).toBeCloseTo(Math.atanh(0.7), 12);
    expect(found.candidate[1]).toBe(0);
  });
  test("a saturated gate has a sum too", () => {
    expect(FUNCTIONS.sigmoid(unsigmoid(1))).toBeCloseTo(1, 6);
    expect(FUNCTIONS.tanh(untanh(-1))).toBeCloseTo(-1, 12);
  });
  test("a cell without these gates has none", () => {
    expect(recorded(new Map([["hidden", new Float32Array(3)]]))).toBeNull();
  });
});

describe("pictures", () => {
  test("all seeds lie inside the circle and none on another", () => {
    const { seeds, radius } = sunflower(60, 100);
    for (const { x, y } of seeds) expect(Math.hypot(x, y) + radius).toBeLessThanOrEqual(100);
    for (const [place, { x, y }] of seeds.entries()) {
      for (const other of seeds.slice(place + 1)) {
        expect(Math.hypot(other.x - x, other.y - y)).toBeGreaterThan(1.6 * radius);
      }
    }
  });
  test("folded, all columns are one; unrolled, they are evenly apart", () => {
    expect(new Set(columns(6, 600, 0).at)).toEqual(new Set([300]));
    expect(columns(6, 600, 1).at).toEqual([50, 150, 250, 350, 450, 550]);
  });
  test("unrolled, the way to the next state is straight", () => {
    expect(recurrence({ x: 0, y: 9 }, { x: 95, y: 9 }, 15, 1)).toBe("M15 9C35 9 55 9 75 9");
  });
});

describe("the steps", () => {
  test("are fifteen, numbered from 1, and none beside them", () => {
    expect(KEYS).toHaveLength(15);
    expect(KEYS.map((_, place) => stepOf(place + 1))).toEqual([...KEYS]);
    for (const none of [null, 0, 16, Number.NaN]) expect(stepOf(none)).toBeNull();
  });
  test("each leaves nothing of the place before", () => {
    for (const key of KEYS) expect(opening(key)).toMatchObject({ clamps: [], frame: null, light: null, editing: false });
  });
});
