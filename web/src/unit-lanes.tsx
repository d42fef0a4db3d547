// All quantities of one unit over the text, one under the other, with one cursor through them.

import type { ReadonlySignal } from "@preact/signals";
import { Canvas } from "./canvas";
import { scale, selected, trace, unitTrace } from "./data";
import type { UnitTrace } from "./api";
import { scaleEnd } from "./format";
import { ghostLine } from "./ghost";
import { paintGhost } from "./ghost-paint";
import { nameOf, strings } from "./i18n";
import { Minimap } from "./minimap";
import type { Pen } from "./paint";
import { inReadingOrder, isGate, letter, scaleOfFigures, type Scale } from "./quantities";
import { go, address } from "./state";
import { StepsLane } from "./steps-lane";
import { StripFrame, useStrip } from "./strip";
import type { Strip } from "./strip-window";
import { ledgerLevel, paintLane, paintStarts, paintSteps } from "./strip-paint";

export function UnitLanes() {
  const { strip, width } = useStrip();
  const words = strings();
  const chosen = selected.value;
  const quantities = chosen ? inReadingOrder(chosen.detail.quantities) : [];

  const symbols = (pen: Pen) => {
    const [read, unit] = [trace.value.value, unitTrace.value.value];
    if (!read) return;
    const quantity = selected.value?.quantity ?? "hidden";
    const own = unit?.trace === read.trace ? (unit.quantities.get(quantity) ?? null) : null;
    paintSteps(pen, strip.value, read, own, scale.value);
  };

  return (
    <>
      <section class="lanes" aria-label={words.unitN(address.value.unit ?? 0)}>
        <StripFrame strip={strip} width={width}>
          <StepsLane strip={strip} draw={symbols} />
          {quantities.map((quantity) => (
            <QuantityLane key={quantity} quantity={quantity} strip={strip} />
          ))}
        </StripFrame>
      </section>
      <Minimap shown={() => [strip.value.start, strip.value.end - 1]} />
    </>
  );
}

/** A scale for the unit's numbers, and those with something held. */
function laneScale(quantity: string, unit: UnitTrace): Scale {
  const own = scaleOfFigures(quantity, unit.figures.get(quantity) ?? null);
  const other = ghostLine.value?.figures.get(quantity);
  return other ? { ...own, limit: Math.max(own.limit, scaleOfFigures(quantity, other).limit) } : own;
}

interface LaneProps {
  readonly quantity: string;
  readonly strip: ReadonlySignal<Strip>;
}

function QuantityLane({ quantity, strip }: LaneProps) {
  const draw = (pen: Pen) => {
    const [unit, read] = [unitTrace.value.value, trace.value.value];
    const values = unit?.quantities.get(quantity);
    if (!values || !read || unit!.trace !== read.trace) return;
    const scale = laneScale(quantity, unit!);
    paintLane(pen, strip.value, values, scale);
    const line = ghostLine.value?.quantities.get(quantity);
    for (const side of scale.kind === "gate" ? [1, -1] : [1]) {
      if (line) paintGhost(pen, strip.value, values, line, (value) => ledgerLevel(pen.height, side * value, scale.limit));
    }
    paintStarts(pen, strip.value, read.lengths);
  };
  const unit = unitTrace.value.value;
  const end = unit ? scaleEnd(laneScale(quantity, unit).limit) : "";
  return (
    <div class={`lane ${isGate(quantity) ? "gate" : quantity === "cell" ? "memory" : "signed"}`} data-testid={`lane-${quantity}`}>
      <button
        class="label"
        aria-pressed={quantity === selected.value?.quantity}
        onClick={(event) => {
          event.stopPropagation();
          go({ quantity });
        }}
      >
        <span>
          {nameOf(quantity)} <i>{letter(quantity, selected.value?.run.cell ?? "")}</i>
        </span>
        <span class="quiet">{isGate(quantity) ? "0 … 1" : `±${end}`}</span>
      </button>
      <Canvas draw={draw} />
    </div>
  );
}
