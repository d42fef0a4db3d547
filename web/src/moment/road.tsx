// What every cell's drawing has: the road of the memory, the pipe that rises to it, what hangs below, the next guess.

import { decimal } from "../format";
import { strings } from "../i18n";
import type { MomentValues } from "./api";
import { cutAcross, cutAlong, meeting } from "./geometry";
import { Line, Tap } from "./parts";
import { Bed, Number, Ribbon, Straight } from "./pipes";
import { onScreen, useSheet } from "./sheet";
import { Label, Sub } from "./text";

/** Which numbers of the moment a part of the drawing shows. */
export function useMoment(): { values: MomentValues; printed: (field: string) => string } {
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
      <Line points={[[from, road], [to + (turned ? 10 : 22), road]]} arrow />
      <Label at={turned ? [from - 2, road] : [from, beyond]} side={turned ? "before" : "after"} gap={turned ? 8 : 0} size={16} weight={600}>
        <Sub letter={letter} step={sheet.before} />
      </Label>
      <Label at={turned ? [to - 14, road] : [to - 4, beyond]} side={turned ? "under" : "before"} gap={turned ? pipe / 2 + 8 : 0} size={16} weight={600}>
        <Sub letter={letter} step="t" />
      </Label>
      {sheet.shown.all.first && (
        <Label at={turned ? [from + 8, road + pipe / 2] : [from + 44, beyond]} side={turned ? "under" : "after"} gap={turned ? 6 : 0} size={12} quiet>
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
      <Straight mark="before" runs="along" axis={road} from={from} to={keep - throat} value={values.before} printed={printed("before")} share={0.44} side={side} />
      <Ribbon
        mark="before"
        value={values.before}
        cuts={[cutAlong(keep - throat - 1, road, width), cutAlong(keep - throat, road, width), cutAlong(keep, road, width * values.kept_share, "along")]}
      />
      <Straight mark="kept" runs="along" axis={road} from={keep} to={meet[0]} value={values.kept} printed={printed("kept")} share={0.38} side={side} phase="keep" />
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
          <Straight mark="candidate" runs="across" axis={rise} from={outlet} to={write + throat} value={values.candidate} printed={printed("candidate")} phase="write" />
          <Ribbon
            mark="candidate"
            value={values.candidate}
            phase="write"
            cuts={[cutAcross(write + throat + 1, rise, candidate), cutAcross(write + throat, rise, candidate), cutAcross(write, rise, written, "across")]}
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

/** Where kept and written meet: side by side, or visibly cancelling. */
export function Sum() {
  const { values, printed } = useMoment();
  const sheet = useSheet();
  const { road, meet, perOne, pipe, turned, tones } = sheet;
  const words = strings().moment;
  const found = meeting(values.kept * perOne, values.written * perOne, meet[0], meet[1], road);
  const middle = (meet[0] + meet[1]) / 2;
  const sign = turned ? road + pipe + 34 : road - pipe / 2 - 14;
  const cancelled = found.cancelled / perOne;
  const [from, seam] = [onScreen(sheet, found.upperCuts[0].right), onScreen(sheet, found.upperCuts[1].right)];
  const [one, two] = [onScreen(sheet, [meet[0] + (meet[1] - meet[0]) / 3, found.upperCuts[0].right[1]]), onScreen(sheet, [meet[0] + (2 * (meet[1] - meet[0])) / 3, found.upperCuts[1].right[1]])];
  return (
    <g data-sum-of="kept written" data-cancelled={cancelled.toFixed(4)}>
      <Ribbon mark="kept" value={values.kept} cuts={found.upperCuts} phase="write" />
      <Ribbon mark="written" value={values.written} cuts={found.lowerCuts} phase="write" />
      {found.cancelled > 1 && (
        <path
          d={`M${from.join(" ")}C${one.join(" ")} ${two.join(" ")} ${seam.join(" ")}`}
          fill="none"
          stroke={tones.ink}
          stroke-width={1.5}
          stroke-dasharray="1 3"
          pointer-events="none"
        />
      )}
      <Line points={[[middle, sign + (turned ? -9 : 9)], [middle, road + (turned ? 1 : -1) * found.upper / 2]]} />
      <Plus along={middle} across={sign} />
      {found.cancelled > 0.5 && (
        <Label at={turned ? [middle, sign + 14] : [middle + 18, sign]} side={turned ? "under" : "after"} gap={0} size={12} quiet>
          {words.cancels(decimal(cancelled))}
        </Label>
      )}
      {values.held !== 0 && printed("held") && (
        <Label at={[meet[1] + 6, road + pipe / 2]} side="under" size={12} mark="held">
          {words.held(printed("held"))}
        </Label>
      )}
    </g>
  );
}

/** The sign of a sum. */
export function Plus({ along, across }: { readonly along: number; readonly across: number }) {
  const sheet = useSheet();
  const [x, y] = onScreen(sheet, [along, across]);
  return (
    <g stroke={sheet.tones.ink} stroke-width={1.25} fill="none">
      <circle cx={x} cy={y} r={9} fill={sheet.tones.theme.page} />
      <path d={`M${x - 9} ${y}h18M${x} ${y - 9}v18`} />
    </g>
  );
}

/** The new memory, straight on to the next step. */
export function State() {
  const { values, printed } = useMoment();
  const { road, meet, to, drop, pipe, turned } = useSheet();
  // The number stands between the sum and the branch.
  const share = ((meet[1] + drop - pipe / 2) / 2 + 8 - meet[1]) / (to - meet[1]);
  return (
    <Straight mark="state" runs="along" axis={road} from={meet[1] - 1} to={to} value={values.state} printed={printed("state")} share={share} side={turned ? "under" : "over"} phase="reveal" />
  );
}

/** What an LSTM reveals: the memory squashed, through the reveal sluice, down and round to the shelf. */
export function Revealed({ squashed }: { readonly squashed: number }) {
  const { values } = useMoment();
  const { road, drop, funnel, reveal, throat, perOne } = useSheet();
  const [state, inner] = [Math.abs(values.state) * perOne, Math.abs(squashed) * perOne];
  const shown = Math.abs(values.shown) * perOne;
  return (
    <>
      <Straight mark="state" runs="across" axis={drop} from={road + state / 2 - 0.5} to={funnel[0]} value={values.state} phase="reveal" silent flipped />
      <Straight mark="squashed" runs="across" axis={drop} from={funnel[1]} to={reveal - throat} value={squashed} printed={signed(squashed)} phase="reveal" flipped />
      <Ribbon
        mark="squashed"
        value={squashed}
        phase="reveal"
        flipped
        cuts={[cutAcross(reveal - throat - 1, drop, inner), cutAcross(reveal - throat, drop, inner), cutAcross(reveal, drop, shown, "across")]}
      />
      <Shelf from={reveal} />
    </>
  );
}

/** What hangs below: h, from the branch (or the reveal sluice) round to the shelf and on to the next layer. */
export function Shelf({ from }: { readonly from: number }) {
  const { values, printed } = useMoment();
  const { drop, shelf, bend, out, perOne, turned } = useSheet();
  const width = Math.abs(values.shown) * perOne;
  const corner = shelf - width / 2 - bend;
  const start = drop + width / 2 + bend;
  return (
    <>
      <Straight mark="shown" runs="across" axis={drop} from={from} to={corner} value={values.shown} phase="reveal" flipped />
      <Ribbon
        mark="shown"
        value={values.shown}
        phase="reveal"
        flipped
        cuts={[
          // Going down, the ribbon's left is the side that is under it after the bend.
          { left: [drop - width / 2, corner - 1], right: [drop + width / 2, corner - 1], join: "line" },
          { left: [drop - width / 2, corner], right: [drop + width / 2, corner], join: "line" },
          { left: [start, shelf + width / 2], right: [start, shelf - width / 2], join: "bend along" },
          { left: [start + 1, shelf + width / 2], right: [start + 1, shelf - width / 2], join: "line" },
        ]}
      />
      <Straight mark="shown" runs="along" axis={shelf} from={start} to={out} value={values.shown} phase="reveal" silent />
      <Number mark="shown" runs="along" axis={shelf} at={(start + out) / 2} width={width} printed={printed("shown")} phase="reveal" {...(turned ? { side: "over" as const } : {})} />
    </>
  );
}

/** The letter of what hangs below, at the end of its shelf. */
export function ShelfName() {
  const { shelf, out, turned } = useSheet();
  return (
    <>
      <Line points={[[out, shelf], [out + (turned ? 12 : 14), shelf]]} arrow />
      <Label at={[out + (turned ? 14 : 18), shelf]} side={turned ? "after" : "after"} gap={2} size={16} weight={600}>
        <Sub letter="h" step="t" />
      </Label>
    </>
  );
}

/** A dashed line from the memory to gates that see it. */
export function Peephole({ at, to, via }: { readonly at: number; readonly to: readonly [number, number]; readonly via: number | null }) {
  const { road } = useSheet();
  const points = via === null ? ([[at, road], [at, to[1]]] as const) : ([[at, road], [at, via], [to[0], via], to] as const);
  return (
    <>
      <Line points={points} dashed mark="peepholes" arrow />
      <Tap at={[at, road]} />
    </>
  );
}

/** A value with its sign always written. */
export function signed(value: number, digits = 2): string {
  const text = decimal(value, digits);
  return value > 0 && Math.abs(value) >= 0.5 * 10 ** -digits ? `+${text}` : text;
}
