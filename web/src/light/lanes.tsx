// The light's lanes under the text: the c road, the h road, and the road of a vanilla RNN that learned the same.

import type { ReadonlySignal } from "@preact/signals";
import { Canvas } from "../canvas";
import { scale as chosenScale, selected, trace, unitTrace } from "../data";
import { strings } from "../i18n";
import { rule, type Pen } from "../paint";
import { StepsLane } from "../steps-lane";
import { StripFrame, useStrip } from "../strip";
import { paintStarts, paintSteps } from "../strip-paint";
import type { Strip } from "../strip-window";
import { cGlow, decades, hGlow, lit, plainGlow, siblings, type Glow } from "./data";
import { brightness } from "./scale";

export function LightLanes() {
  const { strip, width } = useStrip();
  const words = strings().light;
  const cell = selected.value?.run.cell ?? "";
  const symbols = (pen: Pen) => {
    const [read, unit] = [trace.value.value, unitTrace.value.value];
    const own = unit && unit.trace === read?.trace ? (unit.quantities.get(selected.value!.quantity) ?? null) : null;
    if (read) paintSteps(pen, strip.value, read, own, chosenScale.value);
  };
  const hasPlain = siblings.value.value?.some(({ run }) => run.cell === "rnn") ?? false;
  return (
    <StripFrame strip={strip} width={width}>
      <StepsLane strip={strip} draw={symbols} />
      {cell !== "rnn" && (
        <GlowLane
          strip={strip}
          testid="light-c"
          name={words.cRoad}
          hint={cell === "gru" ? words.cRoadGru : words.cRoadHint}
          glow={cGlow}
        />
      )}
      <GlowLane strip={strip} testid="light-h" name={words.hRoad} hint={words.hRoadHint} glow={hGlow} />
      {cell !== "rnn" && hasPlain && (
        <GlowLane strip={strip} testid="light-rnn" name={words.plain} hint={words.plainHint} glow={plainGlow} />
      )}
    </StripFrame>
  );
}

interface GlowProps {
  readonly strip: ReadonlySignal<Strip>;
  readonly testid: string;
  readonly name: string;
  readonly hint: string;
  readonly glow: ReadonlySignal<Glow | null>;
}

function GlowLane({ strip, testid, name, hint, glow }: GlowProps) {
  const draw = (pen: Pen) => {
    const [found, read] = [glow.value, trace.value.value];
    if (!found || !read) return;
    const { values, brightest } = found;
    const bright = (step: number) => (lit.value(step) ? brightness(values[step]!, brightest, decades.value) : 0);
    paintGlow(pen, strip.value, bright);
    paintStarts(pen, strip.value, read.lengths);
  };
  return (
    <div class="lane glow" data-testid={testid}>
      <span class="label" title={hint}>
        {name}
      </span>
      <Canvas draw={draw} />
    </div>
  );
}

/** Bars from the ground up, as high and as dense as the light is bright. */
export function paintGlow(pen: Pen, { start, end, step }: Strip, bright: (step: number) => number): void {
  const { context, tones, width, height } = pen;
  const tall = height - 4;
  rule(pen, height - 1, 0, width);
  for (let place = start; place < end; place++) {
    const share = bright(place);
    if (share <= 0) continue;
    const x = (place - start) * step;
    context.fillStyle = tones.gate(share);
    context.fillRect(x, height - share * tall, step, share * tall);
    context.fillStyle = tones.ink;
    context.fillRect(x, height - share * tall, step, 1.5);
  }
}
