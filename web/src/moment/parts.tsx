// The block's fittings: sluices, the boxes where sums become gates, lines between them, the bus.

import type { ComponentChildren } from "preact";
import { decimal } from "../format";
import { strings } from "../i18n";
import { SANS } from "../theme";
import { blades, plotted, type Point } from "./geometry";
import { lights, lit, onScreen, useSheet } from "./sheet";
import { Label, type Side } from "./text";

const BLADE = 8;
const CAP = 5;

interface SluiceProps {
  readonly mark: string;
  /** which way its pipe runs */
  readonly runs: "along" | "across";
  readonly at: number;
  readonly axis: number;
  readonly share: number;
  readonly name: string;
  readonly letter: string;
  readonly side: Side;
  /** how far its name is moved across, out of the way of lines */
  readonly lift?: number;
  /** how far along */
  readonly shift?: number;
}

/** Two blades that leave the gate's share of the bed open, and the gate's name and number. */
export function Sluice({ mark, runs, at, axis, share, name, letter, side, lift = 0, shift = 0 }: SluiceProps) {
  const sheet = useSheet();
  const on = lit.value === mark;
  const lying = (runs === "along") !== sheet.turned;
  const rect = (from: number, to: number, thick: number) =>
    lying
      ? { x: at - thick / 2, y: from, width: thick, height: Math.max(0, to - from) }
      : { x: from, y: at - thick / 2, width: Math.max(0, to - from), height: thick };
  const half = sheet.pipe / 2 + CAP;
  const edge = side === "over" || side === "before" ? axis - half : axis + half;
  return (
    <g data-mark={mark} data-gate={mark} data-open={share.toFixed(4)} {...lights(mark)}>
      <rect {...rect(axis - half, axis + half, BLADE)} fill="none" stroke={sheet.quiet} stroke-width={1} rx={1.5} />
      {blades(axis, sheet.pipe, share, CAP).map(([from, to], i) => (
        <rect key={i} {...rect(from, to, BLADE)} fill={sheet.tones.ink} rx={1.5} />
      ))}
      {on && (
        <rect
          {...rect(axis - half - 4, axis + half + 4, BLADE + 8)}
          fill="none"
          stroke={sheet.tones.ink}
          stroke-width={2}
          rx={4}
        />
      )}
      <Label at={runs === "along" ? [at + shift, edge] : [edge, at + lift]} side={side} gap={7} rim mark={mark}>
        {name}{" "}
        <tspan font-style="italic" fill={sheet.quiet}>
          {letter}
        </tspan>{" "}
        <tspan font-weight={600} data-value={mark}>
          {sheet.every ? `${strings().moment.mean} ${decimal(share)}` : decimal(share)}
        </tspan>
      </Label>
    </g>
  );
}

const CURVES: Readonly<Record<string, { f: (x: number) => number; low: number; high: number; sign: string }>> = {
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), low: 0, high: 1, sign: "σ" },
  tanh: { f: Math.tanh, low: -1, high: 1, sign: "tanh" },
  relu: { f: (x) => Math.max(0, x), low: 0, high: 4, sign: "ReLU" },
};

/** The curve of an activation by its name; one that the page has no curve for is drawn as tanh is not, as a line. */
export function curveOf(activation: string): { f: (x: number) => number; low: number; high: number; sign: string } {
  return CURVES[activation] ?? { f: (x) => x, low: -4, high: 4, sign: activation };
}

const REACH = 4;

interface CurveBoxProps {
  readonly mark: string;
  readonly along: number;
  readonly across: number;
  readonly letter: string;
  readonly activation: string;
  /** the pre-activation; null where there are those of all units */
  readonly sum: number | null;
  /** narrows towards its outlet, as what squashes does: the side of the outlet */
  readonly outlet?: "over" | "under" | undefined;
  readonly size?: { readonly along: number; readonly across: number };
  /** what stands inside instead of the curve */
  readonly children?: ComponentChildren;
}

/** A box with the activation's curve, and a dot at the pre-activation on it; a funnel where it squashes a value. */
export function CurveBox({ mark, along, across, letter, activation, sum, outlet, size, children }: CurveBoxProps) {
  const sheet = useSheet();
  const { along: long, across: deep } = size ?? sheet.box;
  const [x, y] = onScreen(sheet, [along, across]);
  const [w, h] = sheet.turned ? [deep, long] : [long, deep];
  const curve = curveOf(activation);
  const box = { x: x - w / 2 + 8, y: y - h / 2 + 8, width: w - 16, height: h - 16 };
  const { path, at } = plotted(curve.f, REACH, curve.low, curve.high, box);
  const [dotX, dotY] = at(sum ?? 0);
  const on = lit.value === mark;
  const zero = at(0)[0];
  return (
    <g data-box={mark} {...lights(mark)}>
      <path
        d={frame(sheet.turned, x, y, w, h, outlet)}
        fill={sheet.tones.theme.page}
        stroke={on ? sheet.tones.ink : sheet.quiet}
        stroke-width={on ? 2 : 1.25}
        stroke-linejoin="round"
      />
      {children || (
        <>
          <path d={`M${zero} ${box.y}V${box.y + box.height}`} stroke={sheet.hair} stroke-width={0.75} />
          <path
            d={`M${box.x} ${box.y + (curve.low < 0 ? box.height / 2 : box.height)}h${box.width}`}
            stroke={sheet.hair}
            stroke-width={0.75}
          />
          <path d={path} fill="none" stroke={sheet.quiet} stroke-width={1.5} />
          {sum !== null && (
            <circle
              cx={dotX}
              cy={dotY}
              r={4}
              fill={sheet.tones.ink}
              stroke={sheet.tones.theme.page}
              stroke-width={1.5}
              data-dot={mark}
              data-sum={sum}
            />
          )}
        </>
      )}
      <text
        x={box.x - 1 + (outlet && !sheet.turned ? 5 : 0)}
        y={box.y + 9}
        font-family={SANS}
        font-size={12}
        font-style="italic"
        fill={sheet.tones.ink}
        stroke={sheet.tones.theme.page}
        stroke-width={3}
        paint-order="stroke"
      >
        {children ? "" : letter}
      </text>
    </g>
  );
}

/** A rounded box, or one whose side of the outlet is narrower. */
function frame(turned: boolean, x: number, y: number, w: number, h: number, outlet?: "over" | "under"): string {
  const [l, r, t, b] = [x - w / 2, x + w / 2, y - h / 2, y + h / 2];
  if (!outlet) {
    const [over, under] = [`H${r - 4}Q${r} ${t} ${r} ${t + 4}`, `H${l + 4}Q${l} ${b} ${l} ${b - 4}`];
    return `M${l + 4} ${t}${over}V${b - 4}Q${r} ${b} ${r - 4} ${b}${under}V${t + 4}Q${l} ${t} ${l + 4} ${t}Z`;
  }
  const by = 10;
  if (turned) {
    return outlet === "over"
      ? `M${l} ${t + by}L${r} ${t}V${b}L${l} ${b - by}Z`
      : `M${l} ${t}L${r} ${t + by}V${b - by}L${l} ${b}Z`;
  }
  return outlet === "over" ? `M${l + by} ${t}H${r - by}L${r} ${b}H${l}Z` : `M${l} ${t}H${r}L${r - by} ${b}H${l + by}Z`;
}

interface LineProps {
  readonly points: readonly Point[];
  readonly dashed?: boolean;
  readonly heavy?: boolean;
  readonly mark?: string;
  /** a small arrow at its end */
  readonly arrow?: boolean;
}

/** A line of control or of feed: it carries no value of its own to be measured. */
export function Line({ points, dashed = false, heavy = false, mark, arrow = false }: LineProps) {
  const sheet = useSheet();
  const places = points.map((point) => onScreen(sheet, point));
  const on = mark !== undefined && lit.value === mark;
  return (
    <g {...(mark ? { "data-line": mark, ...lights(mark) } : {})}>
      <path
        d={`M${places.map((place) => place.join(" ")).join("L")}`}
        fill="none"
        stroke={heavy || on ? sheet.tones.ink : sheet.quiet}
        stroke-width={(heavy ? 2 : 1.25) + (on ? 1 : 0)}
        stroke-linejoin="round"
        stroke-linecap="round"
        {...(dashed ? { "stroke-dasharray": "2 5" } : {})}
      />
      {arrow && <Arrow from={places.at(-2)!} to={places.at(-1)!} />}
    </g>
  );
}

function Arrow({ from, to }: { readonly from: readonly [number, number]; readonly to: readonly [number, number] }) {
  const { quiet } = useSheet();
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const wing = (side: number) => `${to[0] - 6 * ux - side * 3.5 * uy} ${to[1] - 6 * uy + side * 3.5 * ux}`;
  return <path d={`M${to.join(" ")}L${wing(1)}L${wing(-1)}Z`} fill={quiet} />;
}

/** A dot where a line leaves the bus or a pipe. */
export function Tap({ at }: { readonly at: Point }) {
  const sheet = useSheet();
  const [x, y] = onScreen(sheet, at);
  return <circle cx={x} cy={y} r={2.5} fill={sheet.quiet} />;
}
