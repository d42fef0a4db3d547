import { describe, expect, test } from "vitest";
import { contrast, DARK, fromOklab, LIGHT, mix, toOklab, Tones } from "../src/colour";

describe.each([LIGHT, DARK])("the $name theme", (theme) => {
  const tones = new Tones(theme);

  test("has zero and a shut gate in the page's own colour", () => {
    expect(tones.signed(0)).toBe(theme.page);
    expect(tones.signed(-0)).toBe(theme.page);
    expect(tones.gate(0)).toBe(theme.page);
  });

  test("ends at exactly the palette's colours, and stays there beyond", () => {
    expect([tones.signed(-1), tones.signed(-7)]).toEqual([theme.negative, theme.negative]);
    expect([tones.signed(1), tones.signed(Infinity)]).toEqual([theme.positive, theme.positive]);
    expect([tones.gate(1), tones.gate(1.2), tones.gate(-1)]).toEqual([theme.open, theme.open, theme.page]);
  });

  test("keeps every letter readable: ink on any ground has a contrast of 4.5 or more", () => {
    for (let fraction = -1; fraction <= 1; fraction += 1 / 64) {
      expect(contrast(theme.ink, tones.signed(fraction))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(theme.ink, tones.gate(fraction))).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("deepens its ridge with the magnitude, so that a sign can be told without hue", () => {
    const towardsInk = (fraction: number) => contrast(tones.ridge(fraction), theme.page);
    for (const sign of [-1, 1]) {
      expect(towardsInk(sign)).toBeGreaterThan(towardsInk(sign * 0.5));
      expect(towardsInk(sign)).toBeGreaterThan(contrast(tones.signed(sign), theme.page));
    }
    expect(tones.ridge(0)).toBe(theme.page);
  });
});

test("OKLab has the values of its definition's own table", () => {
  const [lightness, a, b] = toOklab("#ff0000");
  expect(lightness).toBeCloseTo(0.628, 3);
  expect(a).toBeCloseTo(0.2249, 3);
  expect(b).toBeCloseTo(0.1258, 3);
});

test("a colour survives the way there and back", () => {
  for (const hex of ["#000000", "#ffffff", "#42a3fd", "#eb7c33", "#0465af", "#9c4700"]) {
    expect(fromOklab(toOklab(hex))).toBe(hex);
    expect([mix(hex, "#123456", 0), mix("#123456", hex, 1)]).toEqual([hex, hex]);
  }
});
