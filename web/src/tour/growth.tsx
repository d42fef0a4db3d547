// Step 4: two lines of development. On any of the networks: what of it knows the sequence's last letter?

import { run, trace } from "../data";
import { strings } from "../i18n";
import { address, go, type Direction } from "../state";
import { count } from "../format";
import { glyph } from "../symbols";
import { ofSteps, read, task, type Reading } from "./data";
import { paintUnits } from "./heat";
import { Painted } from "./painted";
import { Choice, Stage, Waiting } from "./parts";
import { COPIED, COUNTED, MIRRORED, opening, REMEMBERED } from "./places";

interface Station {
  readonly run: string;
  readonly text: string;
  readonly cell: string;
}

/** A richer hidden layer, one after the other. */
const RICHER: readonly Station[] = [
  { run: "zoo:counter-rnn", text: COUNTED, cell: "RNN" },
  { run: "zoo:counter-gru", text: COUNTED, cell: "GRU" },
  { run: "zoo:counter", text: COUNTED, cell: "LSTM" },
  { run: "zoo:memorizer-peephole", text: REMEMBERED, cell: "peephole" },
];
/** Deeper, then both ways. */
const FURTHER: readonly Station[] = [
  { run: "zoo:counter", text: COUNTED, cell: "one" },
  { run: "zoo:copy", text: COPIED, cell: "two" },
  { run: "zoo:mirror", text: MIRRORED, cell: "both" },
];
const MOST_LETTERS = 3;

interface Lane {
  readonly layer: number;
  readonly direction: Direction;
}

interface Endings {
  readonly lanes: readonly Lane[];
  readonly letters: readonly string[];
  /** the reading of the text with each letter at its end */
  readonly readings: readonly Reading[];
}

const endings = ofSteps<Endings>(["growth"], (_, { run: network }) => {
  const { source, run: id } = address.value;
  if (source.kind !== "text") return null;
  const stem = source.text.slice(0, -1);
  const letters = (network.labels ?? network.vocabulary ?? [])
    .filter((one) => /\p{L}/u.test(one))
    .slice(0, MOST_LETTERS);
  const lanes = network.layers_detail.flatMap(({ layer, directions }) =>
    directions.map((direction) => ({ layer, direction })),
  );
  return {
    key: JSON.stringify([id, stem]),
    family: id,
    load: async (signal) => ({
      lanes,
      letters,
      readings: await Promise.all(
        letters.map((letter) =>
          read(id, { ...task(), source: { kind: "text", text: stem + letter } }, lanes, ["hidden"], signal),
        ),
      ),
    }),
  };
});

export function Growth() {
  const words = strings().tour.growth;
  const { source } = address.value;
  const text = source.kind === "text" ? source.text : "";
  const last = text.slice(-1);
  const found = endings.value.value;
  const letters = found?.letters ?? [];
  return (
    <Stage
      name={words.picture}
      waitsFor={[endings]}
      controls={
        <Choice
          name={words.last}
          testid="tour-last"
          options={letters.map((letter) => ({ value: letter, name: letter }))}
          chosen={last}
          choose={(letter) => go({ source: { kind: "text", text: text.slice(0, -1) + letter } })}
        />
      }
    >
      <div class="development">
        <Line name={words.richer} stations={RICHER} />
        <Line name={words.further} stations={FURTHER} />
      </div>
      {found && letters.includes(last) ? <Known found={found} chosen={letters.indexOf(last)} /> : <Waiting />}
    </Stage>
  );
}

function Line({ name, stations }: { readonly name: string; readonly stations: readonly Station[] }) {
  const words = strings().tour.growth;
  return (
    <div class="line" role="group" aria-label={name}>
      <span class="name">{name}</span>
      {stations.map(({ run: id, text, cell }) => (
        <button
          key={cell}
          aria-pressed={address.value.run === id}
          data-testid={`tour-station-${cell}`}
          onClick={() => go({ ...opening("growth"), run: id, source: { kind: "text", text } })}
        >
          {words.cells[cell] ?? cell}
        </button>
      ))}
    </div>
  );
}

/** Every layer and direction of the network, all its units at each symbol, and how much the last letter changes them. */
function Known({ found, chosen }: { readonly found: Endings; readonly chosen: number }) {
  const words = strings().tour.growth;
  const { lanes, readings } = found;
  const { symbols } = readings[chosen]!.trace;
  const network = run.value.value;
  const said = trace.value.value;
  return (
    <div class="known">
      <p class="quiet">{network && words.network(network.name, count(network.parameters ?? 0))}</p>
      <div class="known-row symbols">
        <span class="label">{words.reads}</span>
        <Glyphs symbols={symbols} outlined={symbols.length - 1} />
      </div>
      {lanes.map(({ layer, direction }) => (
        <Units key={`${layer} ${direction}`} found={found} chosen={chosen} lane={{ layer, direction }} />
      ))}
      <div class="known-row symbols" data-testid="tour-answers">
        <span class="label">{words.answers}</span>
        <Glyphs symbols={answers(said)} outlined={-1} />
      </div>
      <p class="legend" data-testid="legend">
        <span>−1</span>
        <span class="ends" />
        <span>1</span>
        <span class="quiet">h · {words.marks}</span>
      </p>
    </div>
  );
}

/** The likeliest output of each step. */
function answers(said: typeof trace.value.value): string[] {
  if (!said?.outputs) return [];
  return said.symbols.map((_, step) => said.predicted[said.outputs!.at(step * said.ranks) ?? -1] ?? "");
}

function Glyphs({ symbols, outlined }: { readonly symbols: readonly string[]; readonly outlined: number }) {
  return (
    <ol class="glyphs">
      {symbols.map((symbol, place) => (
        <li key={place} class={place === outlined ? "outlined" : ""}>
          {glyph(symbol).text}
        </li>
      ))}
    </ol>
  );
}

/** How far the units of a lane are apart at a step, from one last letter to another. */
function difference(readings: readonly Reading[], { layer, direction }: Lane, step: number): number {
  const all = readings.map((one) => one.of("hidden", layer, direction)!);
  let most = 0;
  for (let unit = 0; unit < all[0]!.units; unit++) {
    const values = all.map((one) => one.at(step, unit) ?? 0);
    most = Math.max(most, Math.max(...values) - Math.min(...values));
  }
  return most;
}

interface UnitsProps {
  readonly found: Endings;
  readonly chosen: number;
  readonly lane: Lane;
}

const MARK = 12;
/** Half precision's grain is below this. */
const CHANGED = 0.01;

function Units({ found, chosen, lane }: UnitsProps) {
  const words = strings().tour.growth;
  const values = found.readings[chosen]!.of("hidden", lane.layer, lane.direction)!;
  const changes = Array.from({ length: values.steps }, (_, step) => difference(found.readings, lane, step));
  const changed = changes.filter((change) => change > CHANGED).length;
  return (
    <div class="known-row" data-testid={`tour-known-${lane.layer}-${lane.direction}`} data-changed={changed}>
      <span class="label">
        <span>{words.lane(lane.layer + 1, lane.direction)}</span>
        <span class="quiet">{words.changes(changed, values.steps)}</span>
      </span>
      <Painted
        on={[found, chosen]}
        draw={(pen) => {
          const field = { ...pen, height: pen.height - MARK };
          paintUnits(field, values.steps, values.units, (step, unit) => values.at(step, unit) ?? 0, 1);
          const across = pen.width / values.steps;
          pen.context.fillStyle = pen.tones.ink;
          changes.forEach((change, step) => {
            const tall = (Math.min(2, change) / 2) * (MARK - 3);
            if (change > CHANGED) pen.context.fillRect(step * across + 1, pen.height - tall, across - 2, tall);
          });
        }}
      />
    </div>
  );
}
