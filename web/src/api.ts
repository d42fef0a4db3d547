// The server's routes, one function each, and what can go wrong with them. Knows nothing of the page.

import { Failure } from "./failure";
import { host, Unreachable, type Answer } from "./host";
import { decode, type Payload } from "./payload";
import { language, strings, type Words } from "./i18n";
import { readingOf, type Target, type Trace, type TraceFacts } from "./reading";
import type { Clamp, Direction, Source } from "./state";
import { unitOf, valuesOf, type UnitFacts, type UnitTrace, type Values } from "./unit-values";

export type { Trace } from "./reading";
export type { Histogram, Statistics, UnitTrace, Values } from "./unit-values";

export { Failure };
export { required } from "./unit-values";

/** A moment of a training that was kept. */
export interface Frame {
  readonly frame: number;
  readonly step: number;
  /** the losses last known at that step; null before the first validation */
  readonly validation: number | null;
  readonly train: number | null;
}

export interface RunCard {
  readonly id: string;
  readonly name: string;
  readonly problem: string | null;
  /** what a symbol of its text is; null for what is no text */
  readonly unit: "char" | "word" | null;
  readonly cell: string | null;
  readonly layers: number | null;
  readonly hidden: number | null;
  readonly bidirectional: boolean | null;
  readonly parameters: number | null;
  readonly peephole: string | null;
  /** the file that it was imported from */
  readonly source?: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly modified: string | null;
  /** how many frames its training film has; 0: none was kept */
  readonly film: number;
  readonly error: string | null;
}

export interface LayerDetail {
  readonly layer: number;
  readonly directions: readonly Direction[];
  readonly units: number;
  readonly quantities: readonly string[];
  readonly cell?: string;
  /** how `ph.intervene` calls it, where the layers are of several modules: "recurrents.1.l0" */
  readonly address?: string;
}

/** What an import understood of a file. */
export interface Understood {
  readonly file: string;
  readonly kind: string;
  readonly rows: readonly {
    readonly name: string;
    readonly kind: string;
    readonly sizes: string;
    readonly options: string;
    readonly sources: Readonly<Record<string, string>>;
  }[];
  readonly left_out: readonly { readonly name: string; readonly what: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

export interface Run extends Omit<RunCard, "film"> {
  readonly input: "symbols" | "numbers";
  readonly target: Target;
  readonly layers_detail: readonly LayerDetail[];
  readonly vocabulary: readonly string[] | null;
  readonly labels: readonly string[] | null;
  readonly samples: number;
  /** names of the files that the explorer was started with */
  readonly texts?: readonly string[];
  readonly film: readonly Frame[];
  /** the other networks that learned the same problem and read the same symbols */
  readonly siblings: readonly string[];
  /** it reads forward only: what comes later changes nothing before */
  readonly causal: boolean;
  /** what each sample is, where they are not many of a kind */
  readonly sample_titles?: readonly (Words | null)[] | null;
  /** files of numbers can be opened on the page */
  readonly opens_files?: boolean;
  /** it is one recurrent stack with a readout, and has every view */
  readonly one_stack?: boolean;
  /** what was understood of the file that it was imported from */
  readonly understood?: Understood | null;
  /** what a model did is here and not the model: nothing else can be read, held or looked back from */
  readonly bare?: boolean;
}

/** A shipped network, with what to look for in it. */
export interface ShippedCard extends RunCard {
  readonly title: Words;
  readonly look_for: Words;
  /** of a counter: the least n at which it errs */
  readonly first_failure: number | null;
}

export interface Home {
  readonly version: string;
  readonly runs: readonly RunCard[];
  readonly gallery: readonly ShippedCard[];
}

/** Asks the host; a Failure with its own words if it refuses or is gone. */
async function request(path: string, signal: AbortSignal, body?: unknown): Promise<ArrayBuffer> {
  let answer: Answer;
  try {
    answer = await host().ask(path, body, signal);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const words = strings();
    if (error.who === "kernel") throw new Failure(words.hosts.kernelGone, words.hosts.kernelGoneRemedy);
    throw new Failure(words.serverGone, words.serverGoneRemedy);
  }
  if (answer.status < 400) return answer.body;
  const { error, do: remedy } = refusalIn(answer.body);
  const tongue = language();
  throw new Failure(
    error?.[tongue] ?? strings().serverSaid(answer.status),
    remedy?.[tongue] ?? strings().reloadRemedy,
    answer.status,
  );
}

/** What the host says of a question that it cannot answer, in both languages. */
interface Refusal {
  readonly error?: Words;
  readonly do?: Words;
}

function refusalIn(body: ArrayBuffer): Refusal {
  try {
    return (JSON.parse(text(body)) ?? {}) as Refusal;
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

/** Where a run is, under /api. */
export const at = (run: string) => `/api/runs/${encodeURIComponent(run)}`;

export async function getHome(signal: AbortSignal): Promise<Home> {
  return facts("/api/home", signal);
}

export async function getRun(run: string, signal: AbortSignal): Promise<Run> {
  return facts(at(run), signal);
}

/** A source with everything in hand that is sent along. */
export type Resolved =
  | Exclude<Source, { kind: "pasted" | "opened" }>
  | { readonly kind: "sent"; readonly name: string; readonly content: string };

/** What a network is to do: read this, as it was at a moment of its training, with something held or not. */
export interface Task {
  readonly source: Resolved;
  readonly frame: number | null;
  readonly clamps: readonly Clamp[];
  /** false: with the weights of its peepholes at 0 */
  readonly peepholes?: boolean;
}

/** The body that asks for it. */
export function asked({ source, frame, clamps, peepholes = true }: Task): Record<string, unknown> {
  const material =
    source.kind === "text"
      ? { text: source.text }
      : source.kind === "drawn"
        ? { drawn: source.pixels }
        : source.kind === "file"
          ? { file: source.index }
          : source.kind === "sent"
            ? { opened: { name: source.name, content: source.content } }
            : { sample: source.index };
  return {
    ...material,
    ...(frame === null ? {} : { frame }),
    ...(clamps.length > 0 ? { clamps } : {}),
    ...(peepholes ? {} : { peepholes }),
  };
}

/** How each trace is made again, should the server have forgotten it while its windows are still looked at. */
const makers = new Map<string, () => Promise<unknown>>();
const endless = new AbortController().signal;

/** Asks for a window of a trace, which is read anew if it has been forgotten. */
async function windowed<Facts>(trace: string, path: string): Promise<Payload<Facts>> {
  try {
    return await payload<Facts>(path, endless);
  } catch (error) {
    const again = makers.get(trace);
    if (!(error instanceof Failure) || error.status !== 404 || !again) throw error;
    await again();
    return payload<Facts>(path, endless);
  }
}

/** Runs a text or a sample through the network. */
export async function postTrace(run: string, task: Task, signal: AbortSignal): Promise<Trace> {
  const [path, body] = [`${at(run)}/trace`, asked(task)];
  const found = await payload<TraceFacts>(path, signal, body);
  const { trace } = found.facts;
  makers.set(trace, () => payload(path, endless, body));
  return readingOf(found, (from, to) => windowed(trace, `/api/traces/${trace}/window/${from}/${to}`));
}

/** How much of a long text has been read, 0 to 1. */
export async function getShare(trace: string, signal: AbortSignal): Promise<number> {
  return (await facts<{ readonly share: number }>(`/api/traces/${trace}/share`, signal)).share;
}

export async function getValues(
  read: Trace,
  layer: number,
  direction: Direction,
  quantity: string,
  signal: AbortSignal,
): Promise<Values> {
  const path = `/api/traces/${read.trace}/${layer}/${direction}/${quantity}`;
  const found = await payload(path, signal);
  const load = (from: number, to: number) => windowed(read.trace, `${path}/window/${from}/${to}`);
  return valuesOf(found, { read, layer, direction, quantity }, load);
}

export async function getUnit(
  read: Trace,
  layer: number,
  direction: Direction,
  unit: number,
  quantities: readonly string[],
  signal: AbortSignal,
  around = 0,
): Promise<UnitTrace> {
  const path = `/api/traces/${read.trace}/${layer}/${direction}/unit/${unit}`;
  // Of a long text the stretch around a step is wanted at once, and comes with the rest.
  const found = await payload<UnitFacts>(read.long ? `${path}?around=${around}` : path, signal);
  const load = (from: number, to: number) => windowed(read.trace, `${path}/window/${from}/${to}`);
  return unitOf(found, { read, layer, direction, unit, quantities }, load);
}
