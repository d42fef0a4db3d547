// Step 3: two sequences, x and (c, h), on two rails; the weights stand outside both and go by another clock.

import { moment, run } from "../data";
import { count, scaleEnd } from "../format";
import { strings } from "../i18n";
import { extreme } from "../quantities";
import { address, go, move } from "../state";
import { getWeights, ofSteps, read, task, type Matrix, type Reading } from "./data";
import { endOf, Heat, paintUnits } from "./heat";
import { Painted } from "./painted";
import { Slider, Stage, Waiting } from "./parts";

interface Trained {
  readonly reading: Reading;
  readonly weights: ReadonlyMap<string, Matrix>;
}

const LANE = { layer: 0, direction: "forward" } as const;

const trained = ofSteps<Trained>(["sequences"], () => {
  const { run: id, frame, source } = address.value;
  return {
    key: JSON.stringify([id, frame, source]),
    family: id, // while another moment of the training is on the way, the one before stays to be seen
    load: async (signal) => {
      const [reading, weights] = await Promise.all([
        read(id, task(), [LANE], ["cell", "hidden"], signal),
        getWeights(id, LANE, frame, signal),
      ]);
      return { reading, weights };
    },
  };
});

export function Sequences() {
  const words = strings().tour.sequences;
  const found = trained.value.value;
  return (
    <Stage name={words.picture} waitsFor={[trained]}>
      {found ? <Rails found={found} now={moment.value} /> : <Waiting />}
    </Stage>
  );
}

function Rails({ found, now }: { readonly found: Trained; readonly now: number }) {
  const words = strings().tour.sequences;
  const { reading, weights } = found;
  const [cell, hidden] = [reading.of("cell")!, reading.of("hidden")!];
  const limit = extreme(cell.statistics, null);
  const both = [weights.get("weight_ih")!, weights.get("weight_hh")!];
  const ends = Math.max(...both.map(endOf));
  return (
    <div class="rails">
      <figure class="weights" data-testid="tour-weights" data-first={both[0]!.numbers[0]!.toFixed(4)}>
        <figcaption>
          {words.weights}{" "}
          <span class="quiet">W, R · {count(both.reduce((all, one) => all + one.numbers.length, 0))}</span>
        </figcaption>
        {both.map((matrix, place) => (
          <Heat
            key={place}
            class={place === 0 ? "of-input" : "of-hidden"}
            rows={matrix.columns}
            columns={matrix.rows}
            limit={ends}
            at={(row, column) => matrix.numbers[column * matrix.columns + row]!}
            on={[matrix]}
          />
        ))}
        <p class="legend" data-testid="legend">
          <span>{scaleEnd(-ends)}</span>
          <span class="ends" />
          <span>{scaleEnd(ends)}</span>
        </p>
        <Training />
      </figure>
      <div class="rail-rows">
        <p class="rail-name">
          x<sub>1</sub> … x<sub>T</sub> <span class="quiet">{words.inputs}</span>
        </p>
        <ol class="inputs">
          <li class="start" />
          {reading.trace.symbols.map((symbol, step) => (
            <li key={step} aria-current={step === now ? "step" : undefined} class={step > now ? "later" : ""}>
              <button onClick={() => go({ moment: step })}>{symbol}</button>
            </li>
          ))}
        </ol>
        <p class="rail-name">
          (c, h)<sub>0</sub> … (c, h)<sub>T</sub> <span class="quiet">{words.states(cell.units)}</span>
        </p>
        <ol class="states">
          <State limit={limit} cell={() => 0} hidden={() => 0} units={cell.units} on={[cell]} />
          {reading.trace.symbols.map((_, step) => (
            <State
              key={step}
              later={step > now}
              current={step === now}
              limit={limit}
              units={cell.units}
              cell={(unit) => cell.at(step, unit)}
              hidden={(unit) => hidden.at(step, unit)}
              on={[cell, step]}
            />
          ))}
        </ol>
        <p class="legend" data-testid="legend">
          <span>{scaleEnd(-limit)}</span>
          <span class="ends" />
          <span>{scaleEnd(limit)}</span>
          <span class="quiet">
            c ({words.upper}) · h ±1 ({words.lower})
          </span>
        </p>
        <Slider
          name={words.reading}
          testid="tour-time"
          low={0}
          high={reading.trace.steps - 1}
          value={now}
          said={`t = ${now + 1}`}
          change={(value) => move({ moment: value })}
        />
      </div>
    </div>
  );
}

/** The weights' own clock: the frames of the film of the training. */
function Training() {
  const words = strings().tour.sequences;
  const film = run.value.value?.film ?? [];
  const frame = address.value.frame ?? film.length;
  const step = film[frame]?.step;
  return (
    <Slider
      name={words.training}
      testid="tour-film"
      low={0}
      high={film.length}
      value={frame}
      said={step === undefined ? words.finished : words.trainedFor(count(step))}
      change={(value) => move({ frame: value === film.length ? null : value })}
    />
  );
}

interface StateProps {
  readonly later?: boolean;
  readonly current?: boolean;
  readonly limit: number;
  readonly units: number;
  readonly cell: (unit: number) => number | undefined;
  readonly hidden: (unit: number) => number | undefined;
  readonly on: readonly unknown[];
}

function State({ later, current, limit, units, cell, hidden, on }: StateProps) {
  return (
    <li class={later ? "later" : ""} aria-current={current ? "step" : undefined}>
      <div class="heat">
        <Painted on={on} draw={(pen) => paintUnits(pen, 1, units, (_, unit) => cell(unit) ?? 0, limit)} />
      </div>
      <div class="heat">
        <Painted on={on} draw={(pen) => paintUnits(pen, 1, units, (_, unit) => hidden(unit) ?? 0, 1)} />
      </div>
    </li>
  );
}
