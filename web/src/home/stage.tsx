// The first screen's play: a letter lights a unit, it stays lit, and at the end the network says the letter back.

import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Canvas } from "../canvas";
import { decimal, percent } from "../format";
import { strings } from "../i18n";
import { Legend } from "../legend";
import { Link } from "../link";
import type { Pen } from "../paint";
import type { Scale } from "../quantities";
import { narrow } from "../theme";
import { clock, hold, LENGTH, letter, LETTERS, play, start, stop, string, type Letter, type Play } from "./play";
import { paintStage, placed } from "./stage-paint";

const GUTTER = 136;
/** The tanh of a cell and a hidden value have these ends. */
const SCALE: Scale = { kind: "signed", limit: 1 };

export function Stage() {
  const seen = useSignal(false);
  const shown = play.value;
  const scale = useComputed(() => SCALE);
  useEffect(() => {
    if (shown) start(0);
    return stop;
  }, [shown]);
  return (
    <section class="memory-play" data-testid="memory-play">
      <Scene />
      {shown && (
        <div class="caption">
          <Story shown={shown} />
          <Actions shown={shown} triedBoth={seen} />
          <div class="row">
            <i>{shown.quantity === "cell" ? "tanh c" : "h"}</i>
            <Legend scale={scale} read={null} />
          </div>
        </div>
      )}
    </section>
  );
}

function Scene() {
  const element = useRef<HTMLDivElement>(null);
  const gutter = narrow.value ? 0 : GUTTER;
  const words = strings().gallery;
  const shown = play.value;
  const at = Math.max(1, Math.min(LENGTH - 1, Math.ceil(clock.value)));

  const draw = (pen: Pen) => {
    const now = play.value;
    if (!now) return;
    const said = strings().gallery;
    const place = placed(pen.width, gutter, LENGTH);
    element.current!.style.height = `${place.height}px`;
    paintStage(pen, place, {
      line: now.lines[letter.value],
      scale: SCALE,
      clock: clock.value,
      labels: [said.reads, said.unit(now.unit), said.says],
    });
  };
  const point = (event: MouseEvent) => {
    const bounds = element.current!.getBoundingClientRect();
    const { left, step } = placed(bounds.width, gutter, LENGTH);
    const place = Math.floor((event.clientX - bounds.left - left) / step);
    if (place >= 0 && place < LENGTH) hold(place + 1);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") hold(Math.ceil(clock.peek()) - 1);
    else if (event.key === "ArrowRight") hold(Math.ceil(clock.peek()) + 1);
    else if (event.key === "Home") hold(1);
    else if (event.key === "End") hold(LENGTH);
    else if (event.key === " ") start(letter.peek());
    else return;
    event.preventDefault();
  };
  const line = shown?.lines[letter.value];
  const said = line?.says[at - 1];
  return (
    <div
      ref={element}
      class="memory-strip"
      role="slider"
      tabIndex={0}
      data-testid="play"
      aria-label={words.play}
      aria-valuemin={1}
      aria-valuemax={LENGTH - 1}
      aria-valuenow={at}
      aria-valuetext={
        shown && line && said
          ? words.told(line.symbols[at - 1]!, shown.unit, decimal(line.values[at - 1]!), said.name, percent(said.share))
          : ""
      }
      onClick={point}
      onKeyDown={press}
    >
      <Canvas draw={draw} />
    </div>
  );
}

/** What is to be seen, each part in full ink once it has happened. Said only of a network that does so. */
function Story({ shown }: { readonly shown: Play }) {
  const words = strings().gallery;
  const { first, answer } = LETTERS[letter.value];
  const happened = useComputed(() => [clock.value > 0, clock.value > 1, clock.value >= LENGTH - 1]);
  if (!shown.remembers) return null;
  return (
    <p class="story" data-testid="story">
      {words.story(first, shown.unit, answer, letter.value === 1).map((part, index) => (
        <span key={index} class={happened.value[index] ? "" : "quiet"}>
          {`${part} `}
        </span>
      ))}
    </p>
  );
}

interface ActionProps {
  readonly shown: Play;
  /** whether B has been tried */
  readonly triedBoth: Signal<boolean>;
}

/** One obvious next thing: the other letter, then a string of one's own. */
function Actions({ shown, triedBoth }: ActionProps) {
  const words = strings().gallery;
  const { card, layer, quantity, unit } = shown;
  const other: Letter = letter.value === 0 ? 1 : 0;
  const flip = () => {
    triedBoth.value = true;
    start(other);
  };
  if (!triedBoth.value) {
    return (
      <button class="primary" data-testid="try-other" onClick={flip}>
        {words.try(LETTERS[other].first)}
      </button>
    );
  }
  const text = `${string(letter.value)}${LETTERS[letter.value].answer}`;
  const source = { kind: "text", text } as const;
  return (
    <div class="row">
      <button data-testid="try-other" onClick={flip}>
        {words.again(LETTERS[other].first)}
      </button>
      <Link to={{ page: "network", run: card.id, layer, quantity, unit, source, editing: true }} class="primary" testid="own">
        {words.own}
      </Link>
    </div>
  );
}
