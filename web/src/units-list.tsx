// Every unit of the layer: its number, its values over the text on screen, its statistics. One canvas under the rows.

import { useComputed, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Statistics, Values } from "./api";
import { Canvas } from "./canvas";
import { laterScores, order, selected, trace, unit, values } from "./data";
import { costs, followers, sorts } from "./follows";
import { correlation, decimal, percent } from "./format";
import { language, strings } from "./i18n";
import { paintBar, rule, type Pen } from "./paint";
import { scaleOf } from "./quantities";
import { isOwn, score } from "./ranking";
import { address, go, move, viewport, type Sort } from "./state";
import { narrow } from "./theme";

/** The style sheet's row heights and columns. */
const [ROW, TALL_ROW] = [32, 44];
const [BEFORE, AFTER] = [48, 252];
const SHARES: readonly Sort[] = ["saturation"];

/** The statistic in the last column: the one that the list is sorted by. */
function columnFor(sort: Sort): Sort {
  return sort === "index" || sort === "follows" ? "telling" : sort;
}

/** A unit's number in a column; nothing while it is on the way. */
function figure(statistics: Statistics, column: Sort, number: number): string {
  const found = isOwn(column) ? score(statistics, column, number) : laterScores.value.get(column)?.(number);
  if (found === undefined) return "";
  if (SHARES.includes(column)) return percent(found);
  const digits = column === "cost" ? 3 : 2;
  return decimal(found, Math.abs(found) < 9.995 ? digits : Math.abs(found) < 99.95 ? 1 : 0);
}

/** The mean of a unit's values over a stretch, as far as they are here. */
function meanOver(at: Values["at"], number: number, from: number, to: number): number | undefined {
  let [sum, count] = [0, 0];
  for (let step = from; step < to; step++) {
    const value = at(step, number);
    if (value === undefined) continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : undefined;
}

export function UnitsList() {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const across = useSignal(0);
  const tall = useSignal(0);
  const open = useSignal(false);
  const words = strings();
  const found = values.value.value;
  const sort = useComputed(() => address.value.sort);
  const column = columnFor(sort.value);
  const measuring = column === "cost" && costs.value.loading;

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => {
      across.value = element.clientWidth;
      tall.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // The chosen unit is kept in view, also when the keys or another order move it.
  useSignalEffect(() => {
    const row = unit.value === null ? -1 : order.value.indexOf(unit.value);
    const element = scroller.current;
    const height = narrow.value ? TALL_ROW : ROW;
    if (row < 0 || !element) return;
    // Not asked of the element, which would have all rows laid out at once.
    const [first, shown] = [top.peek(), tall.value];
    if (row * height < first || (row + 1) * height > first + shown) {
      element.scrollTop = Math.max(0, row * height - shown / 2 + height / 2);
    }
  });

  const draw = (pen: Pen) => {
    const [shown, [first, last]] = [values.value.value, viewport.value];
    const height = narrow.value ? TALL_ROW : ROW;
    const width = across.value - BEFORE - AFTER;
    if (!shown || width < 8) return;
    const until = Math.min(last + 1, shown.steps);
    const stretch = until - first;
    if (stretch < 1) return;
    const marks = Math.min(stretch, Math.floor(width));
    const from = Math.floor(top.value / height);
    const to = Math.min(order.value.length, Math.ceil((top.value + pen.height) / height));
    for (let row = from; row < to; row++) {
      const number = order.value[row]!;
      const scale = scaleOf(shown.quantity, shown.statistics, number, address.value.scale);
      const y = row * height - top.value + 5;
      rule(pen, y + (height - 10) / 2, BEFORE, BEFORE + width);
      for (let mark = 0; mark < marks; mark++) {
        const a = first + Math.floor((mark * stretch) / marks);
        const b = first + Math.floor(((mark + 1) * stretch) / marks);
        const x = BEFORE + (mark * width) / marks;
        const mean = meanOver(shown.at, number, a, Math.max(b, a + 1));
        paintBar(pen, x, y, width / marks + 0.3, height - 10, mean, scale);
      }
    }
  };

  return (
    <section class={`units ${open.value ? "open" : ""}`} data-testid="units-list" aria-label={words.unitsHeading}>
      <header>
        {narrow.value ? (
          <button class="sheet" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
            <Chosen />
            <span aria-hidden="true">{open.value ? " ▾" : " ▴"}</span>
          </button>
        ) : (
          <h2>{words.units(selected.value?.detail.units ?? 0)}</h2>
        )}
        <label class="choice">
          <span class="quiet">{words.sort}</span>
          <select
            data-testid="sort-select"
            value={sort.value}
            title={words.sortHints[sort.value]}
            onChange={(event) => go({ sort: event.currentTarget.value as Sort, unit: unit.peek() })}
          >
            {sorts.value.map((sort) => (
              <option value={sort} key={sort}>
                {words.sorts[sort]}
              </option>
            ))}
          </select>
        </label>
      </header>
      <div class="columns" aria-hidden="true">
        <span />
        <span class="stretch">{words.visibleStretch}</span>
        <span class="stretch">{words.live.follows}</span>
        <span title={words.sortHints[column]}>{measuring ? words.live.measuring : words.sorts[column]}</span>
      </div>
      <div class="body">
        <Canvas draw={draw} />
        <div
          ref={scroller}
          class="scroller"
          onScroll={(event) => {
            top.value = event.currentTarget.scrollTop;
          }}
        >
          {found &&
            order.value.map((number) => (
              <Row key={number} number={number} column={column} statistics={found.statistics} open={open} />
            ))}
        </div>
      </div>
    </section>
  );
}

function Chosen() {
  const words = strings();
  return <>{unit.value === null ? words.unitsHeading : words.unitN(unit.value)}</>;
}

interface RowProps {
  readonly number: number;
  readonly column: Sort;
  readonly statistics: Statistics;
  readonly open: Signal<boolean>;
}

/** One unit. Whether it is the chosen one is a signal of its own: a change of unit draws no row anew. */
function Row({ number, column, statistics, open }: RowProps) {
  const words = strings();
  const pressed = useComputed(() => number === unit.value);
  return (
    <button
      class="unit-row"
      data-testid={`unit-row-${number}`}
      aria-pressed={pressed}
      onClick={() => {
        open.value = false;
        go({ unit: number });
      }}
    >
      <span>
        <span class="unseen">{words.unit} </span>
        {number}
      </span>
      <span />
      <Followed number={number} />
      <span>
        <span class="unseen">{words.sorts[column]} </span>
        {figure(statistics, column, number)}
      </span>
    </button>
  );
}

/** What a unit follows, and how closely. */
function Followed({ number }: { readonly number: number }) {
  const words = strings();
  const found = followers.value.get(number);
  if (!found) return <span />;
  return (
    <span class="followed" title={found.sentence[language()]}>
      <span class="unseen">{words.live.follows} </span>
      <span class="name">{found.name[language()]}</span> {correlation(found.correlation)}
    </span>
  );
}

/** The unit before or after the chosen one, in the list's order. */
export function stepUnit(by: number): void {
  const at = unit.peek() === null ? -1 : order.peek().indexOf(unit.peek()!);
  const next = order.peek()[at + by];
  if (at >= 0 && next !== undefined && trace.peek().value) move({ unit: next });
}
