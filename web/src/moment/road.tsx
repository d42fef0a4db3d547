// What every cell's drawing has: the road of the memory, the pipe that rises to it, and the sum where they meet.

import { strings } from "../i18n";
import type { Moment } from "../record/moments";
import { cutAcross, cutAlong } from "./geometry";
import { Line } from "./parts";
import { Bed, Ribbon, Straight } from "./pipes";
import { useSheet } from "./sheet";
import { Label, Sub } from "./text";

/** Which numbers of the moment a part of the drawing shows. */
export function useMoment(): { values: Moment; printed: (field: string) => string } {
  const { one } = useSheet().shown;
  return { values: one.values, printed: (field) => one.printed[field] ?? "" };
}

/** The road's bed and the names of the memory at its two ends. */
export function Road({ letter }: { readonly letter: "c" | "h" }) {
  const sheet = useSheet();
  const { road, from, to, pipe, turned } = sheet;
  const beyond = road - pipe / 2 - 13;
  return (
    <>
      <Bed runs="along" axis={road} from={from} to={to} width={pipe} />
      <Line
        points={[
          [from, road],
          [to + (turned ? 10 : 22), road],
        ]}
        arrow
      />
      <Label
        at={turned ? [from - 2, road] : [from, beyond]}
        side={turned ? "before" : "after"}
        gap={turned ? 8 : 0}
        size={16}
        weight={600}
      >
        <Sub letter={letter} step={sheet.before} />
      </Label>
      <Label
        at={turned ? [to - 14, road] : [to - 4, beyond]}
        side={turned ? "under" : "before"}
        gap={turned ? pipe / 2 + 8 : 0}
        size={16}
        weight={600}
      >
        <Sub letter={letter} step="t" />
      </Label>
      {sheet.shown.all.first && (
        <Label
          at={turned ? [from + 8, road + pipe / 2] : [from + 44, beyond]}
          side={turned ? "under" : "after"}
          gap={turned ? 6 : 0}
          size={12}
          quiet
        >
          {strings().moment.fresh}
        </Label>
      )}
    </>
  );
}

/** The memory before, up to the keep sluice and narrowed into it, and what is kept, up to where it meets. */
export function Kept() {
  const { values, printed } = useMoment();
  const { road, from, keep, throat, meet, perOne, turned } = useSheet();
  // Upright, the free side of the road is the one on which everything hangs.
  const side = turned ? "under" : "over";
  const width = Math.abs(values.before) * perOne;
  return (
    <>
      <Straight
        mark="before"
        runs="along"
        axis={road}
        from={from}
        to={keep - throat}
        value={values.before}
        printed={printed("before")}
        share={0.44}
        side={side}
      />
      <Ribbon
        mark="before"
        value={values.before}
        cuts={[
          cutAlong(keep - throat - 1, road, width),
          cutAlong(keep - throat, road, width),
          cutAlong(keep, road, width * values.kept_share, "along"),
        ]}
      />
      <Straight
        mark="kept"
        runs="along"
        axis={road}
        from={keep}
        to={meet[0] + 1}
        value={values.kept}
        printed={printed("kept")}
        share={0.38}
        side={side}
        phase="keep"
      />
    </>
  );
}

/** The candidate's pipe, from its box to the write sluice, and what is written, up and round to where it meets. */
export function Written({ sluice }: { readonly sluice: boolean }) {
  const { values, printed } = useMoment();
  const { road, rise, write, throat, boxes, box, bend, meet, perOne, turned } = useSheet();
  const [kept, written] = [Math.abs(values.kept) * perOne, Math.abs(values.written) * perOne];
  const candidate = Math.abs(values.candidate) * perOne;
  const outlet = boxes - box.across / 2;
  // Without a sluice nothing is kept either: the pipe turns into the road itself.
  const arrival = sluice ? road + (kept + written) / 2 : road;
  const corner = arrival + written / 2 + bend;
  return (
    <>
      {sluice && (
        <>
          <Straight
            mark="candidate"
            runs="across"
            axis={rise}
            from={outlet}
            to={write + throat}
            value={values.candidate}
            printed={printed("candidate")}
            phase="write"
          />
          <Ribbon
            mark="candidate"
            value={values.candidate}
            phase="write"
            cuts={[
              cutAcross(write + throat + 1, rise, candidate),
              cutAcross(write + throat, rise, candidate),
              cutAcross(write, rise, written, "across"),
            ]}
          />
        </>
      )}
      <Straight
        mark="written"
        runs="across"
        axis={rise}
        from={sluice ? write : outlet}
        to={corner}
        value={values.written}
        printed={printed("written")}
        share={sluice ? (turned ? 26 : 34) / Math.max(1, write - corner) : 0.5}
        phase="write"
      />
      <Ribbon
        mark="written"
        value={values.written}
        phase="write"
        cuts={[
          cutAcross(corner + 1, rise, written),
          cutAcross(corner, rise, written),
          { ...cutAlong(rise + written / 2 + bend, arrival, written), join: "bend along" },
          cutAlong(meet[sluice ? 0 : 1] + 1, arrival, written),
        ]}
      />
    </>
  );
}

/** The new memory, straight on to the next step. */
export function State() {
  const { values, printed } = useMoment();
  const { road, meet, to, drop, pipe, turned } = useSheet();
  // The number stands between the sum and the branch.
  const share = ((meet[1] + drop - pipe / 2) / 2 + 8 - meet[1]) / (to - meet[1]);
  return (
    <Straight
      mark="state"
      runs="along"
      axis={road}
      from={meet[1] - 1}
      to={to}
      value={values.state}
      printed={printed("state")}
      share={share}
      side={turned ? "under" : "over"}
      phase="reveal"
    />
  );
}
