// Step 13: the three lines of TensorFlow 1 that people learn from. Hover one, and its part of the picture lights.

import { useSignal } from "@preact/signals";
import { strings } from "../i18n";
import { tones } from "../theme";
import { Arrow } from "./circle";
import { Choice, Drawing, Slider, Stage } from "./parts";
import { ROW, Sheaf } from "./sheaf";

/** As they stand in the notes; `peephole.tf1` runs them unchanged. */
const LINES = [
  "lstm_cell = tf.nn.rnn_cell.BasicLSTMCell(n_hidden_units, forget_bias=1.0, state_is_tuple=True)",
  "init_state = lstm_cell.zero_state(batch_size, dtype=tf.float32)",
  "outputs, final_state = tf.nn.dynamic_rnn(lstm_cell, X_in, initial_state=init_state, time_major=False)",
] as const;
const HIDDEN = 60;
const MOST = 8;
const STEPS = 3;

type Lit = 0 | 1 | 2 | null;
type Library = "tf" | "torch";

export function Lines() {
  const words = strings().tour.lines;
  const lit = useSignal<Lit>(null);
  const batch = useSignal(4);
  const library = useSignal<Library>("tf");
  const light = (line: Lit) => {
    lit.value = line;
  };
  return (
    <Stage
      name={words.picture}
      controls={
        <>
          <Slider
            name="batch_size"
            testid="tour-batch"
            low={1}
            high={MOST}
            value={batch.value}
            change={(value) => (batch.value = value)}
          />
          <Choice
            name={words.order}
            testid="tour-order"
            options={[
              { value: "tf", name: "TensorFlow 1" },
              { value: "torch", name: "torch" },
            ]}
            chosen={library.value}
            choose={(value) => (library.value = value as Library)}
          />
        </>
      }
    >
      <ol class="code-lines">
        {LINES.map((line, place) => (
          <li key={place}>
            <button
              class={lit.value === place ? "lit" : ""}
              data-testid={`tour-line-${place}`}
              onPointerEnter={() => light(place as Lit)}
              onPointerLeave={() => light(null)}
              onFocus={() => light(place as Lit)}
              onBlur={() => light(null)}
            >
              <code>{line}</code>
              <span class="quiet">{words.means[place]}</span>
            </button>
          </li>
        ))}
      </ol>
      <Drawing
        draw={(width) => (
          <Parts width={width} lit={lit.value} light={light} batch={batch.value} library={library.value} />
        )}
      />
    </Stage>
  );
}

interface PartsProps {
  readonly width: number;
  readonly lit: Lit;
  readonly light: (line: Lit) => void;
  readonly batch: number;
  readonly library: Library;
}

const TOP = 108;
/** A cell narrower than this has a short name. */
const ROOMY = 80;

function Parts({ width, lit, light, batch, library }: PartsProps) {
  const words = strings().tour.lines;
  const ink = tones.value.ink;
  const wide = Math.min(128, width * 0.17);
  const tall = batch * ROW;
  const apart = Math.max(104, tall * 2 + 60);
  const cellWide = Math.min(104, width * 0.14);
  const roomy = cellWide >= ROOMY;
  const first = wide + width * 0.05;
  const last = width - wide - width * 0.05;
  const room = (last - first) / STEPS;
  const middle = TOP + apart / 2;
  const states = [
    { name: "c", y: middle - tall - 12 },
    { name: "h", y: middle + 12 },
  ];
  const finals =
    library === "tf"
      ? states
      : [
          { ...states[0]!, name: "h" },
          { ...states[1]!, name: "c" },
        ];
  const part = (line: Exclude<Lit, null>, of: string) => ({
    class: lit === null ? "part" : lit === line ? "part lit" : "part dim",
    "data-testid": `tour-part-${of}`,
    onPointerEnter: () => light(line),
    onPointerLeave: () => light(null),
  });
  const shape = `[${batch}, ${HIDDEN}]`;
  const centre = (step: number) => first + (step + 0.5) * room;
  return (
    <svg width={width} height={middle + apart / 2 + 118} role="img" aria-label={words.picture}>
      <Arrow />
      <g {...part(1, "zero")}>
        {states.map(({ name, y }) => (
          <Sheaf
            key={name}
            x={0}
            y={y}
            wide={wide}
            rows={batch}
            name={name}
            text={`= 0 ${shape}`}
            above={name === "c"}
            anchor="start"
          />
        ))}
        <text x={0} y={middle - tall - 40}>
          init_state
        </text>
      </g>
      <g {...part(0, "cell")}>
        {Array.from({ length: STEPS }, (_, step) => (
          <g key={step}>
            <rect
              x={centre(step) - cellWide / 2}
              y={middle - tall - 22}
              width={cellWide}
              height={2 * tall + 44}
              rx={4}
              fill="var(--page)"
              stroke={ink}
              stroke-width={step === 0 ? 2 : 1}
              stroke-dasharray={step === 0 ? undefined : "4 3"}
            />
            <text x={centre(step)} y={middle + 5} text-anchor="middle">
              {step === 0 ? (roomy ? "lstm_cell" : "cell") : roomy && words.same}
            </text>
          </g>
        ))}
      </g>
      <g {...part(2, "outputs")}>
        {Array.from({ length: STEPS }, (_, step) => (
          <g key={step} stroke={ink} fill="none">
            <path d={`M${centre(step)} ${middle - tall - 24}V${TOP - 34}`} marker-end="url(#arrow)" />
            <path d={`M${centre(step)} ${middle + tall + 72}V${middle + tall + 30}`} marker-end="url(#arrow)" />
            {states.map(({ y }) => (
              <path
                key={y}
                d={`M${step === 0 ? wide + 2 : centre(step - 1) + cellWide / 2} ${y + tall / 2}H${centre(step) - cellWide / 2 - 6}`}
                marker-end="url(#arrow)"
              />
            ))}
          </g>
        ))}
        {states.map(({ name, y }, place) => {
          const to = states[library === "tf" ? place : 1 - place]!.y + tall / 2;
          const [from, bend] = [y + tall / 2, last - 30];
          return (
            <path
              key={name}
              fill="none"
              stroke={ink}
              d={`M${centre(STEPS - 1) + cellWide / 2} ${from}C${bend} ${from} ${bend} ${to} ${width - wide - 7} ${to}`}
              marker-end="url(#arrow)"
            />
          );
        })}
        <text x={(first + last) / 2} y={18} text-anchor="middle" data-testid="tour-outputs">
          outputs [{batch}, T, {HIDDEN}]
        </text>
        {Array.from({ length: STEPS }, (_, step) => (
          <text key={step} x={centre(step)} y={TOP - 42} text-anchor="middle" class="quiet-text">
            h<tspan dy={3}>{step + 1}</tspan>
          </text>
        ))}
        <text x={(first + last) / 2} y={middle + tall + 92} text-anchor="middle">
          X_in [{batch}, T, 50]
        </text>
        {finals.map(({ name, y }, place) => (
          <Sheaf
            key={place}
            x={width - wide}
            y={y}
            wide={wide}
            rows={batch}
            name={library === "tf" ? `[${place}] = ${name}` : `(h, c)[${place}] = ${name}`}
            text={shape}
            above={place === 0}
            anchor="end"
          />
        ))}
        <text x={width} y={roomy ? middle - tall - 40 : middle + tall + 52} text-anchor="end" data-testid="tour-final">
          {library === "tf" ? "final_state = (c, h)" : "(h, c)"}
        </text>
      </g>
    </svg>
  );
}
