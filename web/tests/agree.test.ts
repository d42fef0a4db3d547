import { describe, expect, test } from "vitest";
import type { Run } from "../src/api";
import { agreed } from "../src/compare/agree";

const reader = (name: string, vocabulary: string | null): Run =>
  ({ name, input: vocabulary === null ? "numbers" : "symbols", vocabulary: vocabulary && [...vocabulary] }) as Run;

const counter = reader("counter", "aXb.");
const selective = reader("selective", "aXYb.");

describe("two networks read one text", () => {
  test("if the second knows every symbol of it", () => {
    const read = { symbols: [..."aaXbb"], lengths: [5] };
    expect(agreed(selective, counter, read)).toEqual({ kind: "agreed" });
  });

  test("otherwise it is told what it does not know, and the lines that both do", () => {
    const read = { symbols: [..."aXaYbb", ..."aab"], lengths: [6, 3] };
    expect(agreed(selective, counter, read)).toEqual({
      kind: "unknown",
      which: counter,
      symbols: ["Y"],
      shared: [..."aXb."],
      readable: "aab",
    });
  });

  test("or, where no line is known whole, what is left without the unknown symbols", () => {
    const read = { symbols: [..."aXaYbb", ..."Y"], lengths: [6, 1] };
    expect(agreed(selective, counter, read)).toMatchObject({ kind: "unknown", readable: "aXabb" });
  });

  test("whatever it is, where something stands for unknown symbols", () => {
    const text = reader("text", "ab\ufffd");
    expect(agreed(counter, text, { symbols: ["X"], lengths: [1] })).toEqual({ kind: "agreed" });
  });

  test("never if one reads numbers, or they have no symbol in common", () => {
    const digits = reader("digits", null);
    expect(agreed(counter, digits, null)).toEqual({ kind: "numbers", which: digits });
    expect(agreed(reader("one", "xy\ufffd"), reader("other", "zw\ufffd"), null)).toEqual({ kind: "nothing shared" });
  });
});
