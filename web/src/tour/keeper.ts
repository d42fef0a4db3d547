// The memorizer's unit that holds the first letter: found by reading both letters, never by its number.

import { useSignalEffect } from "@preact/signals";
import { address, move } from "../state";
import { ofSteps, read, task } from "./data";

const LANE = { layer: 0, direction: "forward" } as const;
/** Between the letter and Y there is nothing to be learned. */
const FILLER = "x";

/** The unit whose memory keeps the two letters furthest apart, with its forget gate open, all the while. */
const keeper = ofSteps<number>(["outside", "gates", "fading"], ({ symbols }, { detail }) => {
  const { run } = address.value;
  const rest = symbols.slice(1).join("");
  const steps = symbols.flatMap((symbol, step) => (symbol === FILLER ? [step] : []));
  return {
    key: `${run} ${rest}`,
    family: run,
    load: async (signal) => {
      const [one, other] = await Promise.all(
        ["A", "B"].map((letter) =>
          read(
            run,
            { ...task(), source: { kind: "text", text: letter + rest } },
            [LANE],
            ["cell", "forget_gate"],
            signal,
          ),
        ),
      );
      const held = (unit: number) =>
        Math.min(
          ...steps.map((step) => {
            const [a, b] = [one, other].map((reading) => Math.tanh(reading!.of("cell")!.at(step, unit) ?? 0));
            return Math.abs(a! - b!) * (one!.of("forget_gate")!.at(step, unit) ?? 0);
          }),
        );
      const scores = Array.from({ length: detail.units }, (_, unit) => held(unit));
      return scores.indexOf(Math.max(...scores));
    },
  };
});

/** Looks at the keeper, unless a unit has been chosen. */
export function useKeeper(): void {
  useSignalEffect(() => {
    const found = keeper.value.value;
    if (found !== null && address.value.unit === null) move({ unit: found });
  });
}
