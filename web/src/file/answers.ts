// What the server answers, answered in the page: from the file's records, and from networks that run here. The
// addresses and what they answer are those of `peephole.explorer.endpoints`.

import { light } from "../engine/back";
import { ablate, goOn } from "../engine/going-on";
import type { Network } from "../engine/network";
import { table, vector, type Named } from "../encode";
import { moment, printed, sentence } from "../record/moments";
import { findPhrases } from "../record/phrases";
import { previous, spanOf, spans, type LayerRecord } from "../record/record";
import { bySymbol, histogram, pearson, series, statistics } from "../record/statistics";
import { softmax } from "../engine/said";
import { placeOf, type Library, type Session, type Task } from "./library";
import { needsServer, noPart, Refused } from "./refused";
import { sums } from "./sums";

/** Facts alone, numbers with facts, or bytes as the server once gave them. */
export type Content =
  | { readonly facts: unknown }
  | { readonly tensors: Readonly<Record<string, Named>>; readonly facts: unknown }
  | { readonly bytes: ArrayBuffer };

/** The most symbols that a network goes on for. */
const LONGEST = 400;

type Body = Readonly<Record<string, unknown>>;
type Answer = (library: Library, place: Readonly<Record<string, string>>, body: Body) => Content;

/** Five outputs a step, however many a network has: what is missing is −1, with probability 0. */
function five(values: Int32Array | Float32Array, ranks: number, missing: number): Named {
  const rows = values.length / ranks;
  const padded = values instanceof Int32Array ? new Int32Array(rows * 5).fill(missing) : new Float32Array(rows * 5).fill(missing);
  for (let row = 0; row < rows; row++) padded.set(values.subarray(row * ranks, (row + 1) * ranks), row * 5);
  return table(padded, 5);
}

const run: Answer = (library, { run: id }) => {
  const { page, materials } = library.facts(id!);
  return { facts: { ...page, samples: materials.length } };
};

const trace: Answer = (library, { run: id }, body) => {
  const task = body as Task;
  const session = library.read(id!, task);
  const { facts, material, said } = session;
  const tensors: Record<string, Named> = {};
  if (said.outputs && said.probabilities) {
    tensors["outputs5"] = five(said.outputs, said.ranks, -1);
    tensors["probabilities5"] = five(said.probabilities, said.ranks, 0);
  }
  if (said.forecast) tensors["forecast"] = table(said.forecast, 1);
  if (said.surprise) tensors["surprise"] = vector(said.surprise);
  if (said.output) tensors["output"] = table(said.output, said.output.length / material.symbols.length);
  if (said.distribution) tensors["distribution"] = table(said.distribution, facts.predicted.length);
  if (material.inputs instanceof Float32Array) tensors["inputs"] = table(material.inputs, material.features);
  const { title, symbols, lengths, unknown } = material;
  const { input, target, predicted } = facts;
  const told = { trace: session.id, title, symbols, lengths, unknown, input, target, predicted };
  const final = said.final ? [...said.final] : null;
  return { tensors, facts: { ...told, frame: task.frame ?? null, clamps: task.clamps ?? [], final, ...material.axis } };
};

/** The layer and direction that an address names. */
function lane(library: Library, place: Readonly<Record<string, string>>): Lane {
  return laneIn(library.session(place["trace"]!), place["layer"], place["direction"]);
}

interface Lane {
  readonly session: Session;
  readonly record: LayerRecord;
}

function laneIn(session: Session, layer: unknown, direction: unknown): Lane {
  const record = session.records.find((one) => one.layer === Number(layer) && one.direction === direction);
  if (!record) throw noPart();
  return { session, record };
}

/** A number in an address or a body that must be below an end. */
function below(end: number, wanted: unknown): number {
  const number = Number(wanted);
  if (!(Number.isInteger(number) && number >= 0 && number < end)) throw noPart();
  return number;
}

function known(record: LayerRecord, quantity: unknown): string {
  if (typeof quantity !== "string" || !record.quantities.has(quantity)) throw noPart();
  return quantity;
}

const quantity: Answer = (library, place) => {
  const { session, record } = lane(library, place);
  const name = known(record, place["quantity"]);
  const found = statistics(record, name, session.material.lengths);
  const columns = Object.entries(found).map(([field, values]): [string, Named] => [field, vector(values)]);
  return { tensors: { values: table(record.quantities.get(name)!, record.units), ...Object.fromEntries(columns) }, facts: {} };
};

const unit: Answer = (library, place) => {
  const { session, record } = lane(library, place);
  const number = below(record.units, place["unit"]);
  const tensors: Record<string, Named> = {};
  const edges: Record<string, readonly [number, number]> = {};
  for (const name of record.quantities.keys()) {
    const values = series(record, name, number);
    const { counts, low, high } = histogram(name, values);
    tensors[name] = vector(values);
    tensors[`hist.${name}`] = vector(counts);
    edges[name] = [low, high];
  }
  const memory = series(record, record.quantities.has("cell") ? "cell" : "hidden", number);
  if (session.facts.input === "numbers") {
    const { inputs, features } = session.material;
    const withFeature = Float32Array.from({ length: features }, (_, feature) =>
      pearson(memory, (step) => inputs[step * features + feature]!),
    );
    return { tensors: { ...tensors, with_feature: vector(withFeature) }, facts: { edges } };
  }
  const { symbols, means, counts } = bySymbol(memory, session.material.symbols);
  return { tensors: { ...tensors, mean_by_symbol: vector(means), counts: vector(counts) }, facts: { edges, symbols } };
};

const layerMoment: Answer = (library, place) => {
  const { session, record } = lane(library, place);
  const { material } = session;
  const step = below(material.symbols.length, place["step"]);
  const row = (name: string, at: number) => record.quantities.get(name)!.slice(at * record.units, (at + 1) * record.units);
  const tensors: Record<string, Named> = {};
  for (const name of record.quantities.keys()) tensors[name] = vector(row(name, step));
  const earlier = previous(record, material.lengths, step);
  for (const state of ["cell", "hidden"].filter((name) => record.quantities.has(name))) {
    tensors[`before.${state}`] = vector(earlier === null ? new Float32Array(record.units) : row(state, earlier));
  }
  tensors["input"] = vector(inputAt(session, record.layer, step));
  return { tensors, facts: { kind: record.kind, step: placeOf(session, step), first: earlier === null } };
};

/** What a layer read at a step: what is known of it, what came out below, or the symbol as one of all. */
function inputAt({ read, records, material, facts }: Session, layer: number, step: number): Float32Array {
  const row = (values: Float32Array) => {
    const width = values.length / material.symbols.length;
    return values.slice(step * width, (step + 1) * width);
  };
  const known = read(layer);
  if (known) return row(known);
  if (layer > 0) {
    const below = records.filter((one) => one.layer === layer - 1).map(({ quantities }) => quantities.get("hidden")!);
    return Float32Array.from(below.flatMap((hidden) => [...row(hidden)]));
  }
  if (material.inputs instanceof Float32Array) return row(material.inputs);
  const hot = new Float32Array(facts.vocabulary?.symbols.length ?? 0);
  hot[material.inputs[step]!] = 1;
  return hot;
}

const unitMoment: Answer = (library, place) => {
  const { session, record } = lane(library, place);
  const step = below(session.material.symbols.length, place["step"]);
  const number = below(record.units, place["unit"]);
  const values = moment(record, session.material.lengths, number, step, placeOf(session, step), session.rounded);
  const { templates } = library.capsule.facts;
  return {
    facts: {
      values,
      printed: printed(values),
      sentence: { en: sentence(values, templates.en), zh: sentence(values, templates.zh) },
      sums: sums(session, record, number, step),
    },
  };
};

/** An answer that the file holds as the server gave it, for its own materials with nothing held. */
function kept(library: Library, session: Session, end: string): Content | null {
  const { run: id, number, task } = session;
  if (number === null || (task.frame ?? null) !== null || (task.clamps ?? []).length > 0) return null;
  const bytes = library.capsule.kept(id, number, end);
  return bytes && { bytes };
}

const follows: Answer = (library, place) => {
  const { session, record } = lane(library, place);
  const found = kept(library, session, `${record.layer}/${record.direction}/follows`);
  if (found) return found;
  throw new Refused(
    422,
    (words) => words.onlyServer(words.follows),
    (words) => words.needsServerRemedy,
  );
};

const lags: Answer = (library, place) => {
  const session = library.session(place["trace"]!);
  const found = kept(library, session, "lags");
  if (found) return found;
  throw new Refused(
    422,
    (words) => (session.facts.page["bidirectional"] ? words.noLag : words.onlyServer(words.lags)),
    (words) => (session.facts.page["bidirectional"] ? words.noLagRemedy : words.needsServerRemedy),
  );
};

const backward: Answer = (library, place, body) => {
  const session = library.session(place["trace"]!);
  const { live, material, facts } = session;
  if (!live) throw needsServer((words) => words.light);
  const step = below(material.symbols.length, body["step"]);
  const { network, run: done } = live;
  const outputs = network.config.output_size;
  const shares = softmax(done.scores.subarray(step * outputs, (step + 1) * outputs));
  const likeliest = shares.indexOf(shares.reduce((most, share) => Math.max(most, share)));
  const output = (body["output"] ?? null) === null ? likeliest : below(outputs, body["output"]);
  const found = light(network, done, material, step, output);
  const tensors: Record<string, Named> = { input: vector(found.input) };
  for (const { layer, direction, cRoad, hRoad, cell, hidden } of found.lanes) {
    const at = `${layer}.${direction}`;
    tensors[`${at}.c_road`] = vector(cRoad);
    tensors[`${at}.h_road`] = vector(hRoad);
    tensors[`${at}.hidden`] = vector(hidden);
    if (cell) tensors[`${at}.cell`] = vector(cell);
  }
  if (body["unit"] !== undefined) {
    const { record } = laneIn(session, body["layer"], body["direction"]);
    const number = below(record.units, body["unit"]);
    const { hiddens, cells } = found.lanes.find((one) => one.layer === record.layer && one.direction === record.direction)!;
    const own = (values: Float32Array) =>
      vector(Float32Array.from(material.symbols, (_, at) => values[at * record.units + number]!));
    tensors["unit.hidden"] = own(hiddens);
    if (cells) tensors["unit.cell"] = own(cells);
  }
  const named = facts.predicted.length > 0;
  const said = { output: named ? output : null, name: facts.predicted[output] ?? null, probability: named ? shares[output]! : null };
  return { tensors, facts: { ...said, step, from: spanOf(material.lengths, step)[0] } };
};

const phrases: Answer = (library, place, body) => {
  const { session, record } = laneIn(library.session(place["trace"]!), body["layer"], body["direction"]);
  const name = known(record, body["quantity"]);
  const { lengths, symbols } = session.material;
  const [from, to] = [below(symbols.length, body["from"]), below(symbols.length, body["to"])];
  const found = findPhrases(record, name, lengths, from, to);
  if (found) return { facts: found };
  throw new Refused(
    400,
    (words) => words.noStretch,
    (words) => words.noStretchRemedy,
  );
};

/** A task done by the whole network, where the file has it. */
function ran(library: Library, id: string, body: Body, what: "going" | "ablations"): { session: Session; network: Network } {
  if (!library.facts(id).network) throw needsServer((words) => words[what]);
  const session = library.live(id, body as Task);
  return { session, network: session.live!.network };
}

const goingOn: Answer = (library, { run: id }, body) => {
  const { network: config, vocabulary, target } = library.facts(id!);
  if (config && (!vocabulary || target !== "next" || config.bidirectional)) {
    throw new Refused(
      422,
      (words) => words.noContinuation,
      (words) => words.noContinuationRemedy,
    );
  }
  const { session, network } = ran(library, id!, body, "going");
  const [start] = spans(session.material.lengths).at(-1)!;
  const prompt = Int32Array.from(session.material.inputs).subarray(start);
  // What is held is counted over all lines; the last one is gone on with.
  const held = session.live!.held.map((one) => ({ ...one, from: one.from - start, to: one.to - start }));
  const { length = LONGEST / 2, temperature = 1, seed = 0 } = body as Readonly<Record<string, number>>;
  const way = { length: Math.min(LONGEST, length), temperature, seed, never: vocabulary!.unknown };
  const plain = goOn(network, prompt, [], way);
  const clamped = held.length > 0 ? goOn(network, prompt, held, way) : null;
  const parted = clamped?.findIndex((symbol, place) => symbol !== plain[place]) ?? -1;
  const text = (ids: readonly number[]) => ids.map((symbol) => vocabulary!.symbols[symbol]!);
  return { facts: { plain: text(plain), clamped: clamped && text(clamped), agree: parted < 0 ? plain.length : parted } };
};

const ablations: Answer = (library, { run: id }, body) => {
  const { session, network } = ran(library, id!, body, "ablations");
  const { record } = laneIn(session, body["layer"], body["direction"]);
  const { target } = session.facts;
  const name = known(record, body["quantity"]);
  const found = session.live!.held.length > 0 || target === "value" ? null : ablate(network, session.material, name, record);
  if (found) return { facts: found };
  throw new Refused(
    422,
    (words) => words.noWorth,
    (words) => words.noWorthRemedy,
  );
};

const LANE = "/api/traces/:trace/:layer/:direction";

/** In the order in which they are tried. */
export const ROUTES: readonly (readonly [string, Answer])[] = [
  ["/api/home", (library) => ({ facts: library.capsule.facts.home })],
  ["/api/runs/:run", run],
  ["/api/runs/:run/trace", trace],
  ["/api/runs/:run/continue", goingOn],
  ["/api/runs/:run/ablate", ablations],
  ["/api/traces/:trace/light", backward],
  ["/api/traces/:trace/lags", lags],
  ["/api/traces/:trace/phrases", phrases],
  [`${LANE}/follows`, follows],
  [`${LANE}/unit/:unit`, unit],
  [`${LANE}/moment/:step`, layerMoment],
  [`${LANE}/unit/:unit/moment/:step`, unitMoment],
  [`${LANE}/:quantity`, quantity],
];
