// Pipes: as wide as their value is large, in the hue of its sign; a ridge on one edge says the sign again in grey.

import { useSheet, lit, lights } from "./sheet";
import { cutAcross, cutAlong, outline, ridge, type Cut } from "./geometry";
import { Label, type Side } from "./text";

const RIDGE = 2.5;
/** From this width on a number has room inside its pipe. */
const ROOM = 18;
const LETTER = 7.4;

interface RibbonProps {
  readonly mark: string;
  readonly cuts: readonly Cut[];
  readonly value: number;
  /** where a picture of the step draws it in: keep, write or reveal */
  readonly phase?: string | undefined;
  /** which way it runs, for the piece whose width is told and measured; others continue it */
  readonly measured?: "along" | "across" | undefined;
  /** its right edge is the one that is, or after a bend becomes, the upper one */
  readonly flipped?: boolean;
}

/** A pipe's body, and its ridge: on the left edge for a positive value, on the right for a negative one. */
export function Ribbon({ mark, cuts, value, phase, measured, flipped = false }: RibbonProps) {
  const { tones, turned } = useSheet();
  const on = lit.value === mark;
  return (
    <g data-phase={phase} data-mark={mark} {...lights(mark)}>
      <path
        d={outline(cuts, turned)}
        fill={value < 0 ? tones.theme.negative : tones.theme.positive}
        stroke={on ? tones.ink : "none"}
        stroke-width={on ? 2 : 0}
        {...(measured ? { "data-pipe": mark, "data-runs": measured } : {})}
      />
      <path
        d={outline(ridge(cuts, value < 0 === flipped ? "left" : "right", RIDGE), turned)}
        fill={tones.ridge(value < 0 ? -1 : 1)}
      />
    </g>
  );
}

interface StraightProps {
  readonly mark: string;
  readonly runs: "along" | "across";
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly value: number;
  /** the number as it is printed; none: it stands elsewhere */
  readonly printed?: string | undefined;
  /** where along the pipe the number stands, 0 to 1 */
  readonly share?: number;
  /** beside which side it stands when the pipe is too thin for it */
  readonly side?: Side;
  readonly phase?: string;
  /** what the mark is called where the number is that of another */
  readonly silent?: boolean;
  readonly flipped?: boolean;
}

/** A straight piece of pipe with its ridge and its number. */
export function Straight(props: StraightProps) {
  const {
    mark,
    runs,
    axis,
    from,
    to,
    value,
    printed,
    share = 0.5,
    side,
    phase,
    silent = false,
    flipped = false,
  } = props;
  const sheet = useSheet();
  const width = Math.abs(value) * sheet.perOne;
  const cut = runs === "along" ? cutAlong : cutAcross;
  const place = from + (to - from) * share;
  return (
    <>
      <Ribbon
        mark={mark}
        cuts={[cut(from, axis, width), cut(to, axis, width)]}
        value={value}
        phase={phase}
        measured={silent ? undefined : runs}
        flipped={flipped}
      />
      {printed !== undefined && (
        <Number
          mark={mark}
          runs={runs}
          axis={axis}
          at={place}
          width={width}
          printed={printed}
          side={side}
          phase={phase}
        />
      )}
    </>
  );
}

interface NumberProps {
  readonly mark: string;
  readonly runs: "along" | "across";
  readonly axis: number;
  readonly at: number;
  readonly width: number;
  readonly printed: string;
  readonly side?: Side | undefined;
  readonly phase?: string | undefined;
}

/** A pipe's number: inside it where there is room, else beside it. */
export function Number({ mark, runs, axis, at, width, printed, side, phase }: NumberProps) {
  const { turned } = useSheet();
  const lying = (runs === "along") !== turned;
  const inside = width >= (lying ? ROOM : printed.length * LETTER + 4);
  const beside: Side = side ?? (runs === "along" ? "over" : "after");
  const edge = axis + ((beside === "over" || beside === "before" ? -1 : 1) * width) / 2;
  const across = inside ? axis : edge;
  return (
    <g data-phase={phase}>
      <Label
        at={runs === "along" ? [at, across] : [across, at]}
        side={inside ? "middle" : beside}
        gap={5}
        weight={600}
        mark={mark}
      >
        {printed}
      </Label>
    </g>
  );
}

/** The bed in which a pipe lies: there even when nothing flows. */
export function Bed({
  runs,
  axis,
  from,
  to,
  width,
}: { readonly width: number } & Pick<StraightProps, "runs" | "axis" | "from" | "to">) {
  const { turned, wash } = useSheet();
  const cut = runs === "along" ? cutAlong : cutAcross;
  return <path d={outline([cut(from, axis, width), cut(to, axis, width)], turned)} fill={wash} />;
}
