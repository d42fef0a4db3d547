// Step 8: both c and h carry gradient. From one prediction backwards: how much goes back a step by either road.

import { moment, run, trace } from "../data";
import { payload } from "../api";
import { scaleEnd, superscript } from "../format";
import { floats } from "../payload";
import { strings } from "../i18n";
import { address, go, move } from "../state";
import { tones } from "../theme";
import { ofSteps } from "./data";
import { Choice, Drawing, Slider, Stage, Waiting } from "./parts";
import { COUNTED, opening, REMEMBERED } from "./places";
import { brightness, spanOf } from "./powers";

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

const CELLS: Readonly<Record<string, string>> = { lstm: "LSTM", gru: "GRU", rnn: "RNN" };

interface Kind {
  readonly run: string;
  readonly text: string;
  readonly moment: number;
}

/** The last step but one of each says what must come next. */
const KINDS: Readonly<Record<string, Kind>> = {
  memorizer: { run: "zoo:memorizer", text: REMEMBERED, moment: REMEMBERED.length - 2 },
  counter: { run: "zoo:counter", text: COUNTED, moment: COUNTED.length - 1 },
  gru: { run: "zoo:counter-gru", text: COUNTED, moment: COUNTED.length - 1 },
  rnn: { run: "zoo:counter-rnn", text: COUNTED, moment: COUNTED.length - 1 },
};

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
            options={Object.keys(KINDS).map((value) => ({ value, name: words.kinds[value] ?? value }))}
            chosen={Object.keys(KINDS).find((key) => KINDS[key]!.run === address.value.run) ?? ""}
            choose={(key) => {
              const { run: id, text, moment: step } = KINDS[key]!;
              go({ ...opening("roads"), run: id, source: { kind: "text", text }, quantity: null, moment: step });
            }}
          />
        </>
      }
    >
      {read && found ? (
        <>
          <p class="told">{words.lightOf(found.name, found.step + 1)}</p>
          <Drawing
            draw={(width) => (
              <Lit width={width} symbols={read.symbols} found={found} cell={CELLS[run.value.value?.cell ?? ""] ?? ""} />
            )}
          />
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
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
  const span = spanOf([...found.cellRoad, ...found.hiddenRoad]);
  const powers = Array.from({ length: span.highest - span.lowest + 1 }, (_, place) => span.highest - place);
  const drawn = powers.filter((_, place) => powers.length < 6 || place % 2 === 0);
  // A reader needs no more than two digits, and a power of ten where there are more noughts than that.
  const power = (value: number) =>
    value >= 0.01 && value < 1000
      ? scaleEnd(Number(value.toPrecision(2)))
      : `10${superscript(Math.round(Math.log10(value)))}`;
  return (
    <svg width={width} height={2 * middle + 8} role="img" aria-label={words.picture}>
      {drawn.map((exponent) => (
        <g key={exponent}>
          {[-1, 1].map((side) => {
            const y = middle + side * (18 + brightness(10 ** exponent, span) * half);
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
        const [up, down] = [brightness(kept, span) * half, brightness(through, span) * half];
        const here = step === found.step;
        return (
          <g key={step} data-testid={`tour-road-${step}`} data-c={kept} data-h={through}>
            {step <= found.step && (
              <>
                <rect
                  x={x(step) - bar / 2}
                  y={middle - 18 - up}
                  width={bar}
                  height={up}
                  fill={tone.ink}
                  opacity={0.72}
                />
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
            {here && (
              <rect
                x={x(step) - room / 2 + 2}
                y={middle - 15}
                width={room - 4}
                height={30}
                fill="none"
                stroke={tone.ink}
                stroke-width={1.5}
              />
            )}
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
        {words.hiddenRoad(cell)}
      </text>
    </svg>
  );
}
