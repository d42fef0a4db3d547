// What is looked at, as a notebook has it in `widget.selection`: the address with every choice made, and nothing of
// how the page is laid out.

import { computed, type ReadonlySignal } from "@preact/signals";
import { moment, selected, unit } from "./data";
import { address, format, go, parse, type Address, type Clamp, type Direction, type Page } from "./state";

/** Its names are Python's: `peephole.explorer.selection`. */
export interface Selection {
  readonly page: Page;
  readonly run: string;
  readonly layer: number;
  readonly direction: Direction;
  readonly quantity: string | null;
  readonly unit: number | null;
  readonly moment: number;
  /** which sample is read; null where a text is */
  readonly sample: number | null;
  readonly text: string | null;
  readonly frame: number | null;
  readonly clamps: readonly Clamp[];
  readonly light: number | null;
  readonly stretch: readonly [number, number] | null;
}

export const selection: ReadonlySignal<Selection> = computed(() => {
  const { page, run, layer, direction, source, frame, clamps, light, stretch, quantity } = address.value;
  return {
    page,
    run,
    layer,
    direction,
    quantity: selected.value?.quantity ?? quantity,
    unit: unit.value,
    moment: moment.value,
    sample: source.kind === "sample" ? source.index : null,
    text: source.kind === "text" ? source.text : null,
    frame,
    clamps,
    light,
    stretch,
  };
});

/** Looks at something else; what it leaves out stays. */
export function select({ sample, text, ...change }: Partial<Selection>): void {
  const before = address.peek();
  const source: Address["source"] =
    typeof text === "string"
      ? { kind: "text", text }
      : typeof sample === "number"
        ? { kind: "sample", index: sample }
        : before.source;
  // It came from outside: what an address cannot say is not taken.
  const [path = "/", query = ""] = format({ ...before, ...change, source }).split("?");
  go(parse(path, query));
}
