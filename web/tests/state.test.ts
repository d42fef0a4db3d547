import { describe, expect, test } from "vitest";
import { format, HOME, parse, type Address } from "../src/state";

const there = (address: Address) => {
  const url = new URL(format(address), "http://127.0.0.1");
  return parse(url.pathname, url.search);
};

const run: Address = { ...HOME, page: "network", run: "python" };

describe("an address is the state", () => {
  test.each<[string, Address]>([
    ["home", HOME],
    ["home in Chinese", { ...HOME, lang: "zh" }],
    ["a network as it opens", run],
    ["a run with an awkward name", { ...run, run: "a/b c?#%你" }],
    [
      "everything chosen",
      {
        ...run,
        layer: 1,
        direction: "backward",
        quantity: "forget_gate",
        unit: 41,
        moment: 120,
        source: { kind: "sample", index: 3 },
        lanes: ["predictions", "surprise"],
        sort: "turnover",
        scale: "all",
        lang: "zh",
      },
    ],
    [
      "everything being done",
      {
        ...run,
        run: "zoo:counter",
        frame: 12,
        clamps: [
          { unit: "l0.cell.3", value: -1.5, from: 12, to: 20 },
          { unit: "l1_reverse.forget_gate.7", value: 1e-7, from: 0, to: null },
        ],
        light: 31,
        stretch: [4, 9],
        editing: true,
        tour: 7,
      },
    ],
    ["a moment", { ...run, page: "moment", unit: 3, moment: 9, everyUnit: true }],
    ["a drawn digit", { ...run, page: "digit", source: { kind: "drawn", pixels: "AAf_-9" } }],
    ["two networks", { ...run, page: "compare", other: "a/b", unit: 2, otherUnit: 0, source: { kind: "text", text: "aaX" } }],
    ["a step of the tour at home", { ...HOME, tour: 1 }],
    ["a unit", { ...run, page: "unit", unit: 0, moment: 0 }],
    ["a text of one's own", { ...run, source: { kind: "text", text: 'x = "<a&b>"\n\té 你好\u202e😀 +%20 ' } }],
    ["an empty text", { ...run, source: { kind: "text", text: "" } }],
    ["a long text's key", { ...run, source: { kind: "pasted", key: "1k2j3" } }],
  ])("%s survives the way there and back", (_, address) => {
    expect(there(address)).toEqual(address);
  });

  test("what has its default is not in it", () => {
    expect(format(run)).toBe("/run/python");
    expect(format({ ...run, page: "unit", unit: 41 })).toBe("/run/python/unit/41");
    expect(format({ ...run, run: "zoo:counter", page: "moment", unit: 4 })).toBe("/run/zoo:counter/unit/4/moment");
    expect(format({ ...run, unit: 41, moment: 7, lanes: ["predictions", "surprise"] })).toBe(
      "/run/python?unit=41&t=7&lanes=predictions,surprise",
    );
  });

  test("numbers that are none are kept apart from numbers that are left out", () => {
    const read = parse("/run/python/unit/x", "?layer=-1&t=1e3&sample=two");
    expect(read.unit).toBeNaN();
    expect(read.layer).toBeNaN();
    expect(read.moment).toBeNaN();
    expect(read.source).toEqual({ kind: "sample", index: Number.NaN });
    expect(parse("/run/python", "").unit).toBeNull();
  });

  test("choices that do not exist fall back to the usual one", () => {
    const read = parse("/run/python", "?sort=beauty&scale=none&direction=sideways&lanes=x,surprise&lang=la");
    expect([read.sort, read.scale, read.direction, read.lanes, read.lang]).toEqual([
      "telling",
      "unit",
      "forward",
      ["surprise"],
      null,
    ]);
  });

  test("a clamp that is none is left out, and a stretch may be written from either end", () => {
    const read = parse("/run/python", "?clamp=l0.cell.3:1@2-,l0.cell:1@2-,l0.cell.3:x@2-&stretch=9-4");
    expect(read.clamps).toEqual([{ unit: "l0.cell.3", value: 1, from: 2, to: null }]);
    expect(read.stretch).toEqual([4, 9]);
  });

  test("a path that is no page says so", () => {
    for (const path of ["/what", "/run", "/run/", "/run/a/unit", "/run/a/unit/1/2"]) {
      expect(parse(path, "").page).toBe("nowhere");
    }
    expect(parse("/run/%E0%A4%A", "").run).toBe("%E0%A4%A");
  });
});
