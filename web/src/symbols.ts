// How one symbol is shown: its letters, how many cells of the grid it takes, and whether at half ink.
//
// Text is data. Nothing here can move, hide or reorder its neighbours: every symbol is drawn alone in its own cells,
// marks that steer direction or combine with others are replaced by a picture of themselves.

export interface Glyph {
  /** what is drawn */
  readonly text: string;
  /** width in cells, by East Asian width */
  readonly cells: number;
  /** stands for something without ink of its own: spaces, newlines, controls */
  readonly faint: boolean;
}

const TAB_CELLS = 4;
const DOTTED_CIRCLE = "\u25cc";

const CONTROLS =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US";

const NAMED: Readonly<Record<number, string>> = {
  ...CONTROLS.split(" "),
  0x7f: "DEL",
  0xad: "SHY",
  0x61c: "ALM",
  0x200b: "ZWS",
  0x200c: "ZWNJ",
  0x200d: "ZWJ",
  0x200e: "LRM",
  0x200f: "RLM",
  0x2028: "LS",
  0x2029: "PS",
  0x202a: "LRE",
  0x202b: "RLE",
  0x202c: "PDF",
  0x202d: "LRO",
  0x202e: "RLO",
  0x2060: "WJ",
  0x2066: "LRI",
  0x2067: "RLI",
  0x2068: "FSI",
  0x2069: "PDI",
  0xfe0e: "VS15",
  0xfe0f: "VS16",
  0xfeff: "BOM",
};

// Unicode's East_Asian_Width W and F, outside the emoji that the regular expression below knows.
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1b000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

/** Cells that one code point takes: 2 for wide ones and emoji, else 1. */
export function width(character: string): 1 | 2 {
  const code = character.codePointAt(0)!;
  if (code < 0x1100) return 1;
  if (/^\p{Emoji_Presentation}/u.test(character)) return 2;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

function one(character: string): Glyph {
  const code = character.codePointAt(0)!;
  if (character === " ") return { text: "·", cells: 1, faint: true };
  if (character === "\n") return { text: "↵", cells: 1, faint: true };
  if (character === "\t") return { text: "→", cells: TAB_CELLS, faint: true };
  if (NAMED[code]) return { text: NAMED[code], cells: 3, faint: true };
  if (/^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zs}]/u.test(character)) {
    const hex = code.toString(16).toUpperCase();
    return { text: hex, cells: Math.max(2, hex.length - 1), faint: true };
  }
  if (/^\p{M}/u.test(character)) return { text: DOTTED_CIRCLE + character, cells: 1, faint: false };
  return { text: character, cells: width(character), faint: false };
}

const known = new Map<string, Glyph>();

/** The glyph of a symbol, which may be one character or a word. */
export function glyph(symbol: string): Glyph {
  let found = known.get(symbol);
  if (!found) {
    found = compose([...symbol]);
    known.set(symbol, found);
  }
  return found;
}

function compose(characters: string[]): Glyph {
  if (characters.length === 0) return { text: "", cells: 1, faint: true };
  if (characters.length === 1) return one(characters[0]!);
  let text = "";
  let cells = 0;
  let faint = true;
  for (const character of characters) {
    const part = one(character);
    // Inside a word a mark belongs on the letter before it.
    const mark = cells > 0 && /^\p{M}/u.test(character) && !NAMED[character.codePointAt(0)!];
    text += mark ? character : part.text;
    cells += mark ? 0 : part.cells;
    faint &&= part.faint;
  }
  return { text, cells, faint };
}

/** Whether symbols have numbers for names, which need room between them. */
export function areNumbers(names: readonly string[]): boolean {
  return names.some((name) => name.length > 1) && names.every((name) => /^\d+$/.test(name));
}

/** Whether a line ends after this symbol. */
export function endsLine(symbol: string): boolean {
  return symbol.endsWith("\n");
}
