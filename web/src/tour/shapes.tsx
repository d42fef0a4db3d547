// Step 12: x and h join by themselves and lie on W's rows; W falls into four gates. And two matrices that do not fit.

import { useSignal } from "@preact/signals";
import { moment, trace } from "../data";
import { count, scaleEnd } from "../format";
import { strings } from "../i18n";
import { address } from "../state";
import { glyph } from "../symbols";
import { firstColumns, reach } from "./circle";
import { lstmParameters, peepholeParameters } from "./counts";
import { getWeights, ofSteps, type Matrix } from "./data";
import { endOf } from "./heat";
import { H, matrices, picture, X, type Mode, type Picture } from "./matrix";
import { Painted } from "./painted";
import { paintShapes, type Numbers } from "./shapes-paint";
import { Choice, Drawing, Slider, Stage, Waiting } from "./parts";

const weights = ofSteps<ReadonlyMap<string, Matrix>>(["shapes"], () => {
  const { run: id, frame } = address.value;
  return {
    key: JSON.stringify([id, frame]),
    family: id,
    load: (signal) => getWeights(id, { layer: 0, direction: "forward" }, frame, signal),
  };
});

const MODES: readonly Mode[] = ["plain", "square", "wide", "full"];
const WHOLE = 100;
/** As far as x and h lie on the rows of a W that is still in one piece. */
const LAID = 66;

export function Shapes() {
  const words = strings().tour.shapes;
  const mode = useSignal<Mode>("plain");
  const slid = useSignal(LAID);
  const [found, columns] = [weights.value.value, firstColumns.value.value];
  const now = columns?.[Math.min(moment.value, columns.length - 1)];
  const symbol = trace.value.value?.symbols[moment.value] ?? "";
  return (
    <Stage
      name={words.picture}
      waitsFor={[weights, firstColumns]}
      controls={
        <>
          <Slider
            name={words.slide}
            testid="tour-slide"
            low={0}
            high={WHOLE}
            value={slid.value}
            said={words.said[Math.min(3, Math.floor((3 * (slid.value + 1)) / WHOLE))]!}
            change={(value) => (slid.value = value)}
          />
          <Choice
            name={words.matrix}
            testid="tour-matrix"
            options={MODES.map((value) => ({ value, name: words.modes[value] }))}
            chosen={mode.value}
            choose={(value) => {
              mode.value = value;
              if (value !== "plain" && slid.value < WHOLE) slid.value = WHOLE;
            }}
          />
        </>
      }
    >
      {found && columns && now ? (
        <>
          <Drawing
            draw={(width) => {
              const drawn = picture(mode.value, slid.value / WHOLE, width);
              return (
                <Sheet
                  drawn={drawn}
                  numbers={{ now, weights: found, limit: reach(columns, "input") }}
                  mode={mode.value}
                  split={slid.value > (2 * WHOLE) / 3}
                />
              );
            }}
          />
          <Verdict mode={mode.value} symbol={glyph(symbol).text} />
          <p class="legend" data-testid="legend">
            <span>{scaleEnd(-endOf(found.get("weight_ih")!))}</span>
            <span class="ends" />
            <span>{scaleEnd(endOf(found.get("weight_ih")!))}</span>
            <span class="quiet">W · x ±{scaleEnd(reach(columns, "input"))} · h ±1</span>
          </p>
        </>
      ) : (
        <Waiting />
      )}
    </Stage>
  );
}

interface SheetProps {
  readonly drawn: Picture;
  readonly numbers: Numbers;
  readonly mode: Mode;
  readonly split: boolean;
}

function Sheet({ drawn, numbers, mode, split }: SheetProps) {
  const words = strings().tour.shapes;
  const { height, scale, strips, blocks } = drawn;
  const places = [height, scale, ...strips.flatMap(({ x, y }) => [x, y]), ...blocks.map(({ x }) => x)].join();
  return (
    <div class="sheet-of-shapes" style={{ height: `${height}px` }}>
      <Painted
        draw={(pen) => paintShapes(pen, drawn, numbers, { trained: fits(mode), split }, words)}
        on={[places, mode, numbers.now, numbers.weights, words]}
      />
    </div>
  );
}

/** Whether a matrix is one that the network has, or could have. */
const fits = (mode: Mode): boolean => mode === "plain" || mode === "full";

function Verdict({ mode, symbol }: { readonly mode: Mode; readonly symbol: string }) {
  const words = strings().tour.shapes;
  const sizes = { input: X, hidden: H };
  const plain = lstmParameters(sizes, 1);
  const number = mode === "full" ? plain + peepholeParameters(H, "full") : plain;
  return (
    <p
      class="told"
      role="status"
      data-testid="tour-verdict"
      data-shapes={matrices(mode)
        .map(({ rows, columns }) => `${rows}x${columns}`)
        .join()}
    >
      <b>{words.verdicts[mode]}</b>
      {fits(mode) && <span>{words.parameters(count(number))}</span>}
      <span class="quiet">{words.live(symbol)}</span>
    </p>
  );
}
