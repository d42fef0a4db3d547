// What the tour's steps are made of: a slider, a choice, a stage, the key of the dots. Knows no step.

import type { ReadonlySignal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { scaleEnd } from "../format";
import { Trouble, Message } from "../message";
import type { Loaded } from "../resource";
import { tones } from "../theme";
import { strings } from "../i18n";

interface SliderProps {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly step?: number;
  /** the value as it is read; the number itself if left out */
  readonly said?: string;
  readonly testid: string;
  readonly change: (value: number) => void;
}

export function Slider({ name, value, low, high, step = 1, said, testid, change }: SliderProps) {
  const shown = said ?? String(value);
  return (
    <label class="slider">
      <span class="name">{name}</span>
      <input
        type="range"
        data-testid={testid}
        min={low}
        max={high}
        step={step}
        value={value}
        aria-valuetext={shown}
        onInput={(event) => change(event.currentTarget.valueAsNumber)}
      />
      <output>{shown}</output>
    </label>
  );
}

export interface Option<T> {
  readonly value: T;
  readonly name: string;
}

interface ChoiceProps<T> {
  readonly name: string;
  readonly options: readonly Option<T>[];
  readonly chosen: T;
  readonly testid: string;
  readonly choose: (value: T) => void;
}

/** A few options side by side, one of them chosen. */
export function Choice<T extends string | number>({ name, options, chosen, testid, choose }: ChoiceProps<T>) {
  return (
    <div class="choices" role="group" aria-label={name} data-testid={testid}>
      <span class="name">{name}</span>
      {options.map(({ value, name: said }) => (
        <button key={value} aria-pressed={value === chosen} data-value={value} onClick={() => choose(value)}>
          {said}
        </button>
      ))}
    </div>
  );
}

interface StageProps {
  /** what it shows, for those who hear the page */
  readonly name: string;
  readonly waitsFor?: readonly ReadonlySignal<Loaded<unknown>>[];
  readonly controls?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The place of a diagram that takes the page's: what can be moved stands right under it. */
export function Stage({ name, waitsFor = [], controls, children }: StageProps) {
  const failed = waitsFor.map((one) => one.value.failure).find((one) => one !== null);
  return (
    <main class="stage" aria-label={name} data-testid="tour-stage">
      <Trouble />
      {failed && <Message what={failed.what} remedy={failed.remedy} />}
      {children}
      {controls && <div class="stage-controls">{controls}</div>}
    </main>
  );
}

/** What has not come yet is said, not left blank. */
export function Waiting() {
  return <p class="quiet waiting">{strings().loading}</p>;
}

/** A picture whose geometry follows from the width that it is given. */
export function Drawing({ draw }: { readonly draw: (width: number) => ComponentChildren }) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => (width.value = Math.floor(entry!.contentRect.width)));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={frame} class="drawing">
      {width.value > 0 && draw(width.value)}
    </div>
  );
}

interface DotProps {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** −1 to 1; null: there is no such number in the trained network */
  readonly value: number | null;
}

const TICKED = 3.2;

/** One number as a dot: hue and a stroke tell its sign, depth its size; hollow where there is none. */
export function Dot({ x, y, radius, value }: DotProps) {
  const { value: tone } = tones;
  if (value === null) {
    return <circle cx={x} cy={y} r={radius - 0.5} fill="none" stroke={tone.faint} stroke-dasharray="2 2" />;
  }
  return (
    <>
      <circle cx={x} cy={y} r={radius} fill={tone.signed(value)} stroke={tone.faint} stroke-width={0.5} />
      {radius > TICKED && Math.abs(value) > 0.05 && (
        <path
          d={`M${x - radius * 0.45} ${y}h${radius * 0.9}${value > 0 ? `M${x} ${y - radius * 0.45}v${radius * 0.9}` : ""}`}
          stroke={tone.ink}
          stroke-width={1}
          fill="none"
        />
      )}
    </>
  );
}

const KEYED = [-1, -0.5, 0, 0.5, 1];

/** What the dots' colours mean. */
export function DotKey({ limit, note }: { readonly limit: number; readonly note: string }) {
  return (
    <p class="legend" data-testid="legend">
      <span>{scaleEnd(-limit)}</span>
      <svg width={84} height={16} aria-hidden="true">
        {KEYED.map((value, place) => (
          <Dot key={value} x={10 + place * 16} y={8} radius={6} value={value} />
        ))}
      </svg>
      <span>{scaleEnd(limit)}</span>
      <span class="quiet">{note}</span>
    </p>
  );
}
