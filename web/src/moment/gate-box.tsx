// The boxes in which sums become gates and candidates, with the unit's own sum or the gates of all units.

import { nameOf } from "../i18n";
import { Heat } from "./heat";
import { CurveBox } from "./parts";
import { useSheet } from "./sheet";
import { Label } from "./text";

/** The unit's own gate; with all units shown, their mean. */
export function useShare(quantity: string, own: number): number {
  const { every, shown } = useSheet();
  if (!every) return own;
  const gates = shown.all.quantity(quantity);
  return gates.reduce((sum, gate) => sum + gate, 0) / gates.length;
}

interface GateBoxProps {
  readonly mark: string;
  readonly along: number;
  readonly letter: string;
  readonly quantity: string;
}

/** The box of a gate or of the candidate: its curve with the unit's dot, or the gates of all units. */
export function GateBox({ mark, along, letter, quantity }: GateBoxProps) {
  const { boxes, box, pipe, every, shown, turned } = useSheet();
  const { sums } = shown.one;
  const squashes = quantity === "candidate" || quantity === "hidden";
  const activation = sums[quantity]?.activation ?? (squashes ? "tanh" : "sigmoid");
  const strip = every && !squashes;
  return (
    <>
      <CurveBox
        mark={mark}
        along={along}
        across={boxes}
        letter={letter}
        activation={activation}
        sum={every ? null : (sums[quantity]?.sum ?? null)}
        {...(squashes ? { outlet: "over", size: { along: pipe + 24, across: box.across } } : {})}
      >
        {strip && (
          <Heat
            mark={quantity}
            values={shown.all.quantity(quantity)}
            kind="gate"
            along={[along - box.along / 2 + 5, along + box.along / 2 - 5]}
            across={[boxes - box.across / 2 + 5, boxes + box.across / 2 - 5]}
          />
        )}
      </CurveBox>
      {quantity === "candidate" && (
        <Label
          at={[along + (turned ? -1 : 1) * (pipe / 2 + 12), boxes]}
          side={turned ? "before" : "after"}
          size={12}
          quiet
        >
          {nameOf(quantity)}
        </Label>
      )}
    </>
  );
}
