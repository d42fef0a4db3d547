// The sum on the road: ribbons of one sign lie side by side, those of opposite signs visibly cancel.

import { decimal } from "../format";
import { strings } from "../i18n";
import { meeting } from "./geometry";
import { Line } from "./parts";
import { Ribbon } from "./pipes";
import { useMoment } from "./road";
import { onScreen, useSheet } from "./sheet";
import { Label } from "./text";

/** Where kept and written meet: side by side, or visibly cancelling. */
export function Sum() {
  const { values, printed } = useMoment();
  const sheet = useSheet();
  const { road, meet, perOne, pipe, turned, tones } = sheet;
  const words = strings().moment;
  const found = meeting(values.kept * perOne, values.written * perOne, meet[0], meet[1], road);
  const middle = (meet[0] + meet[1]) / 2;
  const sign = turned ? road + pipe + 34 : road - pipe / 2 - 14;
  const cancelled = found.cancelled / perOne;
  const [from, seam] = [onScreen(sheet, found.upperCuts[0].right), onScreen(sheet, found.upperCuts[1].right)];
  const [one, two] = [
    onScreen(sheet, [meet[0] + (meet[1] - meet[0]) / 3, found.upperCuts[0].right[1]]),
    onScreen(sheet, [meet[0] + (2 * (meet[1] - meet[0])) / 3, found.upperCuts[1].right[1]]),
  ];
  return (
    <g data-sum-of="kept written" data-cancelled={cancelled.toFixed(4)}>
      <Ribbon mark="kept" value={values.kept} cuts={found.upperCuts} phase="write" />
      <Ribbon mark="written" value={values.written} cuts={found.lowerCuts} phase="write" />
      {found.cancelled > 1 && (
        <path
          d={`M${from.join(" ")}C${one.join(" ")} ${two.join(" ")} ${seam.join(" ")}`}
          fill="none"
          stroke={tones.ink}
          stroke-width={1.5}
          stroke-dasharray="1 3"
          pointer-events="none"
        />
      )}
      <Line
        points={[
          [middle, sign + (turned ? -9 : 9)],
          [middle, road + ((turned ? 1 : -1) * found.upper) / 2],
        ]}
      />
      <Plus along={middle} across={sign} />
      {found.cancelled > 0.5 && (
        <Label
          at={turned ? [middle, sign + 14] : [middle + 18, sign]}
          side={turned ? "under" : "after"}
          gap={0}
          size={12}
          quiet
        >
          {words.cancels(decimal(cancelled))}
        </Label>
      )}
      {values.held !== 0 && printed("held") && (
        <Label at={[meet[1] + 6, road + pipe / 2]} side="under" size={12} mark="held">
          {words.held(printed("held"))}
        </Label>
      )}
    </g>
  );
}

/** The sign of a sum. */
export function Plus({ along, across }: { readonly along: number; readonly across: number }) {
  const sheet = useSheet();
  const [x, y] = onScreen(sheet, [along, across]);
  return (
    <g stroke={sheet.tones.ink} stroke-width={1.25} fill="none">
      <circle cx={x} cy={y} r={9} fill={sheet.tones.theme.page} />
      <path d={`M${x - 9} ${y}h18M${x} ${y - 9}v18`} />
    </g>
  );
}
