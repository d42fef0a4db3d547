// A text that is being typed as a coloured text: what was read of it with its numbers, the rest as bare letters. Pure.

import { signal } from "@preact/signals";
import type { Trace } from "./api";
import type { Pieces } from "./pieces";
import { interned } from "./reading";
import type { TextView } from "./text-view";
import type { Series } from "./windows";

/** A network that has read nothing yet. */
export const NOTHING_READ: Trace = {
  trace: "",
  title: null,
  frame: null,
  clamps: [],
  final: null,
  feature_names: null,
  seconds: null,
  frame_size: null,
  symbols: [],
  names: [],
  ids: new Int32Array(),
  lengths: [],
  input: "symbols",
  target: "next",
  unknown: [],
  predicted: [],
  steps: 0,
  span: 1,
  long: false,
  share: signal(1),
  probabilities: null,
  distribution: null,
  output: null,
  outputSize: 0,
  outputs: null,
  ranks: 0,
  rows: 0,
  forecast: null,
  surprise: null,
  inputs: null,
  features: 0,
};

/** What a network has read of an empty text; `last` was read before it. */
export function nothingOf(last: Trace | null): Trace {
  if (!last) return NOTHING_READ;
  const { input, target, predicted, ranks, rows, features } = last;
  const none = (series: Series | null) => series && new Float32Array();
  return {
    ...NOTHING_READ,
    ...{ input, target, predicted, ranks, rows, features },
    probabilities: none(last.probabilities),
    outputs: none(last.outputs),
    surprise: none(last.surprise),
  };
}

/** The pieces of a text in place of the steps of what was read before; of what is unread there are no numbers. */
export function liveView(view: TextView, { all, read }: Pieces): TextView {
  const { trace, values, ghost } = view;
  const stepOf = (place: number) => {
    const step = all[place]?.step ?? read;
    return step < read ? step : null;
  };
  const moved = (series: Series | null, width = 1): Series | null =>
    series && {
      length: all.length * width,
      at: (index) => {
        const step = stepOf(Math.floor(index / width));
        return step === null ? undefined : series.at(step * width + (index % width));
      },
    };
  const symbols = all.map(({ text }) => text);
  const words = interned(symbols);
  const spread = (trace: Trace): Trace => ({
    ...trace,
    ...words,
    symbols,
    lengths: [all.length],
    steps: all.length,
    probabilities: moved(trace.probabilities, trace.ranks),
    outputs: moved(trace.outputs, trace.ranks),
    rows: trace.ranks, // or the lines would move as one types
    surprise: moved(trace.surprise),
  });
  const moment = all.findIndex(({ step }) => step !== null && step === view.moment);
  return {
    ...view,
    trace: spread(trace),
    ghost: ghost ? spread(ghost) : null,
    values: values && {
      ...values,
      steps: all.length,
      at: (place, unit) => {
        const step = stepOf(place);
        return step === null ? undefined : values.at(step, unit);
      },
    },
    moment: moment < 0 ? null : moment,
  };
}
