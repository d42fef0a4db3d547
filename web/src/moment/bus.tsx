// The bus: what the step reads and what was shown before, on one line that feeds every box.

import { trace } from "../data";
import { decimal } from "../format";
import { strings } from "../i18n";
import { MONO } from "../theme";
import { glyph } from "../symbols";
import { isImage } from "../tracks";
import { Heat } from "./heat";
import { Line, Tap } from "./parts";
import { lights, lit, onScreen, useSheet } from "./sheet";
import { Label, Sub } from "./text";

interface Props {
  /** where the boxes stand that it feeds, and how deep each feed goes */
  readonly feeds: readonly number[];
  readonly to: number;
}

export function Bus({ feeds, to }: Props) {
  const sheet = useSheet();
  const words = strings().moment;
  const { all } = sheet.shown;
  const half = sheet.busThick / 2;
  const [x, y] = onScreen(sheet, [sheet.busH[1], sheet.bus - 3]);
  const length = to - sheet.busH[1];
  const inlet = sheet.boxes + sheet.box.across / 2;
  const across = [sheet.bus - half, sheet.bus + half] as const;
  const on = lit.value === "bus";
  return (
    <g data-line="bus" {...lights("bus")}>
      <rect
        x={x}
        y={y}
        width={sheet.turned ? 6 : length}
        height={sheet.turned ? length : 6}
        fill={on ? sheet.tones.ink : sheet.quiet}
        rx={1}
      />
      {feeds.map((along) => (
        <g key={along}>
          <Line
            points={[
              [along, sheet.bus],
              [along, inlet + 1],
            ]}
            arrow
          />
          <Tap at={[along, sheet.bus]} />
        </g>
      ))}
      <Heat
        mark="input"
        values={all.input}
        limit={limitOf(all.input)}
        kind="signed"
        along={sheet.busX}
        across={across}
        units={false}
      />
      <Heat
        mark="hidden-before"
        values={all.beforeHidden}
        kind="signed"
        along={sheet.busH}
        across={across}
        units={false}
      />
      <Label
        at={[(sheet.busX[0] + sheet.busX[1]) / 2, sheet.bus + half]}
        side={sheet.turned ? "over" : "under"}
        gap={sheet.turned ? 2 * half + 4 : 6}
        size={12}
      >
        <Sub letter="x" step="t" />
        {!sheet.turned && <Read />}
      </Label>
      <Label
        at={[(sheet.busH[0] + sheet.busH[1]) / 2, sheet.bus + half]}
        side={sheet.turned ? "over" : "under"}
        gap={sheet.turned ? 2 * half + 4 : 6}
        size={12}
      >
        <Sub letter="h" step={sheet.before} />
        {!sheet.turned && (
          <tspan dx={6} fill={sheet.quiet}>
            {words.unitsOf(all.beforeHidden.length)}
          </tspan>
        )}
      </Label>
    </g>
  );
}

/** What the step read, where that is one thing. */
function Read() {
  const { shown, tones } = useSheet();
  const read = trace.value.value;
  if (!read) return null;
  const text =
    read.input === "symbols"
      ? glyph(read.symbols[shown.step] ?? "").text
      : read.features === 1
        ? decimal(read.inputs![shown.step]!)
        : isImage(read)
          ? ""
          : strings().inputs(read.features);
  return (
    <tspan dx={6} font-family={MONO} font-weight={600} fill={tones.ink}>
      {text.length > 10 ? `${text.slice(0, 9)}…` : text}
    </tspan>
  );
}

function limitOf(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most || 1;
}
