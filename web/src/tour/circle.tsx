// Step 1: one circle of the unrolled picture, opened. Time adds columns, hidden adds dots; only dots cost parameters.

import { useSignal } from "@preact/signals";
import { trace, moment } from "../data";
import { count } from "../format";
import { strings } from "../i18n";
import { move } from "../state";
import { glyph } from "../symbols";
import { tones } from "../theme";
import { lstmParameters } from "./counts";
import { getVectors, ofSteps, type Vectors } from "./data";
import { DotKey, Dot, Drawing, Slider, Stage, Waiting } from "./parts";
import { sunflower } from "./sunflower";
import { tangents } from "./tangents";
import { columns } from "./unroll";

const MOST_COLUMNS = 8;
const MOST_HIDDEN = 120;

const vectors = ofSteps<readonly Vectors[]>(["circle", "shapes"], (read) => ({
  key: read.trace,
  family: read.trace,
  load: (signal) => {
    const steps = Array.from({ length: Math.min(MOST_COLUMNS, read.steps) }, (_, step) => step);
    return Promise.all(steps.map((step) => getVectors(read, { layer: 0, direction: "forward" }, step, signal)));
  },
}));

/** What the first columns of the tour's text did: x and h of each. */
export const firstColumns = vectors;

/** The largest magnitude of a vector over the columns. */
export function reach(found: readonly Vectors[], name: string): number {
  return Math.max(1e-6, ...found.map((one) => Math.max(...(one.get(name) ?? [0]).map(Math.abs))));
}

export function Circle() {
  const words = strings().tour.circle;
  const shown = useSignal(6);
  const hidden = useSignal(60);
  const found = vectors.value.value;
  const chosen = Math.min(moment.value, shown.value - 1);
  const inputs = found?.[0]?.get("input")?.length ?? 0;
  const ends = found ? { input: reach(found, "input"), hidden: 1 } : null;
  return (
    <Stage
      name={words.picture}
      waitsFor={[vectors]}
      controls={
        <>
          <Slider
            name={words.time}
            testid="tour-time"
            low={1}
            high={Math.max(1, Math.min(MOST_COLUMNS, found?.length ?? 1))}
            value={shown.value}
            said={`T = ${shown.value}`}
            change={(value) => (shown.value = value)}
          />
          <Slider
            name={words.hidden}
            testid="tour-hidden"
            low={1}
            high={MOST_HIDDEN}
            value={hidden.value}
            said={`H = ${hidden.value}`}
            change={(value) => (hidden.value = value)}
          />
          <p class="formula">
            <span class="quiet">{words.parameters}</span> 4 · (<span>{inputs}</span>·<b>{hidden.value}</b> +{" "}
            <b>{hidden.value}</b>·<b>{hidden.value}</b> + 2·<b>{hidden.value}</b>) ={" "}
            <output data-testid="tour-count">{count(lstmParameters({ input: inputs, hidden: hidden.value }))}</output>
          </p>
          <p class="keys">
            {ends && <DotKey limit={ends.input} note="x" />}
            <DotKey limit={1} note={hidden.value > 60 ? `h · ${words.untrained}` : "h"} />
          </p>
        </>
      }
    >
      {found ? (
        <Drawing
          draw={(width) => (
            <Unrolled width={width} found={found} shown={shown.value} hidden={hidden.value} chosen={chosen} />
          )}
        />
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

interface Props {
  readonly width: number;
  readonly found: readonly Vectors[];
  readonly shown: number;
  readonly hidden: number;
  readonly chosen: number;
}

function Unrolled({ width, found, shown, hidden, chosen }: Props) {
  const words = strings().tour.circle;
  const ink = tones.value.ink;
  const limit = reach(found, "input");
  const symbols = trace.value.value?.symbols ?? [];
  const { at, radius } = columns(shown, Math.min(width, shown * 116), 1);
  const shift = (width - Math.min(width, shown * 116)) / 2;
  const [stateY, inputY] = [radius + 8, 3 * radius + 40];
  const symbolY = inputY + radius + 18;
  const lens = Math.min(150, width / 4.4);
  const lensY = symbolY + 28 + lens;
  const [leftX, rightX] = [width * 0.26, width * 0.72];
  const { input, hidden: state } = numbers(found[chosen]!);
  const opened = shift + at[chosen]!;
  return (
    <svg width={width} height={lensY + lens + 36} role="group" aria-label={words.picture}>
      {at.map((x, place) => (
        <g key={place} stroke={ink} fill="none">
          <path d={`M${shift + x} ${inputY - radius}V${stateY + radius + 5}`} marker-end="url(#arrow)" />
          {place > 0 && (
            <path
              d={`M${shift + at[place - 1]! + radius} ${stateY}H${shift + x - radius - 5}`}
              marker-end="url(#arrow)"
            />
          )}
        </g>
      ))}
      <Arrow />
      <g stroke={tones.value.faint} fill="none">
        <path d={tangents({ x: opened, y: inputY, radius }, { x: leftX, y: lensY, radius: lens })} />
        <path d={tangents({ x: opened, y: stateY, radius }, { x: rightX, y: lensY, radius: lens })} />
      </g>
      {at.map((x, place) => {
        const own = numbers(found[place]!);
        return (
          <g
            key={place}
            class="openable"
            role="button"
            tabindex={0}
            aria-pressed={place === chosen}
            aria-label={`${words.open(place + 1)}: ${glyph(symbols[place] ?? "").text}`}
            data-testid={`tour-circle-${place}`}
            onClick={() => move({ moment: place })}
            onKeyDown={(event) => {
              if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                event.stopPropagation();
                move({ moment: place });
              }
            }}
          >
            <Circled
              x={shift + x}
              y={stateY}
              radius={radius}
              values={own.hidden}
              count={hidden}
              limit={1}
              chosen={place === chosen}
            />
            <Circled
              x={shift + x}
              y={inputY}
              radius={radius}
              values={own.input}
              count={own.input.length}
              limit={limit}
              chosen={place === chosen}
            />
            {(radius > 24 || place === chosen) && (
              <text x={shift + x} y={symbolY} text-anchor="middle" class="symbol">
                {glyph(symbols[place] ?? "").text}
              </text>
            )}
          </g>
        );
      })}
      <Circled x={leftX} y={lensY} radius={lens} values={input} count={input.length} limit={limit} chosen />
      <Circled x={rightX} y={lensY} radius={lens} values={state} count={hidden} limit={1} chosen />
      <text x={leftX} y={lensY + lens + 26} text-anchor="middle" class="large">
        {words.numbers("x", chosen + 1, input.length)}
      </text>
      <text x={rightX} y={lensY + lens + 26} text-anchor="middle" class="large" data-testid="tour-dots">
        {words.numbers("h", chosen + 1, hidden)}
      </text>
    </svg>
  );
}

const numbers = (one: Vectors) => ({
  input: one.get("input") ?? new Float32Array(),
  hidden: one.get("hidden") ?? new Float32Array(),
});

interface CircledProps {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly values: Float32Array;
  readonly count: number;
  readonly limit: number;
  readonly chosen: boolean;
}

/** A circle with the numbers that it is. */
function Circled({ x, y, radius, values, count: dots, limit, chosen }: CircledProps) {
  const { seeds, radius: dot } = sunflower(dots, radius - 2);
  return (
    <>
      <circle cx={x} cy={y} r={radius} fill="var(--page)" stroke={tones.value.ink} stroke-width={chosen ? 2 : 1} />
      {seeds.map((seed, place) => (
        <Dot
          key={place}
          x={x + seed.x}
          y={y + seed.y}
          radius={dot}
          value={place < values.length ? values[place]! / limit : null}
        />
      ))}
    </>
  );
}

/** The head of this picture's arrows. */
export function Arrow() {
  return (
    <defs>
      <marker
        id="arrow"
        viewBox="0 0 8 8"
        refX="4"
        refY="4"
        markerUnits="userSpaceOnUse"
        markerWidth="9"
        markerHeight="9"
        orient="auto-start-reverse"
      >
        <path d="M0 0L8 4L0 8Z" fill={tones.value.ink} />
      </marker>
    </defs>
  );
}
