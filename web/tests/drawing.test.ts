import { describe, expect, test } from "vitest";
import { picture, type Stroke } from "../src/digit/sketch";
import { decode, encode, INK, SIDE } from "../src/drawing";

describe("a drawing in an address", () => {
  test("survives the way there and back", () => {
    const greys = Uint8Array.from({ length: SIDE * SIDE }, (_, place) => (place * 7) % (INK + 1));
    expect(encode(greys)).toMatch(/^[A-Za-z0-9_-]{523}$/);
    expect(decode(encode(greys))).toEqual(greys);
  });

  test("puts the first pixel into the first byte's high half", () => {
    const greys = new Uint8Array(SIDE * SIDE);
    greys[0] = INK;
    expect(encode(greys).startsWith("8AAA")).toBe(true);
  });

  test.each(["", "AAf_-9", "A".repeat(524), `${"A".repeat(522)}!`])("%j is none", (text) => {
    expect(decode(text)).toBeNull();
  });

  test("has no grey beyond ink", () => {
    expect(() => encode(new Uint8Array(SIDE * SIDE).fill(INK + 1))).toThrow(RangeError);
    expect(() => encode(new Uint8Array(3))).toThrow(RangeError);
  });
});

const at = (greys: Uint8Array, x: number, y: number) => greys[y * SIDE + x]!;

function measured(greys: Uint8Array) {
  const inked = [...greys.keys()].filter((place) => greys[place]! > 0);
  const [xs, ys] = [inked.map((place) => place % SIDE), inked.map((place) => Math.floor(place / SIDE))];
  const ink = greys.reduce((sum, grey) => sum + grey, 0);
  return {
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
    x: inked.reduce((sum, place) => sum + greys[place]! * ((place % SIDE) + 0.5), 0) / ink,
    y: inked.reduce((sum, place) => sum + greys[place]! * (Math.floor(place / SIDE) + 0.5), 0) / ink,
  };
}

describe("strokes become such a picture as the network learned from", () => {
  const seven: Stroke[] = [[[0.1, 0.1], [0.3, 0.1], [0.2, 0.4]]];

  test("wherever and however large they were drawn", () => {
    const large = seven.map((stroke) => stroke.map(([x, y]) => [0.2 + 2 * x, 0.1 + 2 * y] as const));
    expect(picture(large)).toEqual(picture(seven));
  });

  test("fitted into 20 pixels, its centre of ink in the middle", () => {
    const { width, height, x, y } = measured(picture(seven)!);
    expect(height).toBeGreaterThanOrEqual(19);
    expect(Math.max(width, height)).toBeLessThanOrEqual(21);
    expect(x).toBeCloseTo(14.5, 0);
    expect(y).toBeCloseTo(14.5, 0);
  });

  test("soft at its edges and black inside", () => {
    const greys = picture([[[0.5, 0.1], [0.5, 0.9]]])!;
    expect(at(greys, 14, 14)).toBe(INK);
    expect(new Set(greys).size).toBeGreaterThan(2);
  });

  test("a dot stays small, and nothing is nothing", () => {
    expect(measured(picture([[[0.5, 0.5]]])!).width).toBeLessThanOrEqual(4);
    expect(picture([])).toBeNull();
    expect(picture([[]])).toBeNull();
  });
});
