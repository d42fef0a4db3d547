// The drawing: which block, on which sheet.

import { largest, shownMoment, type Shown } from "./data";
import { run, selected } from "../data";
import { strings, language } from "../i18n";
import { address } from "../state";
import { tones, upright } from "../theme";
import { pixelsPerOne } from "./geometry";
import { GRUBlock } from "./gru";
import { DrawingLegend } from "./legend";
import { LSTMBlock } from "./lstm";
import { Prediction } from "./prediction";
import { RNNBlock } from "./rnn";
import { shades, SheetProvider, type Sheet } from "./sheet";
import { UPRIGHT, WIDE } from "./stations";

/** The sheet for a moment: wide, or turned upright where the page is narrow. */
function sheetFor(shown: Shown): Sheet {
  const stations = upright.value ? UPRIGHT : WIDE;
  const { values } = shown.one;
  const pen = tones.value;
  const most = Math.max(largest.value, ...[values.before, values.kept, values.written, values.state].map(Math.abs));
  return {
    ...stations,
    ...shades(pen),
    tones: pen,
    perOne: pixelsPerOne(stations.pipe, most),
    shown,
    every: address.value.everyUnit,
    limit: limitOf(shown),
    before: address.value.direction === "backward" ? "t+1" : "t−1",
  };
}

/** The largest magnitude among the memories of all units, at least 1. */
function limitOf({ all }: Shown): number {
  let most = 1;
  const memories = all.beforeCell ? [all.beforeCell, all.quantity("cell")] : [all.beforeHidden, all.quantity("hidden")];
  for (const values of memories)
    for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

export function Diagram() {
  const shown = shownMoment.value.value;
  const stations = upright.value ? UPRIGHT : WIDE;
  if (!shown || !selected.value) return <div class="diagram waiting" />;
  const sheet = sheetFor(shown);
  const said = shown.one.sentence[language()].map((part) => part.text).join("");
  const Block = { lstm: LSTMBlock, gru: GRUBlock, rnn: RNNBlock }[shown.all.kind] ?? LSTMBlock;
  return (
    <figure class="diagram">
      <svg
        data-testid="moment-diagram"
        data-step={shown.step}
        data-unit={shown.unit}
        data-per-one={sheet.perOne}
        viewBox={`0 0 ${stations.width} ${stations.height}`}
        role="img"
        aria-label={`${strings().moment.drawing(shown.all.kind.toUpperCase())} ${said}`}
      >
        <SheetProvider value={sheet}>
          <Block peepholes={Boolean(run.value.value?.peephole)} />
          <Prediction />
          <DrawingLegend />
        </SheetProvider>
      </svg>
    </figure>
  );
}
