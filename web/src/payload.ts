// Binary payloads: the safetensors format, decoded. Knows nothing of what the tensors mean.
//
// A file is an 8-byte little-endian header length, a JSON header, and raw little-endian data. Our facts ride in the
// header's `__metadata__` as one string under "json". The bytes come over a wire, so every range is checked.

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Int16Array | Uint16Array | Int8Array | Uint8Array | Half;
}

export interface Payload<Facts = unknown> {
  readonly facts: Facts;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The 65,536 half-precision numbers, by their bits. */
const HALVES: Float32Array = (() => {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction
            ? Number.NaN
            : Number.POSITIVE_INFINITY
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    table[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return table;
})();

/** A half-precision array kept at two bytes a number; `at` widens one. */
export class Half {
  readonly length: number;
  constructor(private readonly bits: Uint16Array) {
    this.length = bits.length;
  }
  at(index: number): number {
    const bits = this.bits[index];
    return bits === undefined ? Number.NaN : HALVES[bits]!;
  }
  /** all of them at four bytes */
  widened(): Float32Array {
    return Float32Array.from(this.bits, (bits) => HALVES[bits]!);
  }
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** How each type is read that is no half. */
const ARRAYS = {
  F32: Float32Array,
  I32: Int32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

function isRead(dtype: string): dtype is keyof typeof ARRAYS {
  return Object.hasOwn(ARRAYS, dtype);
}

/** Decodes a payload; throws a RangeError that names what is wrong with it. */
export function decode<Facts>(buffer: ArrayBuffer): Payload<Facts> {
  if (buffer.byteLength < 8) throw new RangeError(`payload of ${buffer.byteLength} bytes has no header`);
  const headerBytes = Number(new DataView(buffer).getBigUint64(0, true));
  const start = 8 + headerBytes;
  if (start > buffer.byteLength) {
    throw new RangeError(`payload's header claims ${headerBytes} bytes of ${buffer.byteLength}`);
  }
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerBytes))) as Record<string, unknown>;
  const tensors = new Map<string, Tensor>();
  let facts = {} as Facts;
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") {
      const { json } = value as { json?: string };
      if (json !== undefined) facts = JSON.parse(json) as Facts;
    } else {
      tensors.set(name, view(buffer, start, name, value as Entry));
    }
  }
  return { facts, tensors };
}

function view(buffer: ArrayBuffer, start: number, name: string, entry: Entry): Tensor {
  const { dtype } = entry;
  if (dtype !== "F16" && !isRead(dtype)) {
    throw new RangeError(`tensor ${name} has dtype ${dtype}; F16, ${Object.keys(ARRAYS).join(", ")} are read`);
  }
  const size = dtype === "F16" ? 2 : ARRAYS[dtype].BYTES_PER_ELEMENT;
  const [from, to] = entry.data_offsets;
  const count = entry.shape.reduce((product, extent) => product * extent, 1);
  if (from < 0 || to - from !== count * size || start + to > buffer.byteLength) {
    throw new RangeError(`tensor ${name} of shape [${entry.shape.join(", ")}] does not fit bytes ${from} to ${to}`);
  }
  // A typed array must start at a multiple of its element's size; safetensors pads for it, others may not.
  const aligned = (start + from) % size === 0;
  const source = aligned ? buffer : buffer.slice(start + from, start + to);
  const offset = aligned ? start + from : 0;
  const data =
    dtype === "F16" ? new Half(new Uint16Array(source, offset, count)) : new ARRAYS[dtype](source, offset, count);
  return { shape: entry.shape, data };
}

/** The named float32 tensor's numbers, or null if the payload has none of that name. */
export function floats(payload: Payload, name: string): Float32Array | null {
  const data = payload.tensors.get(name)?.data;
  return data instanceof Float32Array ? data : null;
}

/** The named int32 tensor's numbers, or null if the payload has none of that name. */
export function integers(payload: Payload, name: string): Int32Array | null {
  const data = payload.tensors.get(name)?.data;
  return data instanceof Int32Array ? data : null;
}
