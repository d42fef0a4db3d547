import { describe, expect, test } from "vitest";
import { sequenceOf, sequenceStarts, stepAt, wrap } from "../src/layout";
import { glyphs, interned } from "../src/reading";

function set(symbols: string[], columns: number, lengths = [symbols.length]) {
  const text = interned(symbols);
  return wrap(text, glyphs(text), lengths, columns);
}

/** The text of each line. */
function lines(symbols: string[], columns: number, lengths?: number[]): string[] {
  const { starts } = set(symbols, columns, lengths);
  return Array.from(starts.slice(1), (end, line) => symbols.slice(starts[line], end).join(""));
}

describe("wrap", () => {
  test("breaks after newlines and where a line is full", () => {
    expect(lines([..."ab\nabcdefgh"], 4)).toEqual(["ab\n", "abcd", "efgh"]);
  });

  test("breaks after the last space where one is near, but not after an indentation", () => {
    expect(lines([..."to be or not"], 8)).toEqual(["to be ", "or not"]);
    expect(lines([..."      abcdef"], 8)).toEqual(["      ab", "cdef"]);
  });

  test("starts a line with each sequence", () => {
    expect(lines([..."aXbaaXbb"], 20, [3, 5])).toEqual(["aXb", "aaXbb"]);
  });

  test("never splits a wide symbol, and cuts a word to the line", () => {
    expect(lines([..."abc你好"], 4)).toEqual(["abc", "你好"]);
    const { cells } = set(["a", "immeasurably", "b"], 8);
    expect([...cells]).toEqual([1, 8, 1]);
  });

  test("places every step of every line without gap or overlap", () => {
    const symbols = [..."def f(你): return 'x' * 12\n    好 = 1\n"];
    const { starts, line, column, cells } = set(symbols, 9);
    for (let row = 0; row + 1 < starts.length; row++) {
      let at = 0;
      for (let step = starts[row]!; step < starts[row + 1]!; step++) {
        expect([line[step], column[step]]).toEqual([row, at]);
        at += cells[step]!;
      }
      expect(at).toBeLessThanOrEqual(9);
    }
  });

  test("sets an empty text", () => {
    expect([...set([], 10).starts]).toEqual([0, 0]);
  });
});

test("stepAt finds the step under a point, and the nearest one beside the text", () => {
  const layout = set([..."a你b\nxy"], 10);
  expect([0, 1, 2, 3, 4, 9].map((column) => stepAt(layout, 0, column))).toEqual([0, 1, 1, 2, 3, 3]);
  expect([stepAt(layout, 9, 0), stepAt(layout, 1, 99), stepAt(layout, -3, -3)]).toEqual([4, 5, 0]);
});

test("sequences know their bounds", () => {
  expect([...sequenceStarts([3, 0, 2])]).toEqual([0, 3, 3]);
  expect([0, 2, 3, 4].map((step) => sequenceOf([3, 2], step))).toEqual([
    [0, 3],
    [0, 3],
    [3, 5],
    [3, 5],
  ]);
});
