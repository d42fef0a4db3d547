// A text as a network read it: what stood at each step, and what the network expected there. Of a long text the symbols
// are all here, what was said comes in windows. Knows nothing of where it comes from.

import { signal, type Signal } from "@preact/signals";
import type { Words } from "./i18n";
import { floats, integers, type Payload } from "./payload";
import type { Clamp } from "./state";
import { glyph, type Glyph } from "./symbols";
import { Windows, type Series, type Window } from "./windows";

/** The symbols of a text; a million steps are as many numbers and one short list of names. */
export interface Symbols {
  readonly names: readonly string[];
  /** the place among the names of what each step read */
  readonly ids: Int32Array;
}

/** What outputs mean; of an imported network they are numbers of its own ("output"), or there are none. */
export type Target = "next" | "tag" | "class" | "value" | "output" | "none";

interface Facts {
  readonly trace: string;
  /** what a sample is; null for what somebody typed or drew */
  readonly title: Words | null;
  readonly lengths: readonly number[];
  readonly input: "symbols" | "numbers";
  readonly target: Target;
  readonly unknown: readonly string[];
  readonly predicted: readonly string[];
  /** as they were asked for */
  readonly frame: number | null;
  readonly clamps: readonly Clamp[];
  /** what a network says that speaks at the end alone */
  readonly final: readonly number[] | null;
  /** names of the numbers of a step, where they have some */
  readonly feature_names: readonly string[] | null;
  /** how long a step is; null where nobody knows */
  readonly seconds: number | null;
  /** samples of a recording in one step; null for what is no recording */
  readonly frame_size: number | null;
}

/** What the server says of a text beside the numbers. */
export interface TraceFacts extends Facts {
  /** what each step read; a long text has a list of different ones instead, and the tensor "ids" */
  readonly symbols?: readonly string[];
  readonly names?: readonly string[];
  readonly long?: {
    /** steps of a window */
    readonly span: number;
    /** how much of it has been read, 0 to 1 */
    readonly share: number;
    /** how many likeliest outputs each step has */
    readonly ranks: number;
    readonly forecast: boolean;
  };
}

/** One text run through the network: its symbols, and what the network expected at each. */
export interface Trace extends Facts, Symbols {
  readonly symbols: readonly string[];
  readonly steps: number;
  /** steps of a window; all of them, unless the text is long */
  readonly span: number;
  /** whether it is surveyed: then numbers of all its steps are never held at once */
  readonly long: boolean;
  /** how much of it has been read, 0 to 1; before all of it has been, nothing but the symbols is there */
  readonly share: Signal<number>;
  /** the likeliest outputs and how likely they are, `ranks` of them a step: rank r of step t is at t · ranks + r */
  readonly probabilities: Series | null;
  readonly outputs: Series | null;
  /** how many likeliest outputs each step has: five, or all where there are fewer */
  readonly ranks: number;
  /** how many of them are ever worth showing */
  readonly rows: number;
  /** the next number, where the network says one */
  readonly forecast: Series | null;
  readonly surprise: Series | null;
  readonly inputs: Float32Array | null;
  readonly features: number;
  /** (step, output) how likely every label of an image is, not the likeliest alone */
  readonly distribution: Float32Array | null;
  /** (step, output) what an imported network says, in numbers of its own */
  readonly output: Float32Array | null;
  readonly outputSize: number;
}

/** What was said over a stretch. */
interface Said extends Window {
  readonly probabilities: Float32Array | null;
  readonly outputs: Int32Array | null;
  readonly forecast: Float32Array | null;
  readonly surprise: Float32Array | null;
}

/** Predictions less likely than this are left out. */
export const LEAST_SHOWN = 0.01;

/** A list of symbols as numbers and names. */
export function interned(symbols: readonly string[]): Symbols {
  const places = new Map<string, number>();
  const ids = Int32Array.from(symbols, (symbol) => {
    let place = places.get(symbol);
    if (place === undefined) {
      place = places.size;
      places.set(symbol, place);
    }
    return place;
  });
  return { names: [...places.keys()], ids };
}

/** The list again; equal symbols are one string, so that it is no larger than a list of numbers. */
export function listed({ names, ids }: Symbols): string[] {
  const symbols = new Array<string>(ids.length);
  for (let step = 0; step < ids.length; step++) symbols[step] = names[ids[step]!]!;
  return symbols;
}

/** The glyph of each name, in the names' order. */
export function glyphs({ names }: Symbols): Glyph[] {
  return names.map(glyph);
}

function symbolsIn(found: Payload<TraceFacts>): Symbols & { symbols: readonly string[] } {
  const { symbols, names } = found.facts;
  if (symbols) return { ...interned(symbols), symbols };
  const those = { names: names ?? [], ids: integers(found, "ids") ?? new Int32Array() };
  return { ...those, symbols: listed(those) };
}

/** How many of the likeliest outputs are ever worth showing. */
function rowsOf({ probabilities }: Said, ranks: number): number {
  let rows = 1;
  for (let place = 0; place < (probabilities?.length ?? 0); place++) {
    if (probabilities![place]! >= LEAST_SHOWN) rows = Math.max(rows, (place % ranks) + 1);
  }
  return rows;
}

function saidIn(found: Payload, from: number): Said {
  return {
    from,
    probabilities: floats(found, "probabilities5"),
    outputs: integers(found, "outputs5"),
    forecast: floats(found, "forecast"),
    surprise: floats(found, "surprise"),
  };
}

/** A text from the server's answer; `load` asks for what was said over a stretch of it. */
export function readingOf(
  found: Payload<TraceFacts>,
  load: (from: number, to: number) => Promise<Payload>,
): Trace {
  const { long } = found.facts;
  const those = symbolsIn(found);
  const steps = those.ids.length;
  const share = signal(long?.share ?? 1);
  const whole = saidIn(found, 0);
  const ranks = long?.ranks ?? found.tensors.get("outputs5")?.shape[1] ?? 0;
  const windows = long
    ? new Windows<Said>({
        steps,
        span: long.span,
        share,
        load: async (from, to) => saidIn(await load(from, to), from),
      })
    : Windows.whole(steps, whole);
  const along = (width: number, of: (said: Said) => Float32Array | Int32Array | null): Series => ({
    length: steps * width,
    at: (place) => {
      const said = windows.around(Math.floor(place / width));
      return said && of(said)?.[place - said.from * width];
    },
  });
  const chooses = long ? ranks > 0 : whole.probabilities !== null;
  const forecasts = long ? long.forecast : whole.forecast !== null;
  return {
    ...found.facts,
    ...those,
    steps,
    span: long?.span ?? Math.max(1, steps),
    long: long !== undefined,
    share,
    probabilities: chooses ? along(ranks, (said) => said.probabilities) : null,
    outputs: chooses ? along(ranks, (said) => said.outputs) : null,
    ranks,
    rows: long ? ranks : rowsOf(whole, ranks),
    forecast: forecasts ? along(1, (said) => said.forecast) : null,
    surprise: long || whole.surprise ? along(1, (said) => said.surprise) : null,
    inputs: floats(found, "inputs"),
    features: found.tensors.get("inputs")?.shape[1] ?? 0,
    distribution: floats(found, "distribution"),
    output: floats(found, "output"),
    outputSize: found.tensors.get("output")?.shape[1] ?? 0,
  };
}

/** How far two probabilities have to be apart to be told apart on the page. */
const CHANGE = 0.02;

/** Whether two readings of one text expect something else after a step. */
export function expectsOther(first: Trace, second: Trace, step: number): boolean {
  for (let rank = 0; rank < first.ranks; rank++) {
    const place = step * first.ranks + rank;
    const [one, other] = [first.probabilities?.at(place), second.probabilities?.at(place)];
    if (one === undefined || other === undefined || Math.max(one, other) < LEAST_SHOWN) return false;
    if (Math.abs(one - other) > CHANGE || first.outputs?.at(place) !== second.outputs?.at(place)) return true;
  }
  return false;
}

/** What a network expected after a step, the likeliest first, as far as it is worth showing. */
export function guessesAt(trace: Trace, step: number, most: number, least = LEAST_SHOWN): { name: string; share: number }[] {
  const found = [];
  for (let rank = 0; rank < Math.min(most, trace.ranks); rank++) {
    const place = step * trace.ranks + rank;
    const share = trace.probabilities?.at(place) ?? 0;
    if (!(share >= least)) break;
    found.push({ name: trace.predicted[trace.outputs?.at(place) ?? -1] ?? "", share });
  }
  return found;
}
