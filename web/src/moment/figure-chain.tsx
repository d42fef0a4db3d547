// The chain of cells: the same module three times, the one in the middle opened. Our own drawing of the figure that
// C. Olah's "Understanding LSTM Networks" (2015) made known.

import { strings } from "../i18n";
import { narrow, SANS } from "../theme";
import { Dot, Node, Piece, Wire } from "./plate";

const MODULE = 212;
const STEP = 236;
const [ROAD, GATES, LOW] = [54, 138, 172];
const STEPS = ["t−1", "t", "t+1"];

/** On a narrow page the neighbours are cut off, so that the one in the middle can be read. */
export function ChainFigure() {
  return (
    <svg viewBox={narrow.value ? "190 0 328 236" : "0 0 708 236"} role="group" aria-label={strings().moment.chain}>
      {STEPS.map((step, i) => (
        <g key={step} transform={`translate(${8 + i * STEP} 0)`} opacity={i === 1 ? 1 : 0.4}>
          <Module step={step} open={i === 1} />
        </g>
      ))}
    </svg>
  );
}

function Module({ step, open }: { readonly step: string; readonly open: boolean }) {
  const part = { reach: open };
  return (
    <>
      <rect class="frame" x={0} y={28} width={MODULE} height={162} rx={12} />
      <Piece mark="before" {...part}>
        <Wire d={`M-20 ${ROAD}H38`} />
      </Piece>
      <Piece mark="state" {...part}>
        <Wire d={`M38 ${ROAD}H${MODULE + 4}M176 ${ROAD}V82`} head={[MODULE + 8, ROAD, "right"]} />
      </Piece>
      <Piece mark="bus" {...part}>
        <Wire d={`M-20 ${LOW}H158M22 228V${LOW}${[38, 78, 118, 158].map((x) => `M${x} ${LOW}V${GATES}`).join("")}`} />
      </Piece>
      <Piece mark="kept_share" {...part}>
        <Wire d={`M38 ${GATES}V${ROAD}`} />
        <Node x={38} y={GATES} text="σ" />
        <Dot x={38} y={ROAD} sign="×" />
      </Piece>
      <Piece mark="write_share" {...part}>
        <Wire d={`M78 ${GATES}V98H109`} head={[109, 98, "right"]} />
        <Node x={78} y={GATES} text="σ" />
      </Piece>
      <Piece mark="candidate" {...part}>
        <Wire d={`M118 ${GATES}V107`} />
        <Node x={118} y={GATES} text="tanh" />
      </Piece>
      <Piece mark="written" {...part}>
        <Wire d={`M118 98V${ROAD + 9}`} head={[118, ROAD + 9, "up"]} />
        <Dot x={118} y={98} sign="×" />
        <Dot x={118} y={ROAD} sign="+" />
      </Piece>
      <Piece mark="squashed" {...part}>
        <Wire d="M176 82V108" />
        <Node x={176} y={84} text="tanh" round r={12} />
      </Piece>
      <Piece mark="shown_share" {...part}>
        <Wire d={`M158 ${GATES}V116H167`} head={[167, 116, "right"]} />
        <Node x={158} y={GATES} text="σ" />
        <Dot x={176} y={116} sign="×" />
      </Piece>
      <Piece mark="shown" {...part}>
        <Wire d={`M176 125V${LOW}H${MODULE + 4}M194 ${LOW}V22`} head={[194, 18, "up"]} />
        <path class="head" d="M0 0l-7 -3.5v7z" transform={`translate(${MODULE + 8} ${LOW})`} />
      </Piece>
      <Name x={22} y={234} letter="x" step={step} />
      <Name x={194} y={12} letter="h" step={step} />
    </>
  );
}

function Name({
  x,
  y,
  letter,
  step,
}: {
  readonly x: number;
  readonly y: number;
  readonly letter: string;
  readonly step: string;
}) {
  return (
    <text x={x + 6} y={y} font-family={SANS} font-size={13} font-style="italic">
      {letter}
      <tspan font-size={9.5} dy={3}>
        {step}
      </tspan>
    </text>
  );
}
