// One of the two networks: its name, its unit, what the unit's colours mean, and its numbers at the cursor.

import type { ReadonlySignal } from "@preact/signals";
import type { Frame, Run, Trace, Values } from "../api";
import { moment } from "../data";
import { decimal, probability } from "../format";
import { nameOf, strings } from "../i18n";
import { LaneLegend, Legend } from "../legend";
import { Link } from "../link";
import type { Scale } from "../quantities";
import { letter } from "../quantities";
import type { Address } from "../state";
import { glyph } from "../symbols";
import { average } from "./paint";

export interface Side {
  readonly run: Run;
  readonly read: Trace | null;
  readonly values: Values | null;
  readonly unit: number | null;
  /** units, the most telling first */
  readonly order: readonly number[];
  readonly scale: ReadonlySignal<Scale>;
  /** where its own page is */
  readonly own: Partial<Address>;
  readonly choose: (unit: number) => void;
  /** which moment of its training it is; null: the finished network */
  readonly frame: Frame | null;
  readonly testid: string;
}

export function SideHead({ run, read, values, unit, order, scale, own, choose, frame, testid }: Side) {
  const words = strings();
  const bits = read ? average(read) : Number.NaN;
  return (
    <div class="side-head" data-testid={testid}>
      <h2>
        <Link to={own}>{run.name}</Link>
      </h2>
      {frame && <span class="quiet">{words.compare.atStep(frame.step)}</span>}
      <select
        aria-label={words.compare.chooseUnit(run.name)}
        data-testid={`${testid}-unit`}
        value={unit ?? ""}
        onChange={(event) => choose(Number(event.currentTarget.value))}
      >
        {order.map((one) => (
          <option key={one} value={one}>
            {words.unitN(one)}
          </option>
        ))}
      </select>
      {values && <span>{nameOf(values.quantity)}</span>}
      <Legend scale={scale} read={null} />
      {read?.probabilities && (
        <span class="choice">
          <span class="quiet">{read.target === "next" ? words.compare.next : words.compare.guess}</span>
          <LaneLegend lane="predictions" end={1} unit="" />
        </span>
      )}
      <span class="spring" />
      {!Number.isNaN(bits) && <span data-testid={`${testid}-mean`}>{words.compare.mean(decimal(bits, 3), words.bits)}</span>}
    </div>
  );
}

export function SideNumbers({ run, read, values, unit, testid }: Side) {
  const words = strings();
  if (!read || !(moment.value < read.steps)) return null;
  const step = moment.value;
  const value = values && values.trace === read.trace && unit !== null ? values.at(step, unit) : undefined;
  const surprise = read.surprise?.at(step) ?? Number.NaN;
  const [guess, share] = [read.outputs?.at(step * read.ranks), read.probabilities?.at(step * read.ranks)];
  return (
    <p class="readout" data-testid={`${testid}-numbers`}>
      <span class="who">{run.name}</span>
      <span>
        <i>{words.step}</i> <b>{step}</b>
      </span>
      <span class="symbol">{glyph(read.symbols[step]!).text}</span>
      {values && (
        <span>
          <i>{letter(values.quantity, run.cell ?? "")}</i> <b>{decimal(value ?? Number.NaN)}</b>
        </span>
      )}
      {!Number.isNaN(surprise) && (
        <span>
          <i>{words.surprise}</i> <b>{decimal(surprise)}</b> {words.bits}
        </span>
      )}
      {guess !== undefined && share !== undefined && (
        <span>
          <i>{read.target === "next" ? words.next : words.guess}</i>{" "}
          <span class="symbol">{glyph(read.predicted[guess] ?? "").text}</span>{" "}
          <b>{probability(share)}</b>
        </span>
      )}
    </p>
  );
}
