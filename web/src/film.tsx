// The film of a network's training: a slider over its frames, with the loss for a track. Everything follows it.

import { computed, effect, signal } from "@preact/signals";
import { Canvas } from "./canvas";
import { run, trace, unit, unitTrace, values } from "./data";
import { count, decimal } from "./format";
import { strings } from "./i18n";
import { rule, type Pen } from "./paint";
import { address, go, move } from "./state";
import { still } from "./theme";

/** The frame shown; one past the last is the finished network. */
const shown = computed(() => {
  const frames = run.value.value?.film.length ?? 0;
  const { frame } = address.value;
  return frame === null || Number.isNaN(frame) ? frames : Math.min(frame, frames);
});

const playing = signal(false);
/** Milliseconds that each frame stays at least. */
const FRAME = 120;

function show(frame: number, settle: (change: { frame: number | null; unit: number | null }) => void): void {
  const frames = run.peek().value?.film.length ?? 0;
  settle({ frame: frame >= frames ? null : Math.max(0, frame), unit: unit.peek() });
}

/** Plays from here to the end, or from the beginning if it is the end; stops if it plays. One step where motion is unwelcome. */
export function playFilm(): boolean {
  const frames = run.peek().value?.film.length ?? 0;
  if (frames === 0) return false;
  const from = shown.peek() >= frames ? 0 : shown.peek() + 1;
  if (still.peek()) show(from, go);
  else {
    playing.value = !playing.peek();
    if (playing.peek()) show(from, move);
  }
  return true;
}

// The next frame, once this one is all there; it does not loop.
effect(() => {
  if (!playing.value) return;
  const frames = run.value.value?.film.length ?? 0;
  const at = shown.value;
  if (frames === 0 || at >= frames) {
    playing.value = false;
    return;
  }
  if ([trace, values, unitTrace].some((one) => one.value.loading)) return;
  const timer = window.setTimeout(() => show(at + 1, move), FRAME);
  return () => window.clearTimeout(timer);
});

/** The losses of the film, lowest at the bottom; validation where there is one. */
const losses = computed(() => {
  const frames = run.value.value?.film ?? [];
  return frames.map(({ validation, train }) => validation ?? train ?? Number.NaN);
});

const INSET = 8;

export function Film() {
  const words = strings().live;
  const frames = run.value.value?.film ?? [];
  if (frames.length === 0) return null;
  const at = shown.value;
  const frame = frames[at];
  const said = frame
    ? words.frame(count(frame.step), Number.isFinite(losses.value[at]) ? decimal(losses.value[at]!, 3) : null)
    : words.finished;

  const draw = (pen: Pen) => {
    const { context, tones, width, height } = pen;
    // A loss falls by orders of magnitude: its logarithm shows all of it, where there is one.
    const known = losses.value.filter((loss) => Number.isFinite(loss));
    const scale = known.every((loss) => loss > 0) ? Math.log : (loss: number) => loss;
    const [low, high] = [scale(Math.min(...known)), scale(Math.max(...known))];
    const x = (index: number) => INSET + (index / frames.length) * (width - 2 * INSET);
    const y = (loss: number) => height - 6 - ((scale(loss) - low) / (high - low || 1)) * (height - 12);
    rule(pen, height - 5, INSET, width - INSET);
    context.strokeStyle = tones.ink;
    context.lineWidth = 1.25;
    context.beginPath();
    losses.value.forEach((loss, index) => Number.isFinite(loss) && context.lineTo(x(index), y(loss)));
    context.stroke();
    const place = x(shown.value);
    context.fillStyle = tones.ink;
    context.fillRect(place - 1, 0, 2, height);
  };

  return (
    <section class="film" aria-label={words.film} data-testid="film">
      <button
        data-testid="film-play"
        aria-pressed={playing.value}
        aria-label={playing.value ? words.pause : words.play}
        title={words.playHint}
        onClick={playFilm}
      >
        {playing.value ? "❚❚" : "▶"}
      </button>
      <div class="track">
        <Canvas draw={draw} />
        <input
          type="range"
          data-testid="film-range"
          aria-label={words.film}
          aria-valuetext={said}
          min={0}
          max={frames.length}
          value={at}
          onInput={(event) => {
            playing.value = false;
            show(event.currentTarget.valueAsNumber, move);
          }}
        />
      </div>
      <p class="quiet">{said}</p>
    </section>
  );
}
