// A value that is fetched when the state asks for it. Knows nothing of what is fetched.

import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { Failure } from "./failure";

export interface Loaded<T> {
  readonly value: T | null;
  readonly failure: Failure | null;
  readonly loading: boolean;
}

export interface Request<T> {
  /** what is asked for; a new one is fetched when this changes */
  readonly key: string;
  /** while something new of the same family is on the way, the old value stays to be seen */
  readonly family: string;
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** when this cannot be had, the old value stays to be seen beside what went wrong */
  readonly stays?: boolean;
}

/** A value that follows the state, and that can be handed an answer before it is asked for. */
export interface Resource<T> extends ReadonlySignal<Loaded<T>> {
  /** Remembers an answer, so that it is there at once when the state asks for it. */
  expect(key: string, value: T): void;
}

/** Counts the user's "try again": every resource that failed is asked for anew. */
export const attempt = signal(0);

const NOTHING = { value: null, failure: null, loading: false };

/** Keeps a signal at what `wanted` asks for; `keep` answers remembers the last few answers, for those that never change. */
export function resource<T>(wanted: () => Request<T> | null, keep = 0): Resource<T> {
  const loaded = signal<Loaded<T>>(NOTHING);
  const kept = new Map<string, T>();
  let current: string | null = null;
  let family: string | null = null;
  let lastAttempt = 0;
  let running: AbortController | null = null;

  const remember = (key: string, value: T) => {
    if (keep === 0) return;
    kept.set(key, value);
    if (kept.size > keep) kept.delete(kept.keys().next().value!);
  };

  effect(() => {
    const request = wanted();
    const retried = attempt.value !== lastAttempt && loaded.peek().failure !== null;
    lastAttempt = attempt.value;
    if (request?.key === current && !retried) return;
    running?.abort();
    current = request?.key ?? null;
    if (!request) {
      family = null;
      loaded.value = NOTHING;
      return;
    }
    const before = request.family === family ? loaded.peek().value : null;
    family = request.family;
    const known = kept.get(request.key);
    if (known !== undefined) {
      loaded.value = { value: known, failure: null, loading: false };
      return;
    }
    loaded.value = { value: before, failure: null, loading: true };
    const controller = new AbortController();
    running = controller;
    request.load(controller.signal).then(
      (value) => {
        if (controller.signal.aborted) return;
        remember(request.key, value);
        loaded.value = { value, failure: null, loading: false };
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof Failure)) throw error;
        loaded.value = { value: request.stays ? before : null, failure: error, loading: false };
      },
    );
  });
  return Object.assign(loaded, { expect: remember });
}
