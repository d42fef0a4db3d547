// The vanilla RNN's block: in the places of the LSTM's sluices there is nothing, and nothing is kept.

import { strings } from "../i18n";
import { Bus } from "./bus";
import { cutAlong, outline } from "./geometry";
import { GateBox } from "./gate-box";
import { Ribbon, Straight } from "./pipes";
import { Road, State, useMoment, Written } from "./road";
import { onScreen, useSheet } from "./sheet";
import { Shelf, ShelfName } from "./shelf";
import { Strips } from "./strips";
import { Label } from "./text";

export function RNNBlock() {
  const sheet = useSheet();
  const { values } = useMoment();
  const { road, rise, drop, every, pipe, keep, write, reveal, meet } = sheet;
  const { all } = sheet.shown;
  const half = Math.abs(values.state) * sheet.perOne * 0.5;
  return (
    <>
      <Road letter="h" />
      <Gap from={sheet.busH[1] - 30 - pipe / 2 - sheet.bend} to={meet[1] - 1} />
      <Bus feeds={[rise]} to={rise + 1} />
      <Ghost runs="along" at={keep} axis={road} />
      <Ghost runs="across" at={write} axis={rise} />
      <Ghost runs="across" at={reveal} axis={drop} />
      {every ? (
        <Strips
          gates={null}
          before={all.beforeHidden}
          state={all.quantity("hidden")}
          candidate={null}
          hidden={all.quantity("hidden")}
        />
      ) : (
        <>
          <Before />
          <Written sluice={false} />
          <State />
          <Shelf from={road + half - 0.5} />
        </>
      )}
      <GateBox mark="written" along={rise} letter="" quantity="hidden" />
      <ShelfName />
    </>
  );
}

/** What was there before goes down to the bus, among all the others: no road leads on. */
function Before() {
  const { values, printed } = useMoment();
  const { road, from, bus, bend, perOne, busThick, busH, turned } = useSheet();
  const width = Math.abs(values.before) * perOne;
  const end = busH[1] - 30 - width / 2 - bend;
  const low = road + width / 2 + bend;
  return (
    <>
      <Straight
        mark="before"
        runs="along"
        axis={road}
        from={from}
        to={end}
        value={values.before}
        printed={printed("before")}
        share={turned ? 0.5 : 0.6}
        side={turned ? "under" : "over"}
      />
      <Ribbon
        mark="before"
        value={values.before}
        cuts={[
          cutAlong(end - 1, road, width),
          cutAlong(end, road, width),
          // Turning down, the ribbon's left, which was over the road, is the side that lies further along.
          { left: [end + bend + width, low], right: [end + bend, low], join: "bend across" },
          {
            left: [end + bend + width, bus - busThick / 2 - 4],
            right: [end + bend, bus - busThick / 2 - 4],
            join: "line",
          },
        ]}
      />
    </>
  );
}

/** The stretch of road that this cell does not have. */
function Gap({ from, to }: { readonly from: number; readonly to: number }) {
  const sheet = useSheet();
  const { road, pipe, turned, keep, rise } = sheet;
  return (
    <>
      <path
        d={outline([cutAlong(from, road, pipe + 6), cutAlong(to, road, pipe + 6)], turned)}
        fill={sheet.tones.theme.page}
      />
      {!turned && (
        <Label at={[(keep + rise) / 2 - 20, road]} side="middle" size={12} quiet>
          {strings().moment.noRoad}
        </Label>
      )}
    </>
  );
}

/** Where a sluice would be. */
function Ghost({ runs, at, axis }: { readonly runs: "along" | "across"; readonly at: number; readonly axis: number }) {
  const sheet = useSheet();
  const half = sheet.pipe / 2 + 5;
  const [a, b] =
    runs === "along"
      ? ([
          [at - 4, axis - half],
          [at + 4, axis + half],
        ] as const)
      : ([
          [axis - half, at - 4],
          [axis + half, at + 4],
        ] as const);
  const [x1, y1] = onScreen(sheet, a);
  const [x2, y2] = onScreen(sheet, b);
  return (
    <rect
      x={x1}
      y={y1}
      width={x2 - x1}
      height={y2 - y1}
      rx={1.5}
      fill="none"
      stroke={sheet.hair}
      stroke-width={1}
      stroke-dasharray="2 3"
    />
  );
}
