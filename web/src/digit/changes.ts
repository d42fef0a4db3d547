// The digits over which a network changes its mind, found by letting it read them all; asked for when wanted.

import { signal } from "@preact/signals";
import * as api from "../api";
import { resource } from "../resource";
import { address } from "../state";

/** A held-out digit whose guess settles late. */
export interface Change {
  readonly sample: number;
  /** the row, from 1, from which on the guess stays */
  readonly row: number;
  /** how often the guess changed since the first ink */
  readonly turns: number;
  /** what it is, and what it was taken for at most of the rows with ink */
  readonly label: string;
  readonly mistaken: string | null;
  /** at how many */
  readonly rows: number;
  /** the last of them, from 1 */
  readonly until: number;
}

export const wanted = signal(false);

/** The latest to settle first. */
export const changes = resource(() => {
  const { page, run } = address.value;
  if (page !== "digit" || !wanted.value) return null;
  return {
    key: run,
    family: run,
    load: async (signal: AbortSignal) =>
      (await api.facts<{ samples: readonly Change[] }>(`${api.at(run)}/changes`, signal)).samples,
  };
}, 2);
