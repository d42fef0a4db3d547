// What width, hue and aperture mean, on the drawing itself, so that it travels with a saved one.

import { scaleEnd } from "../format";
import { strings } from "../i18n";
import { SANS } from "../theme";
import { sample } from "./geometry";
import { useSheet } from "./sheet";

export function DrawingLegend() {
  const sheet = useSheet();
  return <g data-testid="moment-legend">{sheet.every ? <Strips /> : <Pipes />}</g>;
}

function Words({ x, y, children }: { readonly x: number; readonly y: number; readonly children: string }) {
  const sheet = useSheet();
  return (
    <text x={x} y={y + 4} font-family={SANS} font-size={12} fill={sheet.quiet}>
      {children}
    </text>
  );
}

/** A pipe of each sign whose width is a round number, and a sluice half open. */
function Pipes() {
  const sheet = useSheet();
  const words = strings().moment;
  const one = sample(sheet.pipe, sheet.perOne);
  const width = one * sheet.perOne;
  const { x, y } = sheet.legend;
  // A wide sheet has room for the words beside the samples, an upright one only below them.
  const beside = sheet.turned ? x : x + 156;
  const [first, second] = sheet.turned ? [y + 26, y + 46] : [y, y + 28];
  const gate = sheet.turned ? y + 70 : y + 28;
  return (
    <>
      {([1, -1] as const).map((sign, i) => (
        <Swatch key={sign} x={x + i * 80} y={y} width={width} value={sign * one} />
      ))}
      <Words x={beside} y={first}>
        {words.width}
      </Words>
      <Words x={beside} y={second}>
        {sheet.turned ? words.edgeUpright : words.edge}
      </Words>
      {sheet.shown.all.kind !== "rnn" && (
        <>
          <g fill={sheet.tones.ink}>
            <rect x={x + 11} y={gate - 10} width={6} height={6} rx={1} />
            <rect x={x + 11} y={gate + 4} width={6} height={6} rx={1} />
          </g>
          <Words x={x + 35} y={gate}>
            {words.aperture}
          </Words>
        </>
      )}
    </>
  );
}

/** A pipe of a round value. */
function Swatch({
  x,
  y,
  width,
  value,
}: {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly value: number;
}) {
  const { tones } = useSheet();
  return (
    <>
      <rect
        x={x}
        y={y - width / 2}
        width={28}
        height={width}
        data-legend={value}
        fill={value < 0 ? tones.theme.negative : tones.theme.positive}
      />
      <rect
        x={x}
        y={value < 0 ? y + width / 2 - 2.5 : y - width / 2}
        width={28}
        height={2.5}
        fill={tones.ridge(value < 0 ? -1 : 1)}
      />
      <Words x={x + 35} y={y}>{`${value < 0 ? "−" : "+"}${String(Math.abs(value))}`}</Words>
    </>
  );
}

const CELLS = 21;

function Strips() {
  const sheet = useSheet();
  const { x } = sheet.legend;
  const y = sheet.legend.y + (sheet.turned ? 72 : 0);
  const ends = sheet.limit === 1 ? "1" : `1 (${strings().quantities.cell} ${scaleEnd(sheet.limit)})`;
  const width = 105 / CELLS;
  return (
    <>
      {Array.from({ length: CELLS }, (_, i) => (
        <rect
          key={i}
          x={x + 24 + i * width}
          y={y - 6}
          width={width + 0.3}
          height={12}
          fill={sheet.tones.signed((2 * i) / (CELLS - 1) - 1)}
        />
      ))}
      <Words x={x} y={y}>
        −1
      </Words>
      <Words x={x + 24 + 52 - 3} y={y + 14}>
        0
      </Words>
      <Words x={x + 136} y={y}>{`+${ends}`}</Words>
      {sheet.shown.all.kind !== "rnn" && (
        <>
          <rect x={x + 24} y={y + 22} width={14} height={14} fill="none" stroke={sheet.quiet} stroke-width={0.75} />
          <rect x={x + 24} y={y + 26} width={14} height={6} fill={sheet.tones.gate(1)} />
          <Words x={x + 46} y={y + 29}>
            {strings().moment.aperture}
          </Words>
        </>
      )}
    </>
  );
}
