import { describe, expect, test } from "vitest";
import { boxesBetween, moved, offsetOn, pieceAt, placeOf } from "../src/caret";
import { NOTHING_READ } from "../src/live-view";
import { cut, cutOf, written, type Cut } from "../src/pieces";
import { interned } from "../src/reading";
import { typeset } from "../src/text-view";

const read = (symbols: string[], lengths = [symbols.length]) => ({ symbols, lengths });
const nothing = read([], []);

describe("cut", () => {
  test("what was read before and still stands is read, the rest is not", () => {
    const { all, read: known } = cut("abXd", "characters", read([..."abcd"]));
    expect(all.map(({ text }) => text)).toEqual([..."abXd"]);
    expect(known).toBe(2);
  });

  test("lines are sequences, and their ends are no steps", () => {
    const { all, read: known } = cut("ab\n\nc", "lines", read([..."abc"], [2, 1]));
    expect(all.map(({ step }) => step)).toEqual([0, 1, null, null, 2]);
    expect(known).toBe(3);
  });

  test("a symbol that begins a sequence is another one than the same inside a sequence", () => {
    expect(cut("abc", "lines", read([..."abc"], [2, 1])).read).toBe(2);
    expect(cut("ab\nc", "lines", read([..."abc"])).read).toBe(2);
  });

  test("a word that goes on is another word", () => {
    const before = read(["to", " ", "be"]);
    expect(cut("to be", "words", before).read).toBe(3);
    expect(cut("to bee", "words", before).read).toBe(2);
  });

  test("characters beyond the first plane are one symbol of two units", () => {
    const { all } = cut("a😀b", "characters", nothing);
    expect(all.map(({ start, step }) => [start, step])).toEqual([[0, 0], [1, 1], [3, 2]]);
  });

  test("follows from what a network reads", () => {
    expect(cutOf("counter", ["a", "b"])).toBe("lines");
    expect(cutOf("text", ["a", "记"])).toBe("characters");
    expect(cutOf("text", ["a", "word"])).toBe("words");
  });
});

test("sequences are written one a line", () => {
  expect(written(read([..."abc"], [2, 1]))).toBe("ab\nc");
});

/** A text set in lines of 20 columns of 9 pixels, 8 from the left, 24 high. */
function set(text: string, how: Cut = "characters") {
  const { all } = cut(text, how, nothing);
  const symbols = all.map((piece) => piece.text);
  const trace = { ...NOTHING_READ, ...interned(symbols), symbols, steps: symbols.length, lengths: [symbols.length] };
  return { pieces: all, setting: typeset({ trace, lanes: [] }, 8 + 9 + 20 * 9, 60) };
}

const LINES = "abc\n记忆de\n";

describe("the caret", () => {
  test("stands before the symbol at its offset, and on the empty line after a last newline", () => {
    const typed = set(LINES);
    expect(placeOf(typed, 0)).toEqual({ line: 0, x: 8, y: 0 });
    expect(placeOf(typed, 5)).toEqual({ line: 1, x: 8 + 18, y: 24 });
    expect(placeOf(typed, LINES.length)).toEqual({ line: 2, x: 8, y: 48 });
  });

  test("goes to the nearer side of the letter that is pointed at", () => {
    const typed = set(LINES);
    expect(offsetOn(typed, 0, 8 + 9 + 2)).toBe(1);
    expect(offsetOn(typed, 0, 8 + 9 + 7)).toBe(2);
    expect(offsetOn(typed, 0, 500)).toBe(3);
    expect(offsetOn(typed, 1, 8 + 10)).toBe(5);
    expect(offsetOn(typed, 9, 0)).toBe(LINES.length);
  });

  test("moves by lines as they are set", () => {
    const typed = set(LINES);
    expect(moved(typed, 2, "down", 8 + 18)).toBe(5);
    expect(moved(typed, 5, "up", 8 + 18)).toBe(2);
    expect(moved(typed, 5, "down", 8 + 18)).toBe(LINES.length);
    expect(moved(typed, 2, "up", 8)).toBe(0);
    expect(moved(typed, 6, "start", 0)).toBe(4);
    expect(moved(typed, 5, "end", 0)).toBe(8);
  });

  test("stays on a full line at its end", () => {
    const typed = set("x".repeat(45));
    expect(placeOf(typed, moved(typed, 3, "end", 0)).line).toBe(0);
  });

  test("can stand inside a word, at its share of the width", () => {
    const typed = set("word", "words");
    expect(pieceAt(typed.pieces, 2)).toBe(0);
    expect(placeOf(typed, 2).x).toBeCloseTo(8 + typed.setting.measures.cell * 2);
  });
});

test("a stretch is as many boxes as it has pieces, cut at its ends", () => {
  const typed = set(LINES);
  expect(boxesBetween(typed, 1, 5)).toEqual([
    { x: 17, y: 0, w: 9 },
    { x: 26, y: 0, w: 9 },
    { x: 35, y: 0, w: 9 },
    { x: 8, y: 24, w: 18 },
  ]);
  expect(boxesBetween(typed, 2, 2)).toEqual([]);
});
