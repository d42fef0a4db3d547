import { describe, expect, test } from "vitest";
import {
  blades,
  cutAcross,
  cutAlong,
  gridOf,
  meeting,
  outline,
  pixelsPerOne,
  plotted,
  ridge,
  sample,
  type Cut,
} from "../src/moment/geometry";
import { UPRIGHT, WIDE, type Stations } from "../src/moment/stations";

const width = ({ left, right }: Cut) => Math.hypot(right[0] - left[0], right[1] - left[1]);
const centre = ({ left, right }: Cut) => (left[1] + right[1]) / 2;

describe("a ribbon", () => {
  test("is as wide at each cut as it is said to be, about its axis", () => {
    expect(cutAlong(10, 50, 8)).toEqual({ left: [10, 46], right: [10, 54], join: "line" });
    expect(cutAcross(10, 50, 8)).toEqual({ left: [46, 10], right: [54, 10], join: "line" });
  });

  test("goes along its left edge and back along its right one", () => {
    expect(outline([cutAlong(0, 10, 4), cutAlong(30, 10, 4)], false)).toBe("M0 8L30 8L30 12L0 12Z");
  });

  test("narrows in an S that leaves and arrives level", () => {
    const path = outline([cutAlong(0, 10, 4), cutAlong(30, 10, 2, "along")], false);
    expect(path).toBe("M0 8C10 8 20 9 30 9L30 11C20 11 10 12 0 12Z");
  });

  test("turned upright is the same with its directions swapped", () => {
    const cuts = [cutAlong(0, 10, 4), cutAlong(30, 10, 2, "along")];
    const swapped = outline(cuts, false).replace(/(-?[\d.]+) (-?[\d.]+)/g, "$2 $1");
    expect(outline(cuts, true)).toBe(swapped);
  });

  test("bends in two arcs about one centre", () => {
    // Up at 100 ± 5, then along at 40 ± 5, round a centre at (115, 55): radii 20 and 10.
    const cuts: Cut[] = [cutAcross(55, 100, 10), { ...cutAlong(115, 40, 10), join: "bend along" }];
    const numbers = outline(cuts, false)
      .match(/-?[\d.]+/g)!
      .map(Number);
    const [x0, y0, ...curve] = numbers as [number, number, ...number[]];
    for (let share = 0; share <= 1; share += 0.125) {
      const at = (p0: number, p1: number, p2: number, p3: number) =>
        (1 - share) ** 3 * p0 + 3 * (1 - share) ** 2 * share * p1 + 3 * (1 - share) * share ** 2 * p2 + share ** 3 * p3;
      const radius = Math.hypot(
        at(x0, curve[0]!, curve[2]!, curve[4]!) - 115,
        at(y0, curve[1]!, curve[3]!, curve[5]!) - 55,
      );
      expect(radius).toBeCloseTo(20, 1);
    }
  });

  test("has a ridge inside one edge, thinner where the ribbon is thin", () => {
    const cuts = [cutAlong(0, 10, 8), cutAlong(30, 10, 3)];
    expect(ridge(cuts, "left", 2).map(width)).toEqual([2, 1]);
    expect(ridge(cuts, "left", 2)[0]).toEqual({ left: [0, 6], right: [0, 8], join: "line" });
    expect(ridge(cuts, "right", 2)[0]).toEqual({ left: [0, 12], right: [0, 14], join: "line" });
    expect(ridge([cutAlong(0, 10, 0)], "left", 2).map(width)).toEqual([0]);
  });
});

describe("where kept and written meet", () => {
  test("ribbons of one sign lie side by side and are the sum", () => {
    const { upper, lower, cancelled, upperCuts, lowerCuts } = meeting(-20, -6, 0, 100, 50);
    expect([upper, lower, cancelled]).toEqual([20, 6, 0]);
    expect(upperCuts.map(width)).toEqual([20, 20]);
    expect(lowerCuts.map(width)).toEqual([6, 6]);
    // Together they end centred on the axis.
    expect([upperCuts[1].left[1], lowerCuts[1].right[1]]).toEqual([37, 63]);
  });

  test("ribbons of opposite signs lose the same width, until one is gone", () => {
    for (const [kept, written] of [
      [20, -6],
      [-6, 20],
      [7.25, -7.25],
      [12, -30],
    ] as const) {
      const { upper, lower, cancelled, upperCuts, lowerCuts } = meeting(kept, written, 0, 100, 50);
      expect(cancelled).toBe(Math.min(Math.abs(kept), Math.abs(written)));
      expect(upper + lower).toBeCloseTo(Math.abs(kept + written), 12);
      expect(Math.min(upper, lower)).toBe(0);
      expect(width(upperCuts[0]) - width(upperCuts[1])).toBeCloseTo(cancelled, 12);
      expect(width(lowerCuts[0]) - width(lowerCuts[1])).toBeCloseTo(cancelled, 12);
      expect((upperCuts[1].left[1] + lowerCuts[1].right[1]) / 2).toBeCloseTo(50, 12);
    }
  });

  test("they touch all the way, and what was kept comes in on the axis", () => {
    const { upperCuts, lowerCuts } = meeting(20, -6, 0, 100, 50);
    expect(centre(upperCuts[0])).toBe(50);
    expect(upperCuts[0].right).toEqual(lowerCuts[0].left);
    expect(upperCuts[1].right).toEqual(lowerCuts[1].left);
  });
});

describe("a sluice", () => {
  test("leaves the gate's share of its bed open", () => {
    for (const open of [0, 0.25, 0.98, 1]) {
      const [over, under] = blades(84, 72, open, 5);
      expect(under[0] - over[1]).toBeCloseTo(72 * open, 12);
      expect([over[0], under[1]]).toEqual([84 - 41, 84 + 41]);
    }
  });

  test("is neither more than open nor less than shut", () => {
    expect(blades(0, 10, 1.2, 0)).toEqual([
      [-5, -5],
      [5, 5],
    ]);
    expect(blades(2, 10, -0.1, 0)).toEqual([
      [-3, 2],
      [2, 7],
    ]);
  });
});

test("a curve's dot stands on its curve, and at its end if the sum is beyond it", () => {
  const { at } = plotted(Math.tanh, 4, -1, 1, { x: 10, y: 20, width: 80, height: 40 });
  expect(at(0)).toEqual([50, 40]);
  expect(at(2)[0]).toBe(70);
  expect(at(2)[1]).toBeCloseTo(40 - 20 * Math.tanh(2), 10);
  expect(at(40)).toEqual(at(4));
});

test("a strip of units is as square in its cells as it can be, and has room for all", () => {
  expect(gridOf(1, 2, 1)).toEqual({ columns: 1, rows: 1 });
  expect(gridOf(8, 2, 1)).toEqual({ columns: 4, rows: 2 });
  for (const count of [1, 3, 10, 20, 60, 128, 256, 257]) {
    const { columns, rows } = gridOf(count, 2, 1);
    expect(columns * rows).toBeGreaterThanOrEqual(count);
    expect(columns * (rows - 1)).toBeLessThan(count);
  }
});

test("the road's width stands for the largest memory, never for less than 1", () => {
  expect(pixelsPerOne(72, 0.2)).toBe(72);
  expect(pixelsPerOne(72, 9)).toBe(8);
  expect(pixelsPerOne(72, Number.NaN)).toBe(72);
});

test("the legend's pipe has a round value and at most a third of the road's width", () => {
  for (const largest of [1, 1.3, 5, 9.7, 40, 1234]) {
    const perOne = pixelsPerOne(72, largest);
    const value = sample(72, perOne);
    expect(value * perOne).toBeLessThanOrEqual(24);
    expect(value * perOne).toBeGreaterThan(9);
    expect([1, 2, 5]).toContain(Number(value.toExponential()[0]));
  }
});

describe.each([
  ["wide", WIDE],
  ["upright", UPRIGHT],
])("on the %s sheet", (_, sheet: Stations) => {
  test("the widest pipes have room to bend, narrow and meet", () => {
    const lowest = sheet.road + sheet.pipe / 2 + sheet.pipe + sheet.bend; // all kept, and as much written against it
    expect(lowest).toBeLessThanOrEqual(sheet.write - 4);
    expect(sheet.write + sheet.throat).toBeLessThan(sheet.boxes - sheet.box.across / 2);
    expect(sheet.rise + sheet.pipe / 2 + sheet.bend).toBeLessThanOrEqual(sheet.meet[0]);
    expect(sheet.road + sheet.pipe / 2).toBeLessThan(sheet.funnel[0]);
    expect(sheet.funnel[1]).toBeLessThanOrEqual(sheet.reveal - sheet.throat);
    expect(sheet.shelf - sheet.pipe / 2 - sheet.bend).toBeGreaterThan(sheet.reveal);
    expect(sheet.drop + sheet.pipe / 2 + sheet.bend).toBeLessThan(sheet.out);
  });

  test("peepholes of the keep and the write gate leave before the sluice, that of the reveal gate after the sum", () => {
    expect(sheet.peep).toBeLessThan(sheet.keep);
    expect(sheet.peepAfter).toBeGreaterThan(sheet.meet[1]);
  });

  test("boxes do not overlap", () => {
    const candidate = { at: sheet.rise, half: sheet.pipe / 2 + 12 };
    const boxes = [sheet.keepBox, sheet.writeBox].map((at) => ({ at, half: sheet.box.along / 2 }));
    const row = [...boxes, candidate, { at: sheet.revealBox, half: sheet.box.along / 2 }];
    row.slice(1).forEach((box, i) => expect(box.at - box.half).toBeGreaterThan(row[i]!.at + row[i]!.half));
  });
});
