// What the colours of many inputs mean, and what a step of a recording holds.

import { Canvas } from "./canvas";
import { trace } from "./data";
import { scaleEnd } from "./format";
import { strings } from "./i18n";
import { heatLimit } from "./ranges";
import { FEW, isSeries } from "./tracks";
import { paintRamp } from "./tracks-paint";

export function InputsLegend() {
  const words = strings();
  const read = trace.value.value;
  if (!read?.inputs || !isSeries(read)) return null;
  const many = read.features > FEW;
  const limit = many ? heatLimit({ values: read.inputs, features: read.features }) : 1;
  return (
    <>
      {many && (
        <p class="legend small" data-testid="legend-inputs">
          <span class="quiet">{words.inputs(read.features)}</span>
          <span>{scaleEnd(-limit)}</span>
          <span class="ramp">
            <Canvas draw={(pen) => paintRamp(pen, limit)} />
          </span>
          <span>{scaleEnd(limit)}</span>
        </p>
      )}
      {read.frame_size !== null && read.frame_size > 1 && (
        <span class="quiet" data-testid="frame-size">
          {words.frameOf(read.frame_size)}
        </span>
      )}
    </>
  );
}
