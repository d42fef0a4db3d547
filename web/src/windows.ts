// What a long text has too much of to be fetched whole, fetched where it is looked at.
//
// Whoever draws asks for the step it draws. What is not here yet is undefined, is fetched for having been asked for,
// and whoever missed it is told when it comes (a read of a signal), so that no view knows of windows. A short text is
// one window that is the whole text. Knows nothing of what the windows hold.

import { signal, type ReadonlySignal } from "@preact/signals";
import { Failure } from "./failure";
import { attempt } from "./resource";

/** Numbers of a text, one a step; undefined for a step that is not here yet. A Float32Array is one. */
export interface Series {
  readonly length: number;
  at(step: number): number | undefined;
}

/** What is held of the steps from `from` on. */
export interface Window {
  readonly from: number;
}

/** Windows that are held: at 512 steps each, and all 256 units of them in half precision, 24 MB. */
const MOST = 96;
/** Neighbouring windows that are asked for as one, which costs the network hardly more than one does. */
const TOGETHER = 4;
const AT_ONCE = 2;
/** What lies ahead is fetched when nothing else has been asked for, for so many milliseconds. */
const PAUSE = 60;
const AHEAD = 3;

interface Options<T extends Window> {
  /** steps of the whole text */
  readonly steps: number;
  /** steps of one window */
  readonly span: number;
  /** how much of the text has been read; nothing is asked for before it is 1 */
  readonly share: ReadonlySignal<number>;
  /** a window that is here already: that of the steps `from` to `to` − 1 */
  readonly begun?: { readonly window: T; readonly to: number } | undefined;
  /** fetches what is held of the steps `from` to `to` − 1, whole windows but for the text's last */
  readonly load: (from: number, to: number) => Promise<T>;
}

/** Everything that went wrong in fetching a window, the last of it. */
export const windowFailure = signal<Failure | null>(null);

export class Windows<T extends Window> {
  private readonly held = new Map<number, T>();
  private readonly wanted = new Set<number>();
  private readonly loading = new Set<number>();
  private readonly arrivals = signal(0);
  private latest: { readonly tile: number; readonly window: T } | null = null;
  private heading = 1;
  private lastWanted = 0;
  private running = 0;
  private pumping = false;
  private pause = 0;
  private failedAt = -1;

  constructor(private readonly options: Options<T>) {
    const { begun, span } = options;
    for (let at = begun?.window.from ?? 0; at < (begun?.to ?? 0); at += span) this.held.set(at / span, begun!.window);
  }

  /** A text that is one window. */
  static whole<T extends Window>(steps: number, window: T): Windows<T> {
    const load = () => Promise.reject(new RangeError("there is no step outside a whole text"));
    const begun = { window, to: Math.max(1, steps) };
    return new Windows<T>({ steps, span: Math.max(1, steps), share: signal(1), begun, load });
  }

  /** The window that a step is in; undefined if it is not here yet, and then it is on its way. */
  around(step: number): T | undefined {
    const tile = Math.floor(step / this.options.span);
    if (this.latest?.tile === tile) return this.latest.window;
    if (!(step >= 0 && step < this.options.steps)) return undefined;
    const found = this.held.get(tile);
    if (!found) {
      this.miss(tile);
      return undefined;
    }
    this.held.delete(tile); // the most recently used is last
    this.held.set(tile, found);
    this.latest = { tile, window: found };
    return found;
  }

  private miss(tile: number): void {
    this.arrivals.value; // who misses a window is told when one arrives,
    attempt.value; // when it is tried again,
    if (this.options.share.value < 1) return; // and when it can be had
    if (this.failedAt === attempt.peek() || this.loading.has(tile)) return;
    this.wanted.delete(tile);
    this.wanted.add(tile);
    if (this.pumping) return;
    this.pumping = true;
    queueMicrotask(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** Fetches what was wanted last, with wanted neighbours, unless enough is on its way. */
  private pump(): void {
    while (this.running < AT_ONCE && this.wanted.size > 0) {
      const last = [...this.wanted].at(-1)!;
      this.heading = last < this.lastWanted ? -1 : 1;
      this.lastWanted = last;
      let [first, stop] = [last, last + 1];
      while (stop - first < TOGETHER && this.wanted.has(first - 1)) first--;
      while (stop - first < TOGETHER && this.wanted.has(stop)) stop++;
      void this.fetch(first, stop);
    }
  }

  private async fetch(first: number, stop: number): Promise<void> {
    const { span, steps, load } = this.options;
    const tiles = Array.from({ length: stop - first }, (_, index) => first + index);
    for (const tile of tiles) {
      this.wanted.delete(tile);
      this.loading.add(tile);
    }
    this.running++;
    try {
      const found = await load(first * span, Math.min(stop * span, steps));
      for (const tile of tiles) this.held.set(tile, found);
      while (this.held.size > MOST) this.held.delete(this.held.keys().next().value!);
      this.latest = null;
      if (windowFailure.peek()) windowFailure.value = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.failedAt = attempt.peek();
      windowFailure.value = error;
    } finally {
      this.running--;
      for (const tile of tiles) this.loading.delete(tile);
    }
    // What is still to be seen is asked for again by who shows it; what has been scrolled past is not.
    this.wanted.clear();
    this.arrivals.value++;
    this.pump();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.lookAhead(), PAUSE);
  }

  /** Fetches the next windows in the direction of reading, if there is nothing better to do. */
  private lookAhead(): void {
    if (this.running > 0 || this.wanted.size > 0 || this.failedAt === attempt.peek()) return;
    const tiles = Math.ceil(this.options.steps / this.options.span);
    for (let ahead = 1; ahead <= AHEAD; ahead++) {
      const tile = this.lastWanted + ahead * this.heading;
      if (tile < 0 || tile >= tiles || this.held.has(tile)) continue;
      void this.fetch(tile, tile + 1);
      return;
    }
  }
}
