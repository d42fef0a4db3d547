// Step 9: what is left of a memory after T steps of constant gates; and what a trained unit's own gates leave of it.

import { useSignal } from "@preact/signals";
import { trace, unit } from "../data";
import { decimal, superscript } from "../format";
import { strings } from "../i18n";
import { hatch, rule, type Pen } from "../paint";
import { sigmoid } from "./activations";
import { ownUnit } from "./data";
import { fade, geometricMean, products, type Faded } from "./fade";
import { useKeeper } from "./keeper";
import { Painted } from "./painted";
import { Slider, Stage, Waiting } from "./parts";
import { tiny } from "./powers";

const MOST = 100;
/** After the first letter and before Y there is nothing to be learned; there a memory has to last. */
const FILLER = "x";

interface Setting {
  readonly keep: number;
  readonly write: number;
  readonly steps: number;
}

const AS_INITIALISED: Setting = { keep: sigmoid(1), write: 0, steps: 28 };
const EXTREME: Setting = { keep: 1, write: 0, steps: 28 };

export function Fading() {
  useKeeper();
  const words = strings().tour.fading;
  const set = useSignal<Setting>(AS_INITIALISED);
  const { keep, write, steps } = set.value;
  const faded = fade(keep, write, steps);
  const left = faded[steps]!.kept;
  const [own, read] = [ownUnit.value, trace.value.value];
  const learned = own && read ? learnedBy(own, read.symbols) : null;
  const change = (part: Partial<Setting>) => {
    set.value = { ...set.value, ...part };
  };
  return (
    <Stage
      name={words.picture}
      controls={
        <>
          <div class="choices" role="group" aria-label={words.settings} data-testid="tour-settings">
            <button data-value="initialised" onClick={() => (set.value = AS_INITIALISED)}>
              {words.initialised}
            </button>
            <button data-value="extreme" onClick={() => (set.value = EXTREME)}>
              {words.extreme}
            </button>
            {learned && (
              <button data-value="learned" onClick={() => change({ keep: learned.keep, write: learned.write })}>
                {words.learned(unit.value ?? 0)}
              </button>
            )}
          </div>
          <Slider
            name={words.keep}
            testid="tour-keep"
            low={0}
            high={1}
            step={0.001}
            value={keep}
            said={`f = ${decimal(keep, 3)}`}
            change={(value) => change({ keep: value })}
          />
          <Slider
            name={words.write}
            testid="tour-write"
            low={0}
            high={1}
            step={0.001}
            value={write}
            said={`i = ${decimal(write, 3)}`}
            change={(value) => change({ write: value })}
          />
          <Slider
            name={words.steps}
            testid="tour-steps"
            low={1}
            high={MOST}
            value={steps}
            said={`T = ${steps}`}
            change={(value) => change({ steps: value })}
          />
        </>
      }
    >
      <p class="result">
        <i>∏f</i> = {decimal(keep, 3)}
        <sup>{steps}</sup> ={" "}
        <output data-testid="tour-product" data-value={left}>
          {tiny(left)}
        </output>
      </p>
      <figure class="fade">
        <figcaption>
          <span class="key solid ink">{words.left}</span>
          <span class="key hatched">{words.since}</span>
        </figcaption>
        <Painted draw={(pen) => paintParts(pen, faded)} on={[keep, write, steps]} />
      </figure>
      <figure class="fade">
        <figcaption>
          <span class="key line">{words.product}</span>
          {learned && (
            <span class="key dashed">
              {words.trained(unit.value ?? 0, tiny(learned.products.at(-1)!), learned.products.length - 1)}
            </span>
          )}
        </figcaption>
        <Painted draw={(pen) => paintProduct(pen, faded, learned?.products ?? [])} on={[keep, steps, learned?.keep]} />
      </figure>
      {!own && <Waiting />}
    </Stage>
  );
}

interface Learned {
  readonly keep: number;
  readonly write: number;
  readonly products: readonly number[];
}

/** What the unit's gates did while nothing had to be learned. */
function learnedBy(own: ReadonlyMap<string, Float32Array>, symbols: readonly string[]): Learned | null {
  const [forget, input] = [own.get("forget_gate"), own.get("input_gate")];
  const steps = symbols.flatMap((symbol, step) => (symbol === FILLER ? [step] : []));
  if (!forget || !input || steps.length === 0) return null;
  const gates = steps.map((step) => forget[step]!);
  const mean = steps.reduce((sum, step) => sum + input[step]!, 0) / steps.length;
  return { keep: geometricMean(gates), write: mean, products: products(gates) };
}

const LEFT = 44;

function paintParts(pen: Pen, faded: readonly Faded[]): void {
  const { context, tones, width, height } = pen;
  const most = Math.max(1, ...faded.map(({ kept, written }) => kept + written));
  const [floor, high] = [height - 18, height - 30];
  const room = (width - LEFT) / faded.length;
  label(pen, floor, "0");
  label(pen, floor - high / most, "1");
  if (most > 1.2) label(pen, floor - high, decimal(most, 1));
  rule(pen, floor - high / most, LEFT);
  faded.forEach(({ kept, written }, step) => {
    const x = LEFT + step * room;
    const tall = (kept / most) * high;
    context.fillStyle = tones.ink;
    context.fillRect(x + 0.5, floor - tall, Math.max(1, room - 1), tall);
    hatch(
      pen,
      x + 0.5,
      floor - tall - (written / most) * high,
      Math.max(1, room - 1),
      (written / most) * high,
      tones.faint,
    );
  });
  rule(pen, floor, LEFT);
  stepsUnder(pen, faded.length, room, floor);
}

const DECADES = 10;

function paintProduct(pen: Pen, faded: readonly Faded[], learned: readonly number[]): void {
  const { context, tones, width, height } = pen;
  const [top, floor] = [8, height - 18];
  const room = (width - LEFT) / faded.length;
  const y = (value: number) =>
    top + (Math.min(DECADES, -Math.log10(Math.max(value, 1e-300))) / DECADES) * (floor - top);
  for (const decade of [0, -2, -4, -6, -8, -10]) {
    rule(pen, y(10 ** decade), LEFT);
    label(pen, y(10 ** decade), `10${superscript(decade)}`);
  }
  const line = (values: readonly number[]) => {
    context.beginPath();
    values.slice(0, faded.length).forEach((value, step) => context.lineTo(LEFT + (step + 0.5) * room, y(value)));
    context.stroke();
  };
  context.strokeStyle = tones.ink;
  context.lineWidth = 2;
  line(faded.map(({ kept }) => kept));
  context.save();
  context.setLineDash([4, 3]);
  context.lineWidth = 1.5;
  line(learned);
  context.restore();
  stepsUnder(pen, faded.length, room, floor);
}

function label({ context, tones }: Pen, y: number, text: string): void {
  context.fillStyle = tones.ink;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillText(text, LEFT - 8, y);
}

/** Every so many steps a number. */
function stepsUnder({ context, tones }: Pen, steps: number, room: number, floor: number): void {
  const every = room > 28 ? 1 : room * 5 > 28 ? 5 : room * 10 > 28 ? 10 : 20;
  context.fillStyle = tones.ink;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "top";
  for (let step = 0; step < steps; step += every) context.fillText(String(step), LEFT + (step + 0.5) * room, floor + 4);
}
