// A text that is being typed as a coloured text: what was read of it with its numbers, the rest as bare letters. Pure.

import type { Trace } from "./api";
import type { Pieces } from "./pieces";
import type { TextView } from "./text-view";

/** A network that has read nothing yet. */
export const NOTHING_READ: Trace = {
  trace: "",
  title: "",
  symbols: [],
  lengths: [],
  input: "symbols",
  target: "next",
  unknown: [],
  predicted: [],
  steps: 0,
  probabilities: null,
  outputs: null,
  ranks: 0,
  forecast: null,
  surprise: null,
  inputs: null,
  features: 0,
};

/** What a network has read of an empty text; `last` was read before it. */
export function nothingOf(last: Trace | null): Trace {
  if (!last) return NOTHING_READ;
  const { input, target, predicted, ranks, features } = last;
  const none = (numbers: Float32Array | null) => numbers && new Float32Array();
  return {
    ...NOTHING_READ,
    ...{ input, target, predicted, ranks, features },
    probabilities: none(last.probabilities),
    outputs: last.outputs && new Int32Array(),
    surprise: none(last.surprise),
  };
}

/** Numbers given a step each, `width` of them, moved to the pieces that are those steps. */
function spread<T extends Float32Array | Int32Array>(numbers: T | null, { all, read }: Pieces, width = 1): T | null {
  if (!numbers) return null;
  const moved = new (numbers.constructor as new (length: number) => T)(all.length * width);
  all.forEach(({ step }, place) => {
    if (step === null || step >= read) return;
    moved.set(numbers.subarray(step * width, (step + 1) * width), place * width);
  });
  return moved;
}

/** The pieces of a text in place of the steps of what was read before; a piece that has no numbers is unread. */
export function liveView(view: TextView, pieces: Pieces): TextView {
  const { trace, values } = view;
  const { all, read } = pieces;
  const moment = all.findIndex(({ step }) => step !== null && step === view.moment);
  return {
    ...view,
    trace: {
      ...trace,
      symbols: all.map(({ text }) => text),
      lengths: [all.length],
      steps: all.length,
      probabilities: spread(trace.probabilities, pieces, trace.ranks),
      outputs: spread(trace.outputs, pieces, trace.ranks),
      surprise: spread(trace.surprise, pieces),
    },
    values: values && {
      ...values,
      steps: all.length,
      at: (place, unit) => values.at(all[place]!.step!, unit),
    },
    moment: moment < 0 ? null : moment,
    unread: (place) => {
      const step = all[place]?.step ?? null;
      return step === null || step >= read;
    },
  };
}
