// The runs of a file and what they have read: materials, networks, and the readings that are open. A reading comes
// from the record in the file, or from the network run here. Knows nothing of addresses or bytes.

import { held, type Held } from "../engine/clamps";
import { Network, type Run } from "../engine/network";
import { said } from "../engine/said";
import { typed, Unreadable } from "../engine/typing";
import { count } from "../format";
import { spanOf, steps, type LayerRecord, type Material, type Said } from "../record/record";
import type { Clamp } from "../state";
import type { Capsule, RunFacts } from "./capsule";
import { pixels } from "./drawn";
import { needsServer, Refused } from "./refused";

/** As the page asks: see `api.asked`. */
export interface Task {
  readonly text?: string;
  readonly sample?: number;
  readonly drawn?: string;
  readonly frame?: number;
  readonly clamps?: readonly Clamp[];
}

/** One open reading. */
export interface Session {
  readonly id: string;
  readonly run: string;
  readonly facts: RunFacts;
  readonly task: Task;
  /** which of the file's materials; null for one of the reader's own */
  readonly number: number | null;
  readonly material: Material;
  readonly records: readonly LayerRecord[];
  readonly said: Said;
  /** (step, feature) what a layer read, where it is known apart from the material and the records; else null */
  read(layer: number): Float32Array | null;
  /** the record was in the file and is rounded */
  readonly rounded: boolean;
  /** the network and what it did, where it ran here; null where the record was in the file */
  readonly live: { readonly network: Network; readonly run: Run; readonly held: readonly Held[] } | null;
}

const MOST_SESSIONS = 8;
/** The most that is read at once: weights times steps. A second or two. */
const MOST_WORK = 1e9;

export class Library {
  private readonly sessions = new Map<string, Session>();
  private readonly networks = new Map<string, Network>();
  private last = 0;

  constructor(readonly capsule: Capsule) {}

  facts(run: string): RunFacts {
    const found = this.capsule.facts.runs[run];
    if (found) return found;
    throw new Refused(
      404,
      (words) => words.noRun(run),
      (words) => words.noRunRemedy,
    );
  }

  /** The open reading of this name. */
  session(id: string): Session {
    const found = this.sessions.get(id);
    if (found) return found;
    throw new Refused(
      404,
      (words) => words.traceGone,
      (words) => words.reload,
    );
  }

  /** Reads what a task says, or finds the reading that was made of it. */
  read(run: string, task: Task): Session {
    const key = JSON.stringify([run, task]);
    for (const [name, open] of this.sessions) {
      if (JSON.stringify([open.run, open.task]) !== key) continue;
      this.sessions.delete(name);
      this.sessions.set(name, open);
      return open;
    }
    const session = this.made(`r${this.last++}`, run, task);
    this.sessions.set(session.id, session);
    if (this.sessions.size > MOST_SESSIONS) this.sessions.delete(this.sessions.keys().next().value!);
    return session;
  }

  /** The reading of a task by the network itself, also where the file has its record. */
  live(run: string, task: Task): Session {
    return this.made("", run, task, true);
  }

  private made(id: string, run: string, task: Task, live = false): Session {
    const facts = this.facts(run);
    const number = task.text === undefined && task.drawn === undefined ? this.sample(facts, task) : null;
    const common = { id, run, facts, task, number };
    const bare = (task.clamps ?? []).length === 0 && (task.frame ?? null) === null;
    if (!live && number !== null && bare && facts.materials[number]!.lanes.length > 0) {
      const { capsule } = this;
      const { rounded } = facts.materials[number]!;
      const material = capsule.material(run, number);
      const records = capsule.records(run, number);
      const read = (layer: number) => capsule.read(run, number, layer);
      return { ...common, material, records, read, said: capsule.said(run, number), rounded, live: null };
    }
    const network = this.network(run, facts, task.frame ?? null);
    const material = number === null ? this.own(facts, task) : this.capsule.material(run, number);
    this.requireFeasible(facts, material);
    const holding = (task.clamps ?? []).flatMap((clamp) => held(clamp) ?? []);
    const ran = network.run(material, holding);
    return {
      ...common,
      material,
      records: ran.records,
      said: said(ran.scores, network.config.output_size, material, facts.target),
      read: (layer) => ran.inputs[layer] ?? null,
      rounded: false,
      live: { network, run: ran, held: holding },
    };
  }

  private sample(facts: RunFacts, { sample = 0 }: Task): number {
    if (sample < facts.materials.length) return sample;
    throw new Refused(
      404,
      (words) => words.noSample(sample, facts.materials.length),
      (words) => words.noSampleRemedy,
    );
  }

  private network(run: string, facts: RunFacts, frame: number | null): Network {
    if (!facts.network) {
      if (facts.page["bare"]) {
        throw new Refused(
          422,
          (words) => words.noNetwork,
          (words) => words.noNetworkRemedy,
        );
      }
      throw needsServer((words) => words.reading);
    }
    if (frame !== null && !facts.frames.includes(frame)) {
      throw new Refused(
        404,
        (words) => words.noFrame(frame),
        (words) => words.needsServerRemedy,
      );
    }
    const key = `${run}/${frame}`;
    const known = this.networks.get(key);
    if (known) return known;
    const network = new Network(facts.network, (name) => this.capsule.weight(run, frame, name));
    this.networks.set(key, network);
    return network;
  }

  /** What the reader typed or drew. */
  private own(facts: RunFacts, { text, drawn }: Task): Material {
    if (drawn !== undefined) return pixels(drawn, facts);
    const { vocabulary } = facts;
    if (!vocabulary) {
      throw new Refused(
        422,
        (words) => words.noText,
        (words) => words.noTextRemedy,
      );
    }
    try {
      return typed(text!, vocabulary, facts.target === "next");
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (error.reason === "empty") {
        throw new Refused(
          400,
          (words) => words.emptyText,
          (words) => words.emptyTextRemedy,
        );
      }
      const symbols = error.symbols.slice(0, 8).map((symbol) => `“${symbol}”`).join(" ");
      throw new Refused(
        422,
        (words) => words.unknownSymbols(symbols),
        (words) => words.unknownSymbolsRemedy(vocabulary.symbols.join(" ")),
      );
    }
  }

  private requireFeasible(facts: RunFacts, material: Material): void {
    const total = steps(material.lengths);
    const most = Math.floor(MOST_WORK / Math.max(1, Number(facts.page["parameters"])));
    if (total <= most) return;
    throw new Refused(
      413,
      (words) => words.tooLong(count(total), count(most)),
      (words) => words.tooLongRemedy,
    );
  }
}

/** Where a step is in its own sequence. */
export function placeOf({ material }: Session, step: number): number {
  return step - spanOf(material.lengths, step)[0];
}
