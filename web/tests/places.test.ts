import { describe, expect, test } from "vitest";
import { findNext } from "../src/find";
import { fingerprint } from "../src/pasted";
import { byMean, extremes } from "../src/ranking";
import { keepInView, stepWidth } from "../src/strip-window";

const f = (...numbers: number[]) => new Float32Array(numbers);

test("extremes are the largest or smallest values, kept apart, numbers only", () => {
  const values = f(0, 5, 4.9, 1, Number.NaN, 3, -2, 5);
  expect(extremes(values, 1, 3, 2)).toEqual([1, 7, 5]);
  expect(extremes(values, -1, 2, 3)).toEqual([6, 0]);
  expect(extremes(f(), 1, 3, 2)).toEqual([]);
});

test("means are sorted, those of symbols met too rarely left out while others remain", () => {
  expect(byMean(f(0.1, 0.9, -1, 2), f(10, 10, 10, 1))).toEqual([1, 0, 2]);
  expect(byMean(f(0.1, 0.9), f(1, 2))).toEqual([1, 0]);
  expect(byMean(f(0.1, 0.9, 3), f(5, 5, 0))).toEqual([1, 0]);
});

describe("findNext", () => {
  const words = ["to", " ", "be", " ", "or", " ", "not", " ", "to", " ", "be"];

  test("finds what comes after the cursor, across symbols, and goes round at the end", () => {
    expect(findNext([..."abcabc"], "bc", 1)).toBe(4);
    expect(findNext([..."abcabc"], "bc", 4)).toBe(1);
    expect(findNext(words, "to be", 0)).toBe(8);
    expect(findNext(words, "ot t", 2)).toBe(6);
    expect(findNext(words, "be", 9)).toBe(10);
  });

  test("says when there is none", () => {
    expect(findNext(words, "question", 0)).toBe(-1);
    expect(findNext([], "a", 0)).toBe(-1);
  });
});

describe("a strip", () => {
  test("stays where it is while the cursor is in view, and else centres on it, within the text", () => {
    expect(keepInView(10, 15, 20, 100)).toBe(10);
    expect(keepInView(10, 40, 20, 100)).toBe(30);
    expect(keepInView(10, 2, 20, 100)).toBe(0);
    expect(keepInView(10, 99, 20, 100)).toBe(80);
    expect(keepInView(5, 3, 20, 8)).toBe(0);
  });

  test("gives words and rows more room than letters", () => {
    expect(stepWidth(["a", "b"], "symbols", 1000)).toBe(16);
    expect(stepWidth(["return", " "], "symbols", 1000)).toBe(64);
    expect(stepWidth(Array<string>(28).fill("1"), "rows", 1120)).toBe(40);
    expect(stepWidth(Array<string>(28).fill("1"), "rows", 100)).toBe(24);
  });
});

test("a text's fingerprint tells texts apart and is always the same", () => {
  const some = ["", "a", "b", "ab", "ba", "a".repeat(5000), `${"a".repeat(4999)}b`];
  expect(new Set(some.map(fingerprint)).size).toBe(some.length);
  expect(fingerprint("peephole")).toBe(fingerprint("peep" + "hole"));
});
