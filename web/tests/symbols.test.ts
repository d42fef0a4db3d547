import { describe, expect, test } from "vitest";
import { endsLine, glyph, width } from "../src/symbols";

describe("width", () => {
  test("is two cells for wide symbols and emoji, one for others", () => {
    for (const wide of ["你", "。", "Ａ", "한", "あ", "𠮷", "😀", "⌚"]) expect([wide, width(wide)]).toEqual([wide, 2]);
    for (const thin of ["a", "é", "Ω", "ש", "ｱ", "—", "©", "1", "#"]) expect([thin, width(thin)]).toEqual([thin, 1]);
  });
});

describe("glyph", () => {
  test("shows whitespace at half ink", () => {
    expect(glyph(" ")).toEqual({ text: "·", cells: 1, faint: true });
    expect(glyph("\n")).toEqual({ text: "↵", cells: 1, faint: true });
    expect(glyph("\t")).toMatchObject({ text: "→", faint: true });
    expect(glyph("    ")).toEqual({ text: "····", cells: 4, faint: true });
  });

  test("names what would steer, hide or break its neighbours instead of obeying it", () => {
    const names = { "\u202e": "RLO", "\u200f": "RLM", "\u200b": "ZWS", "\u0000": "NUL", "\u001b": "ESC", "\u007f": "DEL" };
    for (const [symbol, name] of Object.entries(names)) {
      expect(glyph(symbol)).toEqual({ text: name, cells: 3, faint: true });
    }
    expect(glyph("\u0085").text).toBe("85");
    expect(glyph("\ud800").text).toBe("D800");
    expect(glyph("\u{e0001}").text).toBe("E0001");
  });

  test("puts a mark that stands alone on a dotted circle, and one inside a word on its letter", () => {
    expect(glyph("\u0301")).toEqual({ text: "\u25cc\u0301", cells: 1, faint: false });
    expect(glyph("e\u0301t")).toEqual({ text: "e\u0301t", cells: 2, faint: false });
  });

  test("gives a word the sum of its letters' cells", () => {
    expect(glyph("return")).toEqual({ text: "return", cells: 6, faint: false });
    expect(glyph("ab你")).toMatchObject({ cells: 4 });
    expect(glyph("a\u202eb")).toEqual({ text: "aRLOb", cells: 5, faint: false });
  });
});

test("a line ends after a newline, also inside a run of white space", () => {
  expect(["\n", "  \n", "a", " "].map(endsLine)).toEqual([true, true, false, false]);
});
