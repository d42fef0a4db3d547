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
}

/** Counts the user's "try again": every resource that failed is asked for anew. */
export const attempt = signal(0);

const NOTHING = { value: null, failure: null, loading: false };

/** Keeps a signal at what `wanted` asks for; `keep` answers remembers the last few answers, for those that never change. */
export function resource<T>(wanted: () => Request<T> | null, keep = 0): ReadonlySignal<Loaded<T>> {
  const loaded = signal<Loaded<T>>(NOTHING);
  const kept = new Map<string, T>();
  let current: string | null = null;
  let family: string | null = null;
  let lastAttempt = 0;
  let running: AbortController | null = null;

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
        if (keep > 0) {
          kept.set(request.key, value);
          if (kept.size > keep) kept.delete(kept.keys().next().value!);
        }
        loaded.value = { value, failure: null, loading: false };
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof Failure)) throw error;
        loaded.value = { value: null, failure: error, loading: false };
      },
    );
  });
  return loaded;
}
