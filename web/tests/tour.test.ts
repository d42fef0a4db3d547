import { describe, expect, test } from "vitest";
import { FUNCTIONS, unsigmoid, untanh } from "../src/tour/activations";
import { recorded, rerun, snap, swapped, USUAL } from "../src/tour/cell";
import { lstmParameters, peepholeParameters } from "../src/tour/counts";
import { fade, geometricMean, products } from "../src/tour/fade";
import { matrices, picture } from "../src/tour/matrix";
import { KEYS, opening, stepOf } from "../src/tour/places";
import { superscript } from "../src/format";
import { brightness, spanOf, tiny } from "../src/tour/powers";
import { sunflower } from "../src/tour/sunflower";
import { tangents } from "../src/tour/tangents";
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

describe("x and h on the rows of W", () => {
  const bottom = ({ y, rows }: { y: number; rows: number }, scale: number) => y + rows * scale;
  test("joined, they are as high as W, with nothing between", () => {
    const { strips, blocks, scale, unread } = picture("plain", 1, 900);
    const [x, h] = strips;
    expect(bottom(x!, scale)).toBeCloseTo(h!.y);
    expect(bottom(h!, scale)).toBeCloseTo(bottom(blocks[0]!, scale));
    expect(unread).toBe(0);
  });
  test("apart, they are not", () => {
    const { strips, scale } = picture("plain", 0, 900);
    expect(strips[1]!.y).toBeGreaterThan(bottom(strips[0]!, scale) + 20);
  });
  test("unsplit, the four gates lie side by side without a gap; split, apart", () => {
    const gap = (progress: number) => {
      const { blocks, scale } = picture("plain", progress, 900);
      return blocks[1]!.x - blocks[0]!.x - blocks[0]!.columns * scale;
    };
    expect(gap(2 / 3)).toBeCloseTo(0);
    expect(gap(1)).toBeGreaterThan(10);
  });
  test("whatever is tried fits the width that there is", () => {
    for (const mode of ["plain", "square", "wide", "full"] as const) {
      const { blocks, scale } = picture(mode, 1, 358);
      const last = blocks.at(-1)!;
      expect(last.x + last.columns * scale).toBeLessThanOrEqual(358);
    }
  });
  test("a matrix without rows for h leaves 60 unread, one with 110 columns makes 50 too many", () => {
    expect(picture("square", 1, 900)).toMatchObject({ unread: 60, surplus: 0 });
    expect(picture("wide", 1, 900)).toMatchObject({ unread: 60, surplus: 50 });
    expect(matrices("full").map(({ rows }) => rows)).toEqual([170, 170, 110, 170]);
  });
});

describe("numbers that span powers of ten", () => {
  test("are written with two digits and a raised exponent", () => {
    expect([1.551e-4, 9.99e-5, 0, 0.5, 1].map(tiny)).toEqual(["1.6·10⁻⁴", "1.0·10⁻⁴", "0", "0.500", "1.000"]);
    expect(superscript(-12)).toBe("⁻¹²");
  });
  test("lie on a span that holds them, and is never short", () => {
    expect(spanOf([15, 0.1, 0])).toEqual({ lowest: -1, highest: 2 });
    expect(spanOf([0, 0])).toEqual({ lowest: -3, highest: 0 });
    expect(spanOf([1e-20])).toEqual({ lowest: -8, highest: 0 });
  });
  test("are as bright as their power of ten is high", () => {
    const span = { lowest: -4, highest: 0 };
    expect([1, 1e-2, 1e-4, 1e-9, 0].map((value) => brightness(value, span))).toEqual([1, 0.5, 0, 0, 0]);
  });
});

describe("an enlargement", () => {
  test("hangs on lines that touch both circles", () => {
    const path = tangents({ x: 0, y: 0, radius: 10 }, { x: 100, y: 0, radius: 10 });
    expect(path).toBe("M0.00 10.00L100.00 10.00M0.00 -10.00L100.00 -10.00");
  });
  test("of a circle inside the other hangs on none", () => {
    expect(tangents({ x: 0, y: 0, radius: 1 }, { x: 1, y: 0, radius: 10 })).toBe("");
  });
});

describe("the steps", () => {
  test("are fifteen, numbered from 1, and none beside them", () => {
    expect(KEYS).toHaveLength(15);
    expect(KEYS.map((_, place) => stepOf(place + 1))).toEqual([...KEYS]);
    for (const none of [null, 0, 16, Number.NaN]) expect(stepOf(none)).toBeNull();
  });
  test("each leaves nothing of the place before", () => {
    for (const key of KEYS)
      expect(opening(key)).toMatchObject({ clamps: [], frame: null, light: null, editing: false });
  });
});
