// The networks that run in the page do what Python's do, and the page reads records as Python's analysis does. What
// Python computed stands in networks.json; tests/page_fixture.py writes it.

import { describe, expect, test } from "vitest";
import { light } from "../src/engine/back";
import { held } from "../src/engine/clamps";
import { ablate, goOn } from "../src/engine/going-on";
import { Network, type Config } from "../src/engine/network";
import { said } from "../src/engine/said";
import { moment, printed, sentence, type Templates } from "../src/record/moments";
import { findPhrases } from "../src/record/phrases";
import { NO_AXIS, type Material } from "../src/record/record";
import { bySymbol, histogram, series, statistics } from "../src/record/statistics";
import computed from "./networks.json";

interface Light {
  lanes: { cRoad: number[]; hRoad: number[]; cell: number[] | null; hidden: number[] }[];
  input: number[];
}
interface Expected {
  config: Config;
  weights: Record<string, number[]>;
  inputs: number[];
  lengths: number[];
  records: Record<string, Record<string, number[]>>;
  scores: number[];
  clamped: number[];
  said: { outputs: number[]; probabilities: number[]; surprise: (number | null)[] } | null;
  light: Light;
  "of a record": {
    symbols: string[];
    moment: Record<string, number | string>;
    printed: Record<string, string>;
    sentence: { en: string; zh: string };
    statistics: Record<string, number[]>;
    histogram: { counts: number[]; low: number; high: number };
    means: { symbols: string[]; means: number[]; counts: number[] };
    phrases: { units: { unit: number; sign: number }[]; matches: [number, number, number][] };
  };
  "going on": { ablations: number[]; plain: number[] | null; clamped: number[] | null } | null;
}

const { networks: NETWORKS, templates: TEMPLATES } = computed as unknown as {
  networks: Record<string, Expected>;
  templates: Templates;
};
const STEP = 4;
const HELD = held({ unit: "l0.hidden.1", value: 0.5, from: 0, to: null })!;

/** Within 1e-5, number for number. */
function close(found: ArrayLike<number>, expected: readonly (number | null)[], what: string): void {
  expect(found.length, what).toBe(expected.length);
  expected.forEach((value, place) => {
    const difference = value === null ? (Number.isNaN(found[place]!) ? 0 : 1) : Math.abs(found[place]! - value);
    expect(difference, `${what}[${place}]: ${found[place]} for ${value}`).toBeLessThanOrEqual(1e-5);
  });
}

function opened({ config, weights, inputs, lengths, "of a record": { symbols } }: Expected) {
  const network = new Network(config, (name) => (weights[name] ? Float32Array.from(weights[name]) : null));
  const ids = config.input === "symbols";
  const targets = ids ? Int32Array.from([...inputs.slice(1), -1]) : null;
  if (targets) targets[lengths[0]! - 1] = -1;
  const material: Material = {
    title: null,
    symbols,
    lengths,
    unknown: [],
    inputs: ids ? Int32Array.from(inputs) : Float32Array.from(inputs),
    features: ids ? 0 : config.input_size,
    axis: NO_AXIS,
    targets,
  };
  return { network, material };
}

describe.each(Object.entries(NETWORKS))("%s", (_, expected) => {
  const { network, material } = opened(expected);
  const run = network.run(material);
  const last = run.records.at(-1)!;

  test("every quantity of every layer and direction is Python's", () => {
    expect(run.records.map((one) => `${one.layer}.${one.direction}`)).toEqual(Object.keys(expected.records));
    for (const record of run.records) {
      const known = expected.records[`${record.layer}.${record.direction}`]!;
      expect(new Set(record.quantities.keys())).toEqual(new Set(Object.keys(known)));
      for (const [name, values] of record.quantities) close(values, known[name]!, name);
    }
    close(run.scores, expected.scores, "scores");
  });

  test("what is held moves what Python's clamp moves", () => {
    const holding = { ...HELD, from: 1, to: 2 };
    // The fixture holds by each sequence's own time, the page by the place in all of them.
    const second = { ...holding, from: 7, to: 8 };
    close(network.run(material, [holding, second]).scores, expected.clamped, "clamped");
  });

  test.runIf(expected.said)("the likeliest outputs and the surprise are Python's", () => {
    const found = said(run.scores, network.config.output_size, material, "next");
    expect([...found.outputs!]).toEqual(expected.said!.outputs);
    close(found.probabilities!, expected.said!.probabilities, "probabilities");
    close(found.surprise!, expected.said!.surprise, "surprise");
  });

  test("the light falls back as Python's exact derivatives do", () => {
    const found = light(network, run, material, STEP, 0);
    const first = expected.lengths[0]!;
    const lanes = [...found.lanes].sort((one, other) => one.layer - other.layer);
    lanes.forEach((lane, place) => {
      const known = expected.light.lanes[place]!;
      for (const name of ["cRoad", "hRoad", "hidden"] as const) close(lane[name].subarray(0, first), known[name], name);
      expect(lane.cell === null).toBe(known.cell === null);
      if (lane.cell && known.cell) close(lane.cell.subarray(0, first), known.cell, "cell");
    });
    close(found.input.subarray(0, first), expected.light.input, "input");
    expect(found.input.subarray(first).every((value) => value === 0)).toBe(true);
  });

  test("a moment is taken apart, printed and said as Python does", () => {
    const known = expected["of a record"];
    const found = moment(last, material.lengths, 0, STEP, STEP, false);
    for (const [name, value] of Object.entries(known.moment)) {
      if (typeof value === "number") close([found[name as keyof typeof found] as number], [value], name);
    }
    expect(printed(found)).toEqual(known.printed);
    for (const language of ["en", "zh"] as const) {
      expect(sentence(found, TEMPLATES[language]).map(({ text }) => text).join("")).toBe(known.sentence[language]);
    }
  });

  test("statistics, histogram, means and phrases are Python's", () => {
    const known = expected["of a record"];
    const found = statistics(last, "hidden", material.lengths);
    for (const [name, values] of Object.entries(known.statistics)) close(found[name as keyof typeof found], values, name);
    const spread = histogram("hidden", series(last, "hidden", 0));
    close(spread.counts, known.histogram.counts, "counts");
    expect([spread.low, spread.high]).toEqual([known.histogram.low, known.histogram.high]);
    const means = bySymbol(series(last, "hidden", 0), material.symbols);
    expect(means.symbols).toEqual(known.means.symbols);
    close(means.means, known.means.means, "means");
    close(means.counts, known.means.counts, "counts");
    const phrases = findPhrases(last, "hidden", material.lengths, 1, 2)!;
    expect(phrases.units).toEqual(known.phrases.units);
    expect(phrases.matches.map(({ from, to }) => [from, to])).toEqual(known.phrases.matches.map(([from, to]) => [from, to]));
    close(phrases.matches.map(({ agreement }) => agreement), known.phrases.matches.map(([, , share]) => share), "agreement");
  });

  test.runIf(expected["going on"])("what a unit is worth, and how it goes on, is Python's", () => {
    const known = expected["going on"]!;
    const found = ablate(network, material, "hidden", { layer: 0, direction: "forward" })!;
    for (const { unit, bits } of found.units) close([bits], [known.ablations[unit]!], `unit ${unit}`);
    if (!known.plain || !known.clamped) return;
    const prompt = Int32Array.from(expected.inputs.slice(0, expected.lengths[0]));
    const way = { length: known.plain.length, temperature: 0, seed: 0, never: null };
    expect(goOn(network, prompt, [], way)).toEqual(known.plain);
    expect(goOn(network, prompt, [HELD], way)).toEqual(known.clamped);
  });
});
