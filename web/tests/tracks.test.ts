import { describe, expect, it } from "vitest";
import { stepWidth } from "../src/strip-window";
import { areNumbers } from "../src/symbols";
import { pearson } from "../src/record/statistics";
import { parse, format } from "../src/state";
import { featureName, isImage, isSeries, secondsText, stepLabel, stripHeight, tracksHeight, usualZoom, zoomed, ZOOMS } from "../src/tracks";
import { rangesOf } from "../src/ranges";

describe("what is read", () => {
  it("is an image only where numbers are labelled", () => {
    expect(isImage({ input: "numbers", target: "class", features: 28 })).toBe(true);
    expect(isImage({ input: "numbers", target: "output", features: 28 })).toBe(false);
    for (const features of [1, 3, 40]) expect(isSeries({ input: "numbers", target: "none", features })).toBe(true);
    expect(isSeries({ input: "symbols", target: "output", features: 0 })).toBe(false);
  });
});

describe("a step", () => {
  it("is called by its label, else by its time, else by nothing", () => {
    expect(stepLabel({ symbols: ["", "noon"], seconds: 0.5 }, 1)).toBe("noon");
    expect(stepLabel({ symbols: ["", ""], seconds: 0.5 }, 1)).toBe("0.5 s");
    expect(stepLabel({ symbols: ["", ""], seconds: null }, 1)).toBeNull();
  });

  it("has a time as fine as the steps are apart", () => {
    expect(secondsText(1 / 3, 0.02)).toBe("0.33 s");
    expect(secondsText(3, 2)).toBe("3 s");
    expect(secondsText(1 / 16000, 1 / 16000)).toBe("0.00006 s");
  });

  it("is as wide as was chosen, and the choice is in the address", () => {
    expect(usualZoom(20, 800)).toBe(12);
    expect(usualZoom(500, 800)).toBe(6);
    expect(usualZoom(16000, 800)).toBe(2);
    expect(zoomed(6, 1)).toBe(12);
    expect(zoomed(1, -1)).toBe(1);
    expect(zoomed(24, 1)).toBe(24);
    for (const zoom of ZOOMS) expect(parse("/run/a", `?zoom=${zoom}`).zoom).toBe(zoom);
    expect(parse("/run/a", "?zoom=5").zoom).toBeNull();
    expect(format(parse("/run/a", "?opened=k1&zoom=12"))).toBe("/run/a?opened=k1&zoom=12");
  });
});

describe("tracks", () => {
  it("have a scale each, a constant one around its value", () => {
    expect(rangesOf({ values: Float32Array.of(1, 5, -3, 5, 2, 5), features: 2 })).toEqual([[-3, 2], [4, 6]]);
  });

  it("are taller for more features, but never than a screen", () => {
    expect(tracksHeight(3)).toBeGreaterThan(tracksHeight(1));
    expect(tracksHeight(500)).toBeLessThan(200);
    expect(stripHeight(500)).toBeLessThan(100);
  });

  it("are called by the file's names, else by number", () => {
    expect(featureName({ feature_names: ["wind"] }, 0)).toBe("wind");
    expect(featureName({ feature_names: null }, 12)).toBe("x₁₂");
  });
});

describe("a correlation", () => {
  it("is 1 along, −1 against, and no number with what never changes", () => {
    const rising = Float32Array.of(1, 2, 3, 7);
    expect(pearson(rising, (step) => 2 * rising[step]! - 1)).toBeCloseTo(1, 12);
    expect(pearson(rising, (step) => -rising[step]!)).toBeCloseTo(-1, 12);
    expect(pearson(rising, () => 3)).toBeNaN();
  });
});

describe("symbols that are numbers", () => {
  it("stand apart, and letters do not", () => {
    expect(areNumbers(["1", "12"])).toBe(true);
    expect(areNumbers(["1", "2"])).toBe(false);
    expect(areNumbers(["1", "a2"])).toBe(false);
    expect(stepWidth(["1", "12"], "symbols", 1000)).toBe(32);
  });
});
