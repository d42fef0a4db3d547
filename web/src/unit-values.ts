// What the units did: one quantity of all units, and all quantities of one unit. Of a long text the values come in
// windows, and what they amount to over the whole of it comes with the answer. Knows nothing of where they come from.

import { Failure } from "./failure";
import { figuresOf, type Figures, type Peak } from "./figures";
import { strings } from "./i18n";
import { outlineOf, outlineOfBlocks, type Outline } from "./outline";
import { floats, Half, integers, type Payload } from "./payload";
import type { Trace } from "./reading";
import type { Direction } from "./state";
import { Windows, type Series, type Window } from "./windows";

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
  /** undefined while the step is on its way */
  at(step: number, unit: number): number | undefined;
  /** a unit over the whole text */
  outline(unit: number): Outline;
}

export interface Histogram {
  readonly counts: Float32Array;
  readonly low: number;
  readonly high: number;
}

/** Every quantity of one unit, at every step, with what each amounts to. */
export interface UnitTrace {
  readonly trace: string;
  readonly layer: number;
  readonly direction: Direction;
  readonly unit: number;
  readonly quantities: ReadonlyMap<string, Series>;
  readonly figures: ReadonlyMap<string, Figures>;
  readonly histograms: ReadonlyMap<string, Histogram>;
  readonly symbols: readonly string[];
  readonly means: Float32Array;
  readonly counts: Float32Array;
  /** how it goes with each number that is read; empty for symbols, and for a long text */
  readonly withFeature: Float32Array;
}

/** A tensor that must be there. */
export function required(found: Payload, name: string): Float32Array {
  const values = floats(found, name);
  if (!values) throw lacks(name);
  return values;
}

const lacks = (name: string) => new Failure(strings().badPayload(`no tensor ${name}`), strings().reloadRemedy);

type Load = (from: number, to: number) => Promise<Payload>;

interface Layer {
  readonly read: Trace;
  readonly layer: number;
  readonly direction: Direction;
}

/** In half precision as they travel, or as they are where they need not. */
interface ValuesWindow extends Window {
  readonly values: Half | Float32Array;
}

function valuesIn(found: Payload, from: number): ValuesWindow | null {
  const data = found.tensors.get("values")?.data;
  return data instanceof Half || data instanceof Float32Array ? { from, values: data } : null;
}

/** One quantity of all units from the server's answer; `load` asks for a stretch of a long text. */
export function valuesOf(found: Payload, of: Layer & { readonly quantity: string }, load: Load): Values {
  const { read, layer, direction, quantity } = of;
  const statistics: Statistics = {
    minimum: required(found, "minimum"),
    maximum: required(found, "maximum"),
    mean: required(found, "mean"),
    deviation: required(found, "deviation"),
    saturated_low: required(found, "saturated_low"),
    saturated_high: required(found, "saturated_high"),
    turnover: required(found, "turnover"),
    telling: required(found, "telling"),
  };
  const units = statistics.mean.length;
  const whole = valuesIn(found, 0);
  const envelope = found.tensors.get("envelope");
  if (!whole && !(envelope?.data instanceof Half)) throw lacks("values");
  const windows = whole
    ? Windows.whole(read.steps, whole)
    : new Windows<ValuesWindow>({
        ...read,
        load: async (from, to) => {
          const window = valuesIn(await load(from, to), from);
          if (!window) throw lacks("values");
          return window;
        },
      });
  return {
    trace: read.trace,
    layer,
    direction,
    quantity,
    steps: read.steps,
    units,
    statistics,
    at: (step, unit) => {
      const window = windows.around(step);
      return window?.values.at((step - window.from) * units + unit);
    },
    outline: (unit) => {
      if (whole) return outlineOf((step) => whole.values.at(step * units + unit) ?? Number.NaN, read.steps);
      const ends = envelope!.data as Half;
      return outlineOfBlocks((block, end) => ends.at((2 * block + end) * units + unit), envelope!.shape[0]!);
    },
  };
}

export interface UnitFacts {
  readonly edges: Readonly<Record<string, readonly [number, number]>>;
  readonly symbols: readonly string[];
  /** the first step, and one past the last, of the stretch of a long text that comes with its figures */
  readonly window?: readonly [number, number];
}

interface UnitWindow extends Window {
  readonly quantities: ReadonlyMap<string, Float32Array>;
}

function unitWindowIn(found: Payload, quantities: readonly string[], from: number): UnitWindow {
  return { from, quantities: new Map(quantities.map((name) => [name, required(found, name)])) };
}

/** The figures of a long text's quantity, as the survey found them. */
function figuresIn(found: Payload, quantity: string): Figures {
  const [least, greatest, saturatedLow, saturatedHigh] = required(found, `figures.${quantity}`);
  const peaks = (name: string): Peak[] => {
    const steps = integers(found, `${name}_at.${quantity}`) ?? new Int32Array();
    const values = required(found, `${name}.${quantity}`);
    return Array.from(steps, (step, place) => ({ step, value: values[place]! })).filter(({ step }) => step >= 0);
  };
  return {
    least: least!,
    greatest: greatest!,
    saturatedLow: saturatedLow!,
    saturatedHigh: saturatedHigh!,
    highest: peaks("highest"),
    lowest: peaks("lowest"),
  };
}

interface Unit extends Layer {
  readonly unit: number;
  readonly quantities: readonly string[];
}

/** All quantities of one unit from the server's answer; `load` asks for a stretch of a long text. */
export function unitOf(found: Payload<UnitFacts>, of: Unit, load: Load): UnitTrace {
  const { read, layer, direction, unit, quantities } = of;
  const { edges, symbols, window } = found.facts;
  const windows = read.long
    ? new Windows<UnitWindow>({
        ...read,
        begun: window && { window: unitWindowIn(found, quantities, window[0]), to: window[1] },
        load: async (from, to) => unitWindowIn(await load(from, to), quantities, from),
      })
    : Windows.whole(read.steps, unitWindowIn(found, quantities, 0));
  const series = (quantity: string): Series => ({
    length: read.steps,
    at: (step) => {
      const window = windows.around(step);
      return window?.quantities.get(quantity)![step - window.from];
    },
  });
  const figures = (quantity: string): Figures =>
    read.long ? figuresIn(found, quantity) : figuresOf(quantity, required(found, quantity));
  const histogram = (quantity: string): Histogram => {
    const [low, high] = edges[quantity] ?? [0, 1];
    return { counts: required(found, `hist.${quantity}`), low, high };
  };
  const each = <T>(make: (quantity: string) => T): Map<string, T> =>
    new Map(quantities.map((quantity) => [quantity, make(quantity)]));
  return {
    trace: read.trace,
    layer,
    direction,
    unit,
    quantities: each(series),
    figures: each(figures),
    histograms: each(histogram),
    symbols: symbols ?? [],
    means: floats(found, "mean_by_symbol") ?? new Float32Array(),
    counts: floats(found, "counts") ?? new Float32Array(),
    withFeature: floats(found, "with_feature") ?? new Float32Array(),
  };
}
