// The GRU's block: one lever moves two sluices, and all of the memory is shown.

import { strings } from "../i18n";
import { Bus } from "./bus";
import { GateBox, useShare } from "./gate-box";
import { Line, Sluice } from "./parts";
import { Kept, Road, State, useMoment, Written } from "./road";
import { SheetProvider, useSheet, type Sheet } from "./sheet";
import { Shelf, ShelfName } from "./shelf";
import { Strips } from "./strips";
import { Sum } from "./sum";

const CAP = 5;

export function GRUBlock() {
  const sheet = useSheet();
  const words = strings();
  const { values } = useMoment();
  const { road, keep, rise, write, leverBox, every, turned } = sheet;
  const resetBox = placeOfReset(sheet);
  const share = useShare("update_gate", values.kept_share);
  const half = Math.abs(values.state) * sheet.perOne * 0.5;
  return (
    <>
      <Road letter="h" />
      <Bus feeds={[leverBox, rise - 14, rise + 14, resetBox]} to={resetBox + 1} />
      <Lever share={share} />
      <Reset />
      {every ? (
        <AllPipes />
      ) : (
        <>
          <Kept />
          <Written sluice />
          <Sum />
          <State />
          <Shelf from={road + half - 0.5} />
        </>
      )}
      <GateBox mark="kept_share" along={leverBox} letter="z" quantity="update_gate" />
      <GateBox mark="candidate" along={rise} letter="n" quantity="candidate" />
      <GateBox mark="reset_share" along={resetBox} letter="r" quantity="reset_gate" />
      <Sluice
        mark="kept_share"
        runs="along"
        at={keep}
        axis={road}
        share={share}
        name={words.quantities.update_gate!}
        letter="z"
        side={turned ? "under" : "over"}
        shift={turned ? -14 : 0}
      />
      <Sluice
        mark="write_share"
        runs="across"
        at={write}
        axis={rise}
        share={1 - share}
        name={words.quantities.input_gate!}
        letter="1−z"
        side="after"
      />
      <ShelfName />
    </>
  );
}

/** The box of r stands where an LSTM's o does; on a wide sheet a little further, for the words beside its sluice. */
const placeOfReset = ({ revealBox, turned }: Sheet) => revealBox + (turned ? 0 : 28);

/** A beam on the box of z: what it opens at one end it shuts at the other. */
function Lever({ share }: { readonly share: number }) {
  const { road, pipe, keep, rise, write, leverBox, boxes, box } = useSheet();
  const top = boxes - box.across / 2;
  const tilt = (share - 0.5) * 44;
  const [left, right] = [keep, 2 * leverBox - keep];
  return (
    <>
      <Line
        points={[
          [leverBox, top],
          [leverBox, write],
        ]}
        mark="kept_share"
      />
      <Line
        points={[
          [left, write - tilt],
          [right, write + tilt],
        ]}
        heavy
        mark="kept_share"
      />
      <Line
        points={[
          [left, write - tilt],
          [keep, road + pipe / 2 + CAP],
        ]}
        arrow
        mark="kept_share"
      />
      <Line
        points={[
          [right, write + tilt],
          [rise - pipe / 2 - CAP, write],
        ]}
        arrow
        mark="write_share"
      />
    </>
  );
}

/** The reset gate's little sluice, on what the candidate sees of h. */
function Reset() {
  const sheet = useSheet();
  const { rise, boxes, box, bus, shown } = sheet;
  const edge = placeOfReset(sheet) - box.along / 2;
  const low = boxes + box.across / 2;
  const at = (low + bus) / 2 - 2;
  const share = useShare("reset_gate", shown.all.quantity("reset_gate")[shown.unit]!);
  const small = { ...sheet, pipe: 14 };
  return (
    <>
      <Line
        points={[
          [edge, boxes],
          [edge - 14, boxes],
          [edge - 14, at],
          [rise + 26, at],
        ]}
        arrow
        mark="reset_share"
      />
      <SmallSluice sheet={small} at={at} axis={rise + 14} share={share} />
    </>
  );
}

function SmallSluice({
  sheet,
  at,
  axis,
  share,
}: {
  readonly sheet: Sheet;
  readonly at: number;
  readonly axis: number;
  readonly share: number;
}) {
  return (
    <SheetProvider value={sheet}>
      <Sluice
        mark="reset_share"
        runs="across"
        at={at}
        axis={axis}
        share={share}
        name={strings().quantities.reset_gate!}
        letter="r"
        side="after"
        lift={sheet.turned ? -36 : -12}
      />
    </SheetProvider>
  );
}

function AllPipes() {
  const { all } = useSheet().shown;
  const keep = all.quantity("update_gate");
  return (
    <Strips
      gates={{ keep, write: keep.map((share) => 1 - share), reveal: null }}
      before={all.beforeHidden}
      state={all.quantity("hidden")}
      candidate={all.quantity("candidate")}
      hidden={all.quantity("hidden")}
    />
  );
}
