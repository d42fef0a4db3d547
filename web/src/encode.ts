// The inverse of payload.ts: tensors and facts as safetensors, for hosts that answer in the page.

type Numbers = Float32Array | Int32Array;

export interface Named {
  readonly shape: readonly number[];
  readonly data: Numbers;
}

const DTYPES = { Float32Array: "F32", Int32Array: "I32" } as const;

/** The bytes of a payload. */
export function encode(tensors: Readonly<Record<string, Named>>, facts: unknown): ArrayBuffer {
  const header: Record<string, unknown> = { __metadata__: { json: JSON.stringify(facts) } };
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const dtype = data instanceof Float32Array ? DTYPES.Float32Array : DTYPES.Int32Array;
    header[name] = { dtype, shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8; // so that no tensor starts amid a word
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(32, 8, 8 + padded).set(text, 8);
  let place = 8 + padded;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place);
    place += data.byteLength;
  }
  return bytes.buffer;
}

/** A list of numbers. */
export const vector = (data: Numbers): Named => ({ shape: [data.length], data });

/** A table of numbers, row after row. */
export function table(data: Numbers, columns: number): Named {
  return { shape: [columns > 0 ? data.length / columns : 0, columns], data };
}
