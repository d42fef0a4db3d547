// What a file carries: safetensors, compressed, in base64; described in Python by `peephole.explorer.capsule`, which
// writes it. Here it is opened, and rounded numbers become numbers again. Knows nothing of the page.

import { decode, Half, type Payload, type Tensor } from "../payload";
import { NO_AXIS, type Axis, type Kind, type LayerRecord, type Material, type Said } from "../record/record";
import type { Templates } from "../record/moments";
import type { Config } from "../engine/network";
import type { Vocabulary } from "../engine/typing";
import type { Target } from "../engine/said";
import type { Direction } from "../state";

/** A layer and direction of which the file holds the record. */
export interface LaneFacts {
  readonly layer: number;
  readonly direction: Direction;
  readonly kind: Kind;
  readonly units: number;
  readonly quantities: readonly string[];
}

export interface MaterialFacts {
  readonly title: unknown;
  readonly symbols: readonly string[];
  readonly lengths: readonly number[];
  readonly unknown: readonly string[];
  readonly features: number;
  readonly axis?: Partial<Axis>;
  /** the lanes whose record is in the file; none where the network is there to make it again */
  readonly lanes: readonly LaneFacts[];
  /** whether those records are rounded to what the page prints */
  readonly rounded: boolean;
  /** answers that were computed beforehand, by the end of their address */
  readonly kept: Readonly<Record<string, string>>;
}

export interface RunFacts {
  /** what `/api/runs/…` answers */
  readonly page: Readonly<Record<string, unknown>>;
  readonly input: "symbols" | "numbers";
  readonly target: Target;
  readonly predicted: readonly string[];
  /** the network's parts; null where it is not in the file */
  readonly network: Config | null;
  readonly vocabulary: Vocabulary | null;
  readonly materials: readonly MaterialFacts[];
  /** frames of its film whose weights are in the file */
  readonly frames: readonly number[];
}

export interface Facts {
  readonly format: number;
  /** what `/api/home` answers */
  readonly home: Readonly<Record<string, unknown>>;
  readonly runs: Readonly<Record<string, RunFacts>>;
  readonly templates: Templates;
}

const FORMAT = 1;

export class Capsule {
  readonly facts: Facts;
  private readonly tensors: Payload["tensors"];

  /** Reads the bytes that `opened` gives; throws a RangeError that says what is wrong with them. */
  constructor(bytes: ArrayBuffer) {
    const { facts, tensors } = decode<Facts>(bytes);
    if (facts.format !== FORMAT) throw new RangeError(`its format is ${facts.format}, not ${FORMAT}`);
    this.facts = facts;
    this.tensors = tensors;
  }

  /** A weight of a run's network, as it was at a frame of its film or is at the end. */
  weight(run: string, frame: number | null, name: string): Float32Array | null {
    const found = this.tensors.get(`${run}/${frame ?? "end"}/${name}`)?.data;
    return found instanceof Float32Array ? found : null;
  }

  material(run: string, number: number): Material {
    const { title, symbols, lengths, unknown, features, axis } = this.of(run).materials[number]!;
    const at = `${run}/${number}`;
    const inputs = this.required(`${at}/inputs`);
    const targets = this.tensors.get(`${at}/targets`);
    const numbers = this.of(run).input === "numbers";
    return {
      title,
      symbols,
      lengths,
      unknown,
      features,
      axis: { ...NO_AXIS, ...axis },
      inputs: numbers ? this.floats(`${at}/inputs`) : Int32Array.from(widened(inputs)),
      targets: !targets ? null : this.of(run).target === "value" ? this.floats(`${at}/targets`) : Int32Array.from(widened(targets)),
    };
  }

  /** The records that the file holds of a material. */
  records(run: string, number: number): LayerRecord[] {
    return this.of(run).materials[number]!.lanes.map(({ layer, direction, kind, units, quantities }) => ({
      layer,
      direction,
      kind,
      units,
      quantities: new Map(quantities.map((name) => [name, this.floats(`${run}/${number}/${layer}.${direction}.${name}`)])),
    }));
  }

  /** What a layer read, (step, feature), where that is neither the material itself nor what came out below; else null. */
  read(run: string, number: number, layer: number): Float32Array | null {
    const name = `${run}/${number}/${layer}.read`;
    return this.tensors.has(name) ? this.floats(name) : null;
  }

  /** What the readout said of a material whose record is here. */
  said(run: string, number: number): Said {
    const at = `${run}/${number}`;
    const floats = (name: string) => (this.tensors.has(`${at}/${name}`) ? this.floats(`${at}/${name}`) : null);
    const outputs = this.tensors.get(`${at}/outputs`);
    return {
      outputs: outputs ? Int32Array.from(widened(outputs)) : null,
      probabilities: floats("probabilities"),
      ranks: outputs?.shape[1] ?? 0,
      forecast: floats("forecast"),
      surprise: floats("surprise"),
      distribution: floats("distribution"),
      output: floats("output"),
      final: floats("final"),
    };
  }

  /** An answer that was computed beforehand, in bytes; null if there is none. */
  kept(run: string, number: number, end: string): ArrayBuffer | null {
    const name = this.of(run).materials[number]?.kept[end];
    const found = name === undefined ? undefined : this.tensors.get(name)?.data;
    return found instanceof Uint8Array ? found.slice().buffer : null;
  }

  private of(run: string): RunFacts {
    return this.facts.runs[run]!;
  }

  /** Numbers as they were: rounded ones times the scale beside them, of each unit or of all. */
  private floats(name: string): Float32Array {
    const found = this.required(name);
    if (found.data instanceof Float32Array) return found.data;
    const values = widened(found);
    const scales = this.tensors.get(`${name}.scale`)?.data;
    if (!(scales instanceof Float32Array)) return Float32Array.from(values);
    return Float32Array.from(values, (value, place) => value * scales[place % scales.length]!);
  }

  private required(name: string): Tensor {
    const found = this.tensors.get(name);
    if (!found) throw new RangeError(`it has no tensor ${name}`);
    return found;
  }
}

/** The numbers of any tensor as something to take from. */
function widened({ data }: Tensor): ArrayLike<number> {
  return data instanceof Half ? data.widened() : data;
}

/** The bytes of a compressed file in base64. */
export async function unpacked(base64: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
