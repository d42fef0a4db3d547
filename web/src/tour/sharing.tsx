// Step 2: the unrolled cell is one cell. Fold it; light a matrix and all its copies light.

import { useSignal } from "@preact/signals";
import { run, selected, trace } from "../data";
import { count, scaleEnd } from "../format";
import { strings } from "../i18n";
import { address } from "../state";
import { glyph } from "../symbols";
import { tones } from "../theme";
import { Arrow } from "./circle";
import { getWeights, ofSteps, type Matrix } from "./data";
import { endOf, Heat } from "./heat";
import { Drawing, Slider, Stage, Waiting } from "./parts";
import { columns, recurrence } from "./unroll";

const COLUMNS = 6;

const weights = ofSteps<ReadonlyMap<string, Matrix>>(["sharing"], () => {
  const { run: id, frame } = address.value;
  return {
    key: JSON.stringify([id, frame]),
    family: id,
    load: (signal) => getWeights(id, { layer: 0, direction: "forward" }, frame, signal),
  };
});

type Edge = "W" | "R";
const NAMES: Readonly<Record<Edge, string>> = { W: "weight_ih", R: "weight_hh" };

export function Sharing() {
  const words = strings().tour.sharing;
  const unrolled = useSignal(100);
  const lit = useSignal<Edge | null>(null);
  const found = weights.value.value;
  const light = (edge: Edge | null) => {
    lit.value = edge;
  };
  return (
    <Stage
      name={words.picture}
      waitsFor={[weights]}
      controls={
        <Slider
          name={words.unroll}
          testid="tour-unroll"
          low={0}
          high={100}
          value={unrolled.value}
          said={unrolled.value === 0 ? words.folded : words.columns(COLUMNS)}
          change={(value) => (unrolled.value = value)}
        />
      }
    >
      {found ? (
        <>
          <Drawing
            draw={(width) => <Cells width={width} unrolled={unrolled.value / 100} lit={lit.value} light={light} />}
          />
          <div class="matrices">
            {(["W", "R"] as const).map((edge) => (
              <Pinned key={edge} edge={edge} matrix={found.get(NAMES[edge])!} lit={lit.value === edge} light={light} />
            ))}
          </div>
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

interface PinnedProps {
  readonly edge: Edge;
  readonly matrix: Matrix;
  readonly lit: boolean;
  readonly light: (edge: Edge | null) => void;
}

/** The matrix itself, of which every edge of its kind is a copy. */
function Pinned({ edge, matrix, lit, light }: PinnedProps) {
  const words = strings().tour.sharing;
  const { rows, columns: reads, numbers } = matrix;
  const limit = endOf(matrix);
  return (
    <figure
      class={lit ? "pinned lit" : "pinned"}
      tabindex={0}
      data-testid={`tour-matrix-${edge}`}
      onPointerEnter={() => light(edge)}
      onPointerLeave={() => light(null)}
      onFocus={() => light(edge)}
      onBlur={() => light(null)}
    >
      <figcaption>
        <b>{edge}</b> [{reads}, {rows}] · {count(numbers.length)}{" "}
        <span class="quiet">{words.usedTimes(edge === "W" ? COLUMNS : COLUMNS - 1)}</span>
      </figcaption>
      <Heat
        rows={reads}
        columns={rows}
        limit={limit}
        at={(row, column) => numbers[column * reads + row]!}
        on={[matrix]}
      />
      <p class="legend" data-testid="legend">
        <span>{scaleEnd(-limit)}</span>
        <span class="ends" />
        <span>{scaleEnd(limit)}</span>
      </p>
    </figure>
  );
}

interface CellsProps {
  readonly width: number;
  readonly unrolled: number;
  readonly lit: Edge | null;
  readonly light: (edge: Edge | null) => void;
}

const [TOP, APART] = [130, 150];

function Cells({ width, unrolled, lit, light }: CellsProps) {
  const words = strings().tour.sharing;
  const { at, radius } = columns(COLUMNS, width, unrolled);
  const [stateY, inputY] = [TOP, TOP + APART];
  const symbols = trace.value.value?.symbols ?? [];
  const sizes = selected.value?.detail.units ?? 0;
  const folded = unrolled === 0;
  const edges = (edge: Edge, paths: readonly string[]) => (
    <g
      class={lit === null ? "edges" : lit === edge ? "edges lit" : "edges dim"}
      tabindex={0}
      role="img"
      aria-label={words.copies(edge, paths.length)}
      data-testid={`tour-edge-${edge}`}
      onPointerEnter={() => light(edge)}
      onPointerLeave={() => light(null)}
      onFocus={() => light(edge)}
      onBlur={() => light(null)}
    >
      {paths.map((path, place) => (
        <g key={place}>
          <path class="grip" d={path} />
          <path class="edge" d={path} marker-end="url(#arrow)" />
        </g>
      ))}
    </g>
  );
  const inputs = at.map((x) => `M${x} ${inputY - radius}V${stateY + radius + 5}`);
  const states = at
    .slice(1)
    .map((x, place) => recurrence({ x: at[place]!, y: stateY }, { x, y: stateY }, radius, unrolled));
  return (
    <svg
      width={width}
      height={inputY + radius + 32}
      role="group"
      aria-label={words.picture}
      class={folded ? "folded" : ""}
    >
      <Arrow />
      {edges("W", inputs)}
      {edges("R", states)}
      {at.map((x, place) => (
        <g key={place}>
          <circle cx={x} cy={stateY} r={radius} fill="var(--page)" stroke={tones.value.ink} />
          <circle cx={x} cy={inputY} r={radius} fill="var(--page)" stroke={tones.value.ink} />
          {place === 0 && (
            <text
              x={x - radius - 10}
              y={(stateY + inputY) / 2}
              text-anchor="end"
              class={lit === "W" ? "name lit" : "name"}
            >
              W
            </text>
          )}
          {place === 0 && (
            <text
              x={x + (at[1]! - x) / 2}
              y={stateY - 14 - (1 - unrolled) * radius * 2.5}
              text-anchor="middle"
              class={lit === "R" ? "name lit" : "name"}
            >
              R
            </text>
          )}
        </g>
      ))}
      {at.map((x, place) => (
        <g key={place}>
          {(!folded || place === 0) && (
            <>
              <text x={x} y={stateY + 5} text-anchor="middle" opacity={folded ? 1 : unrolled}>
                {folded ? (
                  "h"
                ) : (
                  <>
                    h
                    <tspan class="sub" dy={4}>
                      {place + 1}
                    </tspan>
                  </>
                )}
              </text>
              <text x={x} y={inputY + 5} text-anchor="middle" opacity={folded ? 1 : unrolled}>
                {folded ? (
                  "x"
                ) : (
                  <>
                    x
                    <tspan class="sub" dy={4}>
                      {place + 1}
                    </tspan>
                  </>
                )}
              </text>
              {!folded && unrolled > 0.6 && radius > 22 && (
                <text x={x} y={inputY + radius + 22} text-anchor="middle" class="symbol">
                  {glyph(symbols[place] ?? "").text}
                </text>
              )}
            </>
          )}
        </g>
      ))}
      <text x={width} y={18} text-anchor="end" class="quiet-text">
        {words.once(run.value.value?.name ?? "", sizes)}
      </text>
    </svg>
  );
}
