// Step 8: both c and h carry gradient. From one prediction backwards: how much goes back a step by either road.

import { moment, run, trace } from "../data";
import { payload } from "../api";
import { floats } from "../payload";
import { strings } from "../i18n";
import { address, go, move } from "../state";
import { tones } from "../theme";
import { ofSteps } from "./data";
import { Choice, Drawing, Slider, Stage, Waiting } from "./parts";
import { opening } from "./places";

interface Light {
  readonly step: number;
  readonly name: string;
  readonly cellRoad: Float32Array;
  readonly hiddenRoad: Float32Array;
}

const light = ofSteps<Light>(["roads"], (read) => {
  const step = moment.value;
  return {
    key: `${read.trace} ${step}`,
    family: read.trace,
    load: async (signal) => {
      const found = await payload<{ name: string }>(`/api/traces/${read.trace}/light`, signal, { step, output: null });
      const road = (name: string) => floats(found, `0.forward.${name}`) ?? new Float32Array(read.steps);
      return { step, name: found.facts.name, cellRoad: road("c_road"), hiddenRoad: road("h_road") };
    },
  };
});

const KINDS = ["zoo:counter", "zoo:counter-gru", "zoo:counter-rnn"] as const;
const CELLS: Readonly<Record<string, string>> = { lstm: "LSTM", gru: "GRU", rnn: "RNN" };
const NAMES = ["LSTM", "GRU", "RNN"];

export function Roads() {
  const words = strings().tour.roads;
  const read = trace.value.value;
  const found = light.value.value;
  return (
    <Stage
      name={words.picture}
      waitsFor={[light]}
      controls={
        <>
          <Slider
            name={words.from}
            testid="tour-from"
            low={0}
            high={Math.max(0, (read?.steps ?? 1) - 1)}
            value={moment.value}
            said={`t = ${moment.value + 1}`}
            change={(value) => move({ moment: value })}
          />
          <Choice
            name={words.network}
            testid="tour-network"
            options={KINDS.map((id, place) => ({ value: id as string, name: NAMES[place]! }))}
            chosen={address.value.run}
            choose={(id) => go({ ...opening("roads"), run: id, quantity: null, moment: moment.value })}
          />
        </>
      }
    >
      {read && found ? (
        <Drawing
          draw={(width) => (
            <Lit width={width} symbols={read.symbols} found={found} cell={CELLS[run.value.value?.cell ?? ""] ?? ""} />
          )}
        />
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

/** Powers of ten that the picture spans. */
const [HIGHEST, LOWEST] = [1, -6];

/** How bright a sensitivity is, 0 to 1, on the log scale. */
export function brightness(value: number): number {
  if (!(value > 0)) return 0;
  return Math.max(0, Math.min(1, (Math.log10(value) - LOWEST) / (HIGHEST - LOWEST)));
}

interface LitProps {
  readonly width: number;
  readonly symbols: readonly string[];
  readonly found: Light;
  readonly cell: string;
}

function Lit({ width, symbols, found, cell }: LitProps) {
  const words = strings().tour.roads;
  const tone = tones.value;
  const left = 44;
  const room = (width - left - 8) / symbols.length;
  const [half, middle] = [140, 190];
  const bar = Math.min(40, room - 6);
  const x = (step: number) => left + (step + 0.5) * room;
  const power = (value: number) => (value > 0 ? `10${superscript(Math.round(Math.log10(value)))}` : "0");
  return (
    <svg width={width} height={2 * middle + 64} role="img" aria-label={words.picture}>
      {[HIGHEST, -2, -4, LOWEST].map((exponent) => (
        <g key={exponent}>
          {[-1, 1].map((side) => {
            const y = middle + side * (18 + brightness(10 ** exponent) * half);
            return (
              <g key={side}>
                <path d={`M${left} ${y}H${width - 8}`} stroke="var(--hair)" />
                <text x={left - 8} y={y + 4} text-anchor="end" class="quiet-text">
                  10{superscript(exponent)}
                </text>
              </g>
            );
          })}
        </g>
      ))}
      {symbols.map((symbol, step) => {
        const [kept, through] = [found.cellRoad[step] ?? 0, found.hiddenRoad[step] ?? 0];
        const [up, down] = [brightness(kept) * half, brightness(through) * half];
        const here = step === found.step;
        return (
          <g key={step} data-testid={`tour-road-${step}`} data-c={kept} data-h={through}>
            {step <= found.step && (
              <>
                <rect x={x(step) - bar / 2} y={middle - 18 - up} width={bar} height={up} fill={tone.ink} opacity={0.72} />
                <rect x={x(step) - bar / 2} y={middle + 18} width={bar} height={down} fill={tone.faint} />
                {room > 44 && up > 0 && (
                  <text x={x(step)} y={middle - 22 - up} text-anchor="middle" class="quiet-text">
                    {power(kept)}
                  </text>
                )}
                {room > 44 && down > 0 && (
                  <text x={x(step)} y={middle + 32 + down} text-anchor="middle" class="quiet-text">
                    {power(through)}
                  </text>
                )}
              </>
            )}
            {here && <rect x={x(step) - room / 2 + 2} y={middle - 15} width={room - 4} height={30} fill="none" stroke={tone.ink} stroke-width={1.5} />}
            <text x={x(step)} y={middle + 6} text-anchor="middle" class="symbol" opacity={step > found.step ? 0.4 : 1}>
              {symbol}
            </text>
          </g>
        );
      })}
      <text x={left} y={14} class="name">
        {words.cellRoad(cell)}
      </text>
      <text x={left} y={2 * middle - 2} class="name">
        {words.hiddenRoad}
      </text>
      <text x={left} y={2 * middle + 36} class="large">
        {words.lightOf(found.name, found.step + 1)}
      </text>
    </svg>
  );
}

const UPPER = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export const superscript = (number: number): string =>
  `${number < 0 ? "⁻" : ""}${[...String(Math.abs(number))].map((digit) => UPPER[Number(digit)]).join("")}`;
