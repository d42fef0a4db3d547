// The first lane of every strip: what is read, step by step. Symbols, or numbers as tracks with their names.

import type { ReadonlySignal } from "@preact/signals";
import { Canvas } from "./canvas";
import { trace } from "./data";
import { scaleEnd } from "./format";
import { stepName, strings } from "./i18n";
import type { Pen } from "./paint";
import { heatLimit } from "./ranges";
import type { Strip } from "./strip-window";
import { paintAxis } from "./strip-paint";
import { narrow } from "./theme";
import { featureName, FEW, isSeries, stripHeight } from "./tracks";
import { paintNames } from "./tracks-paint";

/** Room for the times under tracks. */
export const AXIS = 16;

interface Props {
  readonly strip: ReadonlySignal<Strip>;
  readonly draw: (pen: Pen) => void;
}

export function StepsLane({ strip, draw }: Props) {
  const read = trace.value.value;
  const words = strings();
  if (!read?.inputs || !isSeries(read)) {
    return (
      <div class="lane symbols" data-testid="lane-text">
        <span class="label">{stepName(read)}</span>
        <Canvas draw={draw} />
      </div>
    );
  }
  const { features, inputs } = read;
  const tall = stripHeight(features);
  const end = features > FEW ? scaleEnd(heatLimit({ values: inputs, features })) : "";
  const both = (pen: Pen) => {
    draw({ ...pen, height: tall });
    // Where there is no room beside them, the names lie on the tracks.
    if (narrow.value && features > 1) {
      const names = Array.from({ length: features }, (_, feature) => featureName(read, feature));
      paintNames(pen, { values: inputs, features }, names, { from: 0, to: 0, x: 0, y: 0, step: 0, height: tall });
    }
    paintAxis(pen, strip.value, read, tall);
  };
  return (
    <div class="lane symbols tracks" data-testid="lane-text" style={{ height: `${tall + AXIS}px` }}>
      <span class="label" style={{ paddingBottom: `${AXIS}px` }}>
        {features > FEW ? (
          <>
            <span>{words.inputs(features)}</span>
            <span class="quiet">{`±${end}`}</span>
          </>
        ) : features > 1 ? (
          Array.from({ length: features }, (_, feature) => (
            <span key={feature} class="feature" translate={false}>
              {featureName(read, feature)}
            </span>
          ))
        ) : (
          <span translate={!read.feature_names}>{read.feature_names?.[0] ?? stepName(read)}</span>
        )}
      </span>
      <Canvas draw={both} />
    </div>
  );
}
