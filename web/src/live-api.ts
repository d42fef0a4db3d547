// What the server is asked for by those who hold, rank and silence units. Knows nothing of the page.

import { asked, at, facts, type Task } from "./api";
import type { Direction, Language } from "./state";

export type Both = Readonly<Record<Language, string>>;

/** A text gone on with, twice with the same luck. */
export interface Continuation {
  readonly plain: readonly string[];
  /** with what is held; null where nothing is */
  readonly clamped: readonly string[] | null;
  /** how many symbols are the same before the two part */
  readonly agree: number;
}

export interface Luck {
  readonly length: number;
  /** 0 takes the likeliest symbol every time */
  readonly temperature: number;
  readonly seed: number;
}

export async function postContinue(run: string, task: Task, luck: Luck, signal: AbortSignal): Promise<Continuation> {
  return facts(`${at(run)}/continue`, signal, { ...asked(task), ...luck });
}

/** What one unit follows, of all that is known to be in a text. */
export interface Follower {
  readonly unit: number;
  readonly indicator: string;
  readonly name: Both;
  readonly correlation: number;
  readonly sentence: Both;
}

export interface Follows {
  /** best first, one a unit */
  readonly units: readonly Follower[];
  /** for everything that can be followed the unit that follows it most closely */
  readonly leaders: readonly Follower[];
  /** how much each unit remembers unseen: the mean of (1 − o)·|tanh c|; null without an output gate */
  readonly silence: readonly number[] | null;
}

export async function getFollows(
  trace: string,
  layer: number,
  direction: Direction,
  signal: AbortSignal,
): Promise<Follows> {
  return facts(`/api/traces/${trace}/${layer}/${direction}/follows`, signal);
}

export interface Lane {
  readonly layer: number;
  readonly direction: Direction;
  readonly quantity: string;
}

/** What it costs to silence each unit of a layer, in bits a symbol. */
export async function postAblate(
  run: string,
  task: Task,
  lane: Lane,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const body = { ...asked(task), ...lane };
  const { units } = await facts<{ units: readonly { unit: number; bits: number }[] }>(`${at(run)}/ablate`, signal, body);
  return new Map(units.map(({ unit, bits }) => [unit, bits]));
}
