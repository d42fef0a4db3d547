import { expect, test } from "vitest";
import { boxHeight, scrollTo, topAt } from "../src/scrolled";

test("a text that a browser can lay out is scrolled as it is", () => {
  const scrolled = { total: 700_000, shown: 500 };
  expect([boxHeight(scrolled), topAt(scrolled, 1234), scrollTo(scrolled, 1234)]).toEqual([700_000, 1234, 1234]);
});

test("a taller one reaches from its first pixel to its last, and back", () => {
  const scrolled = { total: 140_000_008, shown: 500 };
  const box = boxHeight(scrolled);
  expect(box).toBeLessThan(17_000_000);
  expect(topAt(scrolled, 0)).toBe(0);
  expect(topAt(scrolled, box - 500)).toBeCloseTo(140_000_008 - 500, 3);
  expect(topAt(scrolled, scrollTo(scrolled, 99_999_999))).toBeCloseTo(99_999_999, 3);
});

test("a text shorter than its window does not scroll", () => {
  expect(topAt({ total: 80, shown: 500 }, 0)).toBe(0);
});
