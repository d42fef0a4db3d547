import { describe, expect, test } from "vitest";
import { decode, floats, Half, integers } from "../src/payload";

type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };

/** A safetensors file, as its format's documentation says; `pad` bytes of spaces end the header. */
function file(header: Record<string, Entry | Record<string, string>>, data: Uint8Array, pad = 0): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header) + " ".repeat(pad));
  const whole = new Uint8Array(8 + text.length + data.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(text.length), true);
  whole.set(text, 8);
  whole.set(data, 8 + text.length);
  return whole.buffer;
}

const bytes = (...arrays: (Float32Array | Int32Array | Uint16Array)[]) =>
  new Uint8Array(arrays.flatMap((array) => [...new Uint8Array(array.buffer)]));

describe("decode", () => {
  test("gives float32 and int32 tensors with their shapes, whatever the header's length", () => {
    const header = {
      a: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] as [number, number] },
      b: { dtype: "I32", shape: [2], data_offsets: [16, 24] as [number, number] },
    };
    const data = bytes(new Float32Array([1, -2.5, 3, Number.NaN]), new Int32Array([7, -8]));
    for (const pad of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const found = decode(file(header, data, pad));
      expect(found.tensors.get("a")?.shape).toEqual([2, 2]);
      expect([...floats(found, "a")!]).toEqual([1, -2.5, 3, Number.NaN]);
      expect([...integers(found, "b")!]).toEqual([7, -8]);
      expect(floats(found, "b")).toBeNull();
    }
  });

  test("widens half precision exactly: normal, subnormal, infinite and not a number", () => {
    const bits = new Uint16Array([0x3c00, 0xc000, 0x3555, 0x0001, 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x7e00]);
    const header = { values: { dtype: "F16", shape: [9], data_offsets: [0, 18] as [number, number] } };
    for (const pad of [0, 1]) {
      const { data } = decode(file(header, bytes(bits), pad)).tensors.get("values")!;
      expect(data).toBeInstanceOf(Half);
      const half = data as Half;
      const expected = [1, -2, 0.333251953125, 2 ** -24, -0, 65504, Infinity, -Infinity, Number.NaN];
      expect(Array.from({ length: half.length }, (_, index) => half.at(index))).toEqual(expected);
      expect(half.at(9)).toBeNaN();
    }
  });

  test("reads the facts that ride in the metadata", () => {
    const facts = { symbols: ["\n", "你", "</script>"] };
    expect(decode(file({ __metadata__: { json: JSON.stringify(facts) } }, new Uint8Array())).facts).toEqual(facts);
  });

  test("refuses ranges that are not there", () => {
    const tensor = (shape: number[], from: number, to: number, dtype = "F32") =>
      file({ x: { dtype, shape, data_offsets: [from, to] } }, new Uint8Array(16));
    expect(() => decode(new ArrayBuffer(4))).toThrow("no header");
    expect(() => decode(tensor([5], 0, 20))).toThrow("does not fit");
    expect(() => decode(tensor([3], 0, 16))).toThrow("does not fit");
    expect(() => decode(tensor([1], -4, 0))).toThrow("does not fit");
    expect(() => decode(tensor([2], 0, 16, "F64"))).toThrow("F64");
    const lying = file({}, new Uint8Array());
    new DataView(lying).setBigUint64(0, 1n << 40n, true);
    expect(() => decode(lying)).toThrow("header claims");
  });
});
