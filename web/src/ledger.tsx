// The ledger of one unit: what each step kept of the memory, what it wrote, and how much of it was shown.

import { useComputed } from "@preact/signals";
import { cameFrom, entryOf } from "./bookkeeping";
import { Canvas } from "./canvas";
import type { UnitTrace } from "./api";
import { scale as chosenScale, selected, trace, unitTrace } from "./data";
import { scaleEnd } from "./format";
import { ghostLine } from "./ghost";
import { paintGhost } from "./ghost-paint";
import { limit } from "./grab";
import { GrabArea } from "./grab-area";
import { nameOf, strings } from "./i18n";
import type { Pen } from "./paint";
import { letter } from "./quantities";
import { StepsLane } from "./steps-lane";
import { StripFrame, useStrip } from "./strip";
import { ledgerLevel, paintLane, paintLedger, paintShown, paintSteps, shownLevel } from "./strip-paint";

export function Ledger() {
  const { strip, width } = useStrip();
  const lengths = useComputed(() => trace.value.value?.lengths ?? []);
  const entry = useComputed(() => {
    const found = fitting();
    if (!found) return null;
    const backward = found.direction === "backward";
    return entryOf(found.quantities, (step) => cameFrom(step, lengths.value, backward));
  });
  const words = strings();
  const found = fitting();
  const cell = selected.value?.run.cell ?? "lstm";
  const state = selected.value?.detail.quantities.includes("cell") ? "cell" : "hidden";
  const end = found ? `±${scaleEnd(limit.value)}` : "";
  const gated = (selected.value?.detail.quantities.length ?? 0) > 1;
  const mark = letter(state, cell);
  const keys = cell === "gru" ? ["z·h₋₁", "(1−z)·n"] : ["f·c₋₁", "i·g"];

  const symbols = (pen: Pen) => {
    const [read, unit] = [trace.value.value, fitting()];
    const chosen = selected.value?.quantity;
    const own = unit && chosen ? (unit.quantities.get(chosen) ?? null) : null;
    if (read) paintSteps(pen, strip.value, read, own, chosenScale.value);
  };
  const upper = (pen: Pen) => {
    const unit = fitting();
    if (!unit) return;
    const backward = unit.direction === "backward";
    if (entry.value) paintLedger(pen, strip.value, limit.value, backward, entry.value);
    else paintLane(pen, strip.value, unit.quantities.get("hidden")!, { kind: "signed", limit: limit.value });
    const line = ghostLine.value?.quantities.get(state);
    const shift = entry.value ? (backward ? -0.5 : 0.5) * strip.value.step : 0;
    const level = (value: number) => ledgerLevel(pen.height, value, limit.value);
    if (line) paintGhost(pen, strip.value, unit.quantities.get(state)!, line, level, shift);
  };
  const lower = (pen: Pen) => {
    const unit = fitting();
    const memory = unit?.quantities.get("cell");
    if (!unit || !memory) return;
    const hidden = unit.quantities.get("hidden")!;
    paintShown(pen, strip.value, memory, hidden);
    const line = ghostLine.value?.quantities.get("hidden");
    if (line) paintGhost(pen, strip.value, hidden, line, (value) => shownLevel(pen.height, value));
  };

  return (
    <section class="ledger" aria-label={words.ledger}>
      <StripFrame strip={strip} width={width}>
        <StepsLane strip={strip} draw={symbols} />
        <div class="lane upper">
          <span class="label">
            {gated && (
              <>
                <span class="key solid">{`${words.kept} ${keys[0]}`}</span>
                <span class="key hatched">{`${words.written} ${keys[1]}`}</span>
              </>
            )}
            <span class="key line">{`${nameOf(state)} ${mark} ${end}`}</span>
            {ghostLine.value && <span class="key second">{words.live.withHeld}</span>}
          </span>
          <GrabArea strip={strip} draw={upper} />
        </div>
        {state === "cell" && (
          <div class="lane lower">
            <span class="label">
              <span class="key outlined">{words.outline}</span>
              <span class="key filled">{words.shown}</span>
            </span>
            <Canvas draw={lower} />
          </div>
        )}
      </StripFrame>
    </section>
  );
}

/** The unit's trace, if it is of the text that is shown. */
function fitting(): UnitTrace | null {
  const [unit, read] = [unitTrace.value.value, trace.value.value];
  return unit && read && unit.trace === read.trace ? unit : null;
}
