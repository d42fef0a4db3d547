// Step 10: f, g, h are functions. Each box draws its curve, with this moment's sum on it; swap one and see.

import { useSignal } from "@preact/signals";
import { moment, trace, unit } from "../data";
import { decimal } from "../format";
import { nameOf, strings } from "../i18n";
import type { Scale } from "../quantities";
import { tones } from "../theme";
import { FUNCTIONS, unsigmoid, untanh, WRITTEN, type FunctionName } from "./activations";
import { recorded, rerun, swapped, USUAL, type Boxes, type Gates, type Run } from "./cell";
import { Chart, type ChartLane } from "./chart";
import { limitOf, ownUnit } from "./data";
import { Stage, Waiting } from "./parts";

const OFFERED: Readonly<Record<keyof Boxes, readonly FunctionName[]>> = {
  f: ["sigmoid", "hard_sigmoid", "tanh", "identity"],
  g: ["tanh", "sigmoid", "relu", "identity"],
  h: ["tanh", "identity", "relu", "sigmoid"],
};

export function Functions() {
  const words = strings().tour.functions;
  const boxes = useSignal<Boxes>(USUAL);
  const [read, own] = [trace.value.value, ownUnit.value];
  const gates = own && recorded(own);
  const was = gates && rerun(gates);
  const now = gates && rerun(swapped(gates, boxes.value), FUNCTIONS[boxes.value.h]);
  const step = moment.value;
  return (
    <Stage name={words.picture}>
      {read && gates && was && now ? (
        <>
          <div class="boxes">
            {(["f", "g", "h"] as const).map((box) => (
              <Box
                key={box}
                box={box}
                chosen={boxes.value[box]}
                sums={sumsOf(box, gates, now, step)}
                choose={(name) => (boxes.value = { ...boxes.value, [box]: name })}
              />
            ))}
          </div>
          <p class="quiet">{words.unit(unit.value ?? 0)}</p>
          <Chart symbols={read.symbols} lanes={lanes(was, now, boxes.value)} cursor={step} label={words.picture} />
          <p class="quiet">{words.honest}</p>
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

/** What goes into a box at a step: of f the three gates' sums. */
function sumsOf(box: keyof Boxes, gates: Gates, now: Run, step: number): Marked[] {
  if (box === "g") return [{ name: nameOf("candidate"), sum: untanh(gates.candidate[step]!) }];
  if (box === "h") return [{ name: nameOf("cell"), sum: now.cell[step]! }];
  return [
    { name: nameOf("forget_gate"), sum: unsigmoid(gates.forget[step]!) },
    { name: nameOf("input_gate"), sum: unsigmoid(gates.input[step]!) },
    { name: nameOf("output_gate"), sum: unsigmoid(gates.output[step]!) },
  ];
}

/** A sum with the name of what it is the sum of; the letters are taken by the functions. */
interface Marked {
  readonly name: string;
  readonly sum: number;
}

interface BoxProps {
  readonly box: keyof Boxes;
  readonly chosen: FunctionName;
  readonly sums: readonly Marked[];
  readonly choose: (name: FunctionName) => void;
}

const [WIDE, HIGH, REACH] = [240, 132, 6];
/** The curve's own height: from −1.5 to 1.5. */
const TOP = 1.5;
const [ABOVE, BELOW, LINE, NEAR] = [-10, 22, 18, 72];

/** Where the names of dots stand, so that those of dots close by can be read: the first above, the others below. */
function heights(across: readonly number[]): number[] {
  const order = across.map((_, place) => place).sort((one, other) => across[one]! - across[other]!);
  const found: number[] = [];
  let crowd = 0;
  order.forEach((place, rank) => {
    const before = order[rank - 1];
    crowd = before !== undefined && across[place]! - across[before]! < NEAR ? crowd + 1 : 0;
    found[place] = crowd === 0 ? ABOVE : BELOW + (crowd - 1) * LINE;
  });
  return found;
}

function Box({ box, chosen, sums, choose }: BoxProps) {
  const words = strings().tour.functions;
  const apply = FUNCTIONS[chosen];
  const x = (sum: number) => (WIDE * (Math.max(-REACH, Math.min(REACH, sum)) + REACH)) / (2 * REACH);
  const y = (value: number) => (HIGH * (TOP - Math.max(-TOP, Math.min(TOP, value)))) / (2 * TOP);
  const shifts = heights(sums.map(({ sum }) => x(sum)));
  const points = Array.from({ length: 97 }, (_, place) => -REACH + (place * REACH) / 48);
  return (
    <figure class="box">
      <figcaption>
        <b>{box}</b> <span class="quiet">{words.roles[box]}</span>
        <select
          value={chosen}
          aria-label={words.choose(box)}
          data-testid={`tour-box-${box}`}
          onChange={(event) => choose(event.currentTarget.value as FunctionName)}
        >
          {OFFERED[box].map((name) => (
            <option key={name} value={name}>
              {WRITTEN[name]}
            </option>
          ))}
        </select>
      </figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={`${box} = ${WRITTEN[chosen]}`}>
        <path d={`M0 ${y(0)}H${WIDE}M${x(0)} 0V${HIGH}`} stroke="var(--hair)" />
        <path d={`M0 ${y(1)}H${WIDE}M0 ${y(-1)}H${WIDE}`} stroke="var(--hair)" stroke-dasharray="2 3" />
        <text x={2} y={y(1) - 3} class="quiet-text">
          1
        </text>
        <path
          d={`M${points.map((sum) => `${x(sum)} ${y(apply(sum))}`).join("L")}`}
          fill="none"
          stroke={tones.value.ink}
          stroke-width={2}
        />
        {sums.map(({ name, sum }, place) => (
          <g key={name}>
            <circle cx={x(sum)} cy={y(apply(sum))} r={5} fill={tones.value.ink} />
            {sums.length > 1 && (
              <text
                x={x(sum) + (x(sum) > NEAR ? -8 : 8)}
                y={y(apply(sum)) + shifts[place]!}
                text-anchor={x(sum) > NEAR ? "end" : "start"}
              >
                {name}
              </text>
            )}
          </g>
        ))}
      </svg>
      {sums.map(({ name, sum }) => (
        <p key={name} class="quiet">{`${name} ${WRITTEN[chosen]}(${decimal(sum)}) = ${decimal(apply(sum))}`}</p>
      ))}
    </figure>
  );
}

function lanes(was: Run, now: Run, boxes: Boxes): ChartLane[] {
  const moved = boxes.f !== USUAL.f || boxes.g !== USUAL.g || boxes.h !== USUAL.h;
  const lane = (key: "cell" | "hidden", letter: string, tall: number): ChartLane => {
    const scale: Scale = {
      kind: "signed",
      limit: key === "hidden" ? Math.max(1, limitOf(was.hidden)) : limitOf(was.cell),
    };
    return { key, name: nameOf(key), letter, scale, values: now[key], before: moved ? was[key] : undefined, tall };
  };
  return [lane("cell", "c", 144), lane("hidden", "h", 104)];
}
