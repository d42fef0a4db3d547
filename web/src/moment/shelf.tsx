// What hangs below the road: the memory squashed and revealed, h on its shelf.

import { signed } from "../format";
import { cutAcross } from "./geometry";
import { Line } from "./parts";
import { Number, Ribbon, Straight } from "./pipes";
import { useMoment } from "./road";
import { useSheet } from "./sheet";
import { Label, Sub } from "./text";

/** What an LSTM reveals: the memory squashed, through the reveal sluice, down and round to the shelf. */
export function Revealed({ squashed }: { readonly squashed: number }) {
  const { values } = useMoment();
  const { road, drop, funnel, reveal, throat, perOne, turned } = useSheet();
  const flipped = !turned;
  const [state, inner] = [Math.abs(values.state) * perOne, Math.abs(squashed) * perOne];
  const shown = Math.abs(values.shown) * perOne;
  return (
    <>
      <Straight
        mark="state"
        runs="across"
        axis={drop}
        from={road + state / 2 - 0.5}
        to={funnel[0]}
        value={values.state}
        phase="reveal"
        silent
        flipped={flipped}
      />
      <Straight
        mark="squashed"
        runs="across"
        axis={drop}
        from={funnel[1]}
        to={reveal - throat}
        value={squashed}
        printed={signed(squashed)}
        phase="reveal"
        flipped={flipped}
      />
      <Ribbon
        mark="squashed"
        value={squashed}
        phase="reveal"
        flipped={flipped}
        cuts={[
          cutAcross(reveal - throat - 1, drop, inner),
          cutAcross(reveal - throat, drop, inner),
          cutAcross(reveal, drop, shown, "across"),
        ]}
      />
      <Shelf from={reveal} />
    </>
  );
}

/** What hangs below: h, from the branch (or the reveal sluice) round to the shelf and on to the next layer. */
export function Shelf({ from }: { readonly from: number }) {
  const { values, printed } = useMoment();
  const { drop, shelf, bend, out, perOne, turned } = useSheet();
  // Round the bend an edge changes sides; of a pipe that lies on the screen the upper edge is the positive one.
  const flipped = !turned;
  const width = Math.abs(values.shown) * perOne;
  const corner = shelf - width / 2 - bend;
  const start = drop + width / 2 + bend;
  return (
    <>
      <Straight
        mark="shown"
        runs="across"
        axis={drop}
        from={from}
        to={corner}
        value={values.shown}
        phase="reveal"
        flipped={flipped}
      />
      <Ribbon
        mark="shown"
        value={values.shown}
        phase="reveal"
        flipped={flipped}
        cuts={[
          // Going down, the ribbon's left is the side that is under it after the bend.
          { left: [drop - width / 2, corner - 1], right: [drop + width / 2, corner - 1], join: "line" },
          { left: [drop - width / 2, corner], right: [drop + width / 2, corner], join: "line" },
          { left: [start, shelf + width / 2], right: [start, shelf - width / 2], join: "bend along" },
          { left: [start + 1, shelf + width / 2], right: [start + 1, shelf - width / 2], join: "line" },
        ]}
      />
      <Straight
        mark="shown"
        runs="along"
        axis={shelf}
        from={start}
        to={out}
        value={values.shown}
        phase="reveal"
        silent
        flipped={turned}
      />
      <Number
        mark="shown"
        runs="along"
        axis={shelf}
        at={(start + out) / 2}
        width={width}
        printed={printed("shown")}
        phase="reveal"
        {...(turned ? { side: "over" as const } : {})}
      />
    </>
  );
}

/** The letter of what hangs below, at the end of its shelf. */
export function ShelfName() {
  const { shelf, out, turned } = useSheet();
  return (
    <>
      <Line
        points={[
          [out, shelf],
          [out + (turned ? 12 : 14), shelf],
        ]}
        arrow
      />
      <Label at={[out + (turned ? 14 : 18), shelf]} side={turned ? "after" : "after"} gap={2} size={16} weight={600}>
        <Sub letter="h" step="t" />
      </Label>
    </>
  );
}
