// The same text twice, and under it what it cost each network; one cursor through all lanes.

import type { ReadonlySignal } from "@preact/signals";
import { Canvas } from "../canvas";
import type { Trace, Values } from "../api";
import { strings } from "../i18n";
import { Minimap } from "../minimap";
import type { Pen } from "../paint";
import { StripFrame, useStrip } from "../strip";
import { paintStarts, paintSteps } from "../strip-paint";
import type { Strip } from "../strip-window";
import { PREDICTION_ROW } from "../text-view";
import { average, mostBits, paintDifference, paintNext, paintSurprise } from "./paint";
import type { Series } from "../windows";
import type { Side } from "./side";

const ROWS = 3;

interface Props {
  readonly one: Side;
  readonly other: Side;
}

export function CompareLanes({ one, other }: Props) {
  const { strip, width } = useStrip();
  const words = strings();
  const [first, second] = [one.read?.surprise, other.read?.surprise];
  const known = first && second && [one, other].every(({ read }) => read!.long || !Number.isNaN(average(read!)));
  const most = known ? mostBits(one.read!, other.read!) : 1;
  return (
    <>
      <section class="lanes" aria-label={words.compare.page}>
        <StripFrame strip={strip} width={width}>
          <Reading side={one} strip={strip} />
          <Reading side={other} strip={strip} />
          {known && (
            <>
              <Surprise side={one} bits={first} most={most} strip={strip} />
              <Surprise side={other} bits={second} most={most} strip={strip} />
              <div class="lane signed" data-testid="lane-difference">
                <span class="label">
                  <span>{words.compare.difference(String(most), words.bits)}</span>
                  <span class="quiet">{words.compare.differenceEnds(one.run.name)}</span>
                </span>
                <Canvas draw={(pen) => paintDifference(pen, strip.value, first, second, most)} />
              </div>
          </>
        )}
      </StripFrame>
      {!known && <p class="quiet">{words.compare.noAnswers}</p>}
    </section>
    <Minimap shown={() => [strip.value.start, strip.value.end - 1]} />
    </>
  );
}

interface LaneProps {
  readonly side: Side;
  readonly strip: ReadonlySignal<Strip>;
}

/** The text on one network's colours, and what it says after each symbol. */
function Reading({ side, strip }: LaneProps) {
  const words = strings().compare;
  const { read, values, unit, scale } = side;
  const steps = (pen: Pen) => {
    if (read) paintSteps(pen, strip.value, read, column(read, values, unit), scale.value);
  };
  return (
    <>
      <div class="lane symbols" data-testid={`${side.testid}-text`}>
        <span class="label">
          <b>{side.run.name}</b>
        </span>
        <Canvas draw={steps} />
      </div>
      {read?.probabilities && (
        <div class="lane next">
          <span class="label quiet">{read.target === "next" ? words.next : words.guess}</span>
          <div style={{ height: `${Math.min(ROWS, read.rows) * PREDICTION_ROW}px` }}>
            <Canvas draw={(pen) => paintNext(pen, strip.value, read)} />
          </div>
        </div>
      )}
    </>
  );
}

function Surprise({ side, bits, most, strip }: LaneProps & { readonly bits: Series; readonly most: number }) {
  const words = strings();
  const draw = (pen: Pen) => {
    paintSurprise(pen, strip.value, bits, most);
    if (side.read) paintStarts(pen, strip.value, side.read.lengths);
  };
  return (
    <div class="lane surprise" data-testid={`${side.testid}-surprise`}>
      <span class="label">
        <span>{side.run.name}</span>
        <span class="quiet">{words.compare.surprise(String(most), words.bits)}</span>
      </span>
      <Canvas draw={draw} />
    </div>
  );
}

/** One unit's value at every step. */
function column(read: Trace, values: Values | null, unit: number | null): Series | null {
  if (!values || unit === null || values.trace !== read.trace) return null;
  return { length: read.steps, at: (step) => values.at(step, unit) };
}
