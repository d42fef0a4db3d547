// The server's routes, one function each, and what can go wrong with them. Knows nothing of the page.

import { host, Unreachable, type Answer } from "./host";
import { decode, type Payload } from "./payload";
import { floats, Half, integers } from "./payload";
import { strings } from "./i18n";
import type { Clamp, Direction, Language, Source } from "./state";

/** Something went wrong: what it was, and what to do about it. */
export class Failure extends Error {
  constructor(
    readonly what: string,
    readonly remedy: string,
    readonly status = 0,
  ) {
    super(what);
  }
}

export interface RunCard {
  readonly id: string;
  readonly name: string;
  readonly problem: string | null;
  readonly cell: string | null;
  readonly layers: number | null;
  readonly hidden: number | null;
  readonly bidirectional: boolean | null;
  readonly parameters: number | null;
  readonly peephole: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly modified: string | null;
  readonly error: string | null;
}

export interface LayerDetail {
  readonly layer: number;
  readonly directions: readonly Direction[];
  readonly units: number;
  readonly quantities: readonly string[];
}

export interface Run extends RunCard {
  readonly input: "symbols" | "numbers";
  readonly target: "next" | "tag" | "class" | "value";
  readonly layers_detail: readonly LayerDetail[];
  readonly vocabulary: readonly string[] | null;
  readonly labels: readonly string[] | null;
  readonly samples: number;
  /** other networks of the same problem with the same symbols */
  readonly siblings: readonly string[];
}

/** A shipped network, with what to look for in it. */
export interface ShippedCard extends RunCard {
  readonly title: Readonly<Record<Language, string>>;
  readonly look_for: Readonly<Record<Language, string>>;
  /** of a counter: the least n at which it errs */
  readonly first_failure: number | null;
}

export interface Home {
  readonly version: string;
  readonly runs: readonly RunCard[];
  readonly gallery: readonly ShippedCard[];
}

interface TraceFacts {
  readonly trace: string;
  readonly title: string;
  readonly symbols: readonly string[];
  readonly lengths: readonly number[];
  readonly input: "symbols" | "numbers";
  readonly target: "next" | "tag" | "class" | "value";
  readonly unknown: readonly string[];
  readonly predicted: readonly string[];
}

/** One text run through the network: its symbols, and what the network expected at each. */
export interface Trace extends TraceFacts {
  readonly steps: number;
  readonly probabilities: Float32Array | null;
  readonly outputs: Int32Array | null;
  /** how many likeliest outputs each step has: five, or all where there are fewer */
  readonly ranks: number;
  /** the next number, where the network says one */
  readonly forecast: Float32Array | null;
  readonly surprise: Float32Array | null;
  readonly inputs: Float32Array | null;
  readonly features: number;
  /** (step, output) probabilities of every label, where there are few */
  readonly distribution: Float32Array | null;
}

export interface Statistics {
  readonly minimum: Float32Array;
  readonly maximum: Float32Array;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly saturated_low: Float32Array;
  readonly saturated_high: Float32Array;
  readonly turnover: Float32Array;
  readonly telling: Float32Array;
}

/** One quantity of every unit of a layer and direction, at every step. */
export interface Values {
  readonly trace: string;
  readonly layer: number;
  readonly direction: Direction;
  readonly quantity: string;
  readonly steps: number;
  readonly units: number;
  readonly statistics: Statistics;
  at(step: number, unit: number): number;
}

export interface Histogram {
  readonly counts: Float32Array;
  readonly low: number;
  readonly high: number;
}

/** Every quantity of one unit, at every step, with its distributions. */
export interface UnitTrace {
  readonly trace: string;
  readonly layer: number;
  readonly direction: Direction;
  readonly unit: number;
  readonly quantities: ReadonlyMap<string, Float32Array>;
  readonly histograms: ReadonlyMap<string, Histogram>;
  readonly symbols: readonly string[];
  readonly means: Float32Array;
  readonly counts: Float32Array;
}

/** Asks the host; a Failure with its own words if it refuses or is gone. */
async function request(path: string, signal: AbortSignal, body?: unknown): Promise<ArrayBuffer> {
  let answer: Answer;
  try {
    answer = await host().ask(path, body, signal);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    throw new Failure(strings().serverGone, strings().serverGoneRemedy);
  }
  if (answer.status < 400) return answer.body;
  const { error, do: remedy } = refusalIn(answer.body);
  throw new Failure(error ?? strings().serverSaid(answer.status), remedy ?? strings().reloadRemedy, answer.status);
}

function refusalIn(body: ArrayBuffer): { error?: string; do?: string } {
  try {
    return (JSON.parse(text(body)) ?? {}) as { error?: string; do?: string };
  } catch (error) {
    if (error instanceof SyntaxError) return {}; // not the explorer's own words: the status has to do
    throw error;
  }
}

const text = (body: ArrayBuffer) => new TextDecoder().decode(body);

/** Asks for facts, which come as JSON. */
export async function facts<T>(path: string, signal: AbortSignal, body?: unknown): Promise<T> {
  return JSON.parse(text(await request(path, signal, body))) as T;
}

/** Asks for numbers, which come as tensors with facts beside them. */
export async function payload<Facts>(path: string, signal: AbortSignal, body?: unknown): Promise<Payload<Facts>> {
  const buffer = await request(path, signal, body);
  try {
    return decode<Facts>(buffer);
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) {
      throw new Failure(strings().badPayload(error.message), strings().reloadRemedy);
    }
    throw error;
  }
}

/** A tensor that must be there. */
export function required(found: Payload, name: string): Float32Array {
  const values = floats(found, name);
  if (!values) throw new Failure(strings().badPayload(`no tensor ${name}`), strings().reloadRemedy);
  return values;
}

/** Where a run is, under /api. */
export const at = (run: string) => `/api/runs/${encodeURIComponent(run)}`;

export async function getHome(signal: AbortSignal): Promise<Home> {
  return facts("/api/home", signal);
}

export async function getRun(run: string, signal: AbortSignal): Promise<Run> {
  return facts(at(run), signal);
}

/** What a network is to do: read this, as it was at a moment of its training, with something held or not. */
export interface Task {
  readonly source: Exclude<Source, { kind: "pasted" }>;
  readonly frame: number | null;
  readonly clamps: readonly Clamp[];
}

/** The body that asks for it. */
export function asked({ source, frame, clamps }: Task): Record<string, unknown> {
  const material =
    source.kind === "text"
      ? { text: source.text }
      : source.kind === "drawn"
        ? { drawn: source.pixels }
        : { sample: source.index };
  return { ...material, ...(frame === null ? {} : { frame }), ...(clamps.length > 0 ? { clamps } : {}) };
}

/** Runs a text or a sample through the network. */
export async function postTrace(run: string, task: Task, signal: AbortSignal): Promise<Trace> {
  const found = await payload<TraceFacts>(`${at(run)}/trace`, signal, asked(task));
  return {
    ...found.facts,
    steps: found.facts.symbols.length,
    probabilities: floats(found, "probabilities5"),
    outputs: integers(found, "outputs5"),
    ranks: found.tensors.get("outputs5")?.shape[1] ?? 0,
    forecast: floats(found, "forecast"),
    surprise: floats(found, "surprise"),
    inputs: floats(found, "inputs"),
    features: found.tensors.get("inputs")?.shape[1] ?? 0,
    distribution: floats(found, "distribution"),
  };
}

export async function getValues(
  trace: string,
  layer: number,
  direction: Direction,
  quantity: string,
  signal: AbortSignal,
): Promise<Values> {
  const found = await payload(`/api/traces/${trace}/${layer}/${direction}/${quantity}`, signal);
  const values = found.tensors.get("values");
  if (!(values?.data instanceof Half)) {
    throw new Failure(strings().badPayload("no half-precision tensor values"), strings().reloadRemedy);
  }
  const [steps = 0, units = 0] = values.shape;
  const { data } = values;
  return {
    trace,
    layer,
    direction,
    quantity,
    steps,
    units,
    statistics: {
      minimum: required(found, "minimum"),
      maximum: required(found, "maximum"),
      mean: required(found, "mean"),
      deviation: required(found, "deviation"),
      saturated_low: required(found, "saturated_low"),
      saturated_high: required(found, "saturated_high"),
      turnover: required(found, "turnover"),
      telling: required(found, "telling"),
    },
    at: (step, unit) => data.at(step * units + unit),
  };
}

interface UnitFacts {
  readonly edges: Readonly<Record<string, readonly [number, number]>>;
  readonly symbols: readonly string[];
}

export async function getUnit(
  trace: string,
  layer: number,
  direction: Direction,
  unit: number,
  quantities: readonly string[],
  signal: AbortSignal,
): Promise<UnitTrace> {
  const found = await payload<UnitFacts>(`/api/traces/${trace}/${layer}/${direction}/unit/${unit}`, signal);
  const { edges, symbols } = found.facts;
  const histograms = quantities.map((quantity): [string, Histogram] => {
    const [low, high] = edges[quantity] ?? [0, 1];
    return [quantity, { counts: required(found, `hist.${quantity}`), low, high }];
  });
  return {
    trace,
    layer,
    direction,
    unit,
    quantities: new Map(quantities.map((quantity) => [quantity, required(found, quantity)])),
    histograms: new Map(histograms),
    symbols: symbols ?? [],
    means: floats(found, "mean_by_symbol") ?? new Float32Array(),
    counts: floats(found, "counts") ?? new Float32Array(),
  };
}
