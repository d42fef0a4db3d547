// What every part of the drawing needs to know: where things stand, how wide a 1 is, the colours, whose moment it is.

import { signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { mix, type Tones } from "../colour";
import type { Shown } from "./data";
import type { Point } from "./geometry";
import type { Stations } from "./stations";

export interface Sheet extends Stations {
  readonly tones: Tones;
  /** a line that is barely there, a ground that is barely there, words that keep back */
  readonly hair: string;
  readonly wash: string;
  readonly quiet: string;
  readonly perOne: number;
  readonly shown: Shown;
  /** all units of the layer, not one */
  readonly every: boolean;
  /** the largest magnitude that the strips of all units show, for memories */
  readonly limit: number;
  /** how the step before is written: t−1, or t+1 for a layer that reads backwards */
  readonly before: string;
}

/** The colours of lines and words, by a theme's ink and ground. */
export function shades(tones: Tones): Pick<Sheet, "hair" | "wash" | "quiet"> {
  const { page, ink } = tones.theme;
  return { hair: mix(page, ink, 0.3), wash: mix(page, ink, 0.06), quiet: mix(page, ink, 0.66) };
}

const Context = createContext<Sheet | null>(null);

export const SheetProvider = Context.Provider;

export function useSheet(): Sheet {
  return useContext(Context)!;
}

/** The number that is pointed at, wherever: in the sentence, the equations, the plate or the block itself. */
export const lit = signal<string | null>(null);

/** What lights up a mark while it is pointed at. */
export function lights(mark: string): { onPointerEnter: () => void; onPointerLeave: () => void } {
  return {
    onPointerEnter: () => (lit.value = mark),
    onPointerLeave: () => {
      if (lit.peek() === mark) lit.value = null;
    },
  };
}

/** A point of the block on the screen. */
export function onScreen({ turned }: Pick<Sheet, "turned">, [along, across]: Point): readonly [number, number] {
  return turned ? [across, along] : [along, across];
}
