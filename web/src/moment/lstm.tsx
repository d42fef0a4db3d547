// The LSTM's block: keep, write, reveal.

import { nameOf } from "../i18n";
import { Bus } from "./bus";
import { GateBox, useShare } from "./gate-box";
import { CurveBox, Line, Sluice, Tap } from "./parts";
import { Kept, Road, State, useMoment, Written } from "./road";
import { useSheet } from "./sheet";
import { Revealed, ShelfName } from "./shelf";
import { Strips } from "./strips";
import { Sum } from "./sum";
import { Label } from "./text";

const CAP = 5;

export function LSTMBlock({ peepholes }: { readonly peepholes: boolean }) {
  const sheet = useSheet();
  const { values } = useMoment();
  const {
    road,
    pipe,
    keep,
    rise,
    write,
    drop,
    reveal,
    boxes,
    box,
    funnel,
    keepBox,
    writeBox,
    revealBox,
    every,
    turned,
  } = sheet;
  const edge = pipe / 2 + CAP;
  const top = boxes - box.across / 2;
  return (
    <>
      <Road letter="c" />
      <Bus feeds={[keepBox, writeBox, rise, revealBox]} to={revealBox + 1} />
      <Line
        points={[
          [keepBox, top],
          [keep, road + edge],
        ]}
        arrow
        mark="kept_share"
      />
      <Line
        points={[
          [writeBox, top],
          [writeBox, write],
          [rise - edge, write],
        ]}
        arrow
        mark="write_share"
      />
      <Line
        points={[
          [revealBox, top],
          [revealBox, reveal],
          [drop - edge, reveal],
        ]}
        arrow
        mark="shown_share"
      />
      {peepholes && <Peepholes />}
      {every ? <AllPipes /> : <OnePipes />}
      <GateBox mark="kept_share" along={keepBox} letter="f" quantity="forget_gate" />
      <GateBox mark="write_share" along={writeBox} letter="i" quantity="input_gate" />
      <GateBox mark="candidate" along={rise} letter="g" quantity="candidate" />
      <GateBox mark="shown_share" along={revealBox} letter="o" quantity="output_gate" />
      <CurveBox
        mark="squashed"
        along={drop}
        across={(funnel[0] + funnel[1]) / 2}
        size={{ along: pipe + 20, across: funnel[1] - funnel[0] }}
        letter=""
        activation="tanh"
        sum={every ? null : values.state}
        outlet="under"
      />
      <Sluice
        mark="kept_share"
        runs="along"
        at={keep}
        axis={road}
        share={useShare("forget_gate", values.kept_share)}
        name={nameOf("forget_gate")}
        letter="f"
        side={turned ? "under" : "over"}
        shift={turned ? -14 : 0}
      />
      <Sluice
        mark="write_share"
        runs="across"
        at={write}
        axis={rise}
        share={useShare("input_gate", values.write_share)}
        name={nameOf("input_gate")}
        letter="i"
        side="after"
      />
      <Sluice
        mark="shown_share"
        runs="across"
        at={reveal}
        axis={drop}
        share={useShare("output_gate", values.shown_share)}
        name={nameOf("output_gate")}
        letter="o"
        side="after"
      />
      <ShelfName />
      <Label at={[drop - pipe / 2 - 8, (funnel[0] + funnel[1]) / 2]} side="before" size={12} quiet>
        tanh <tspan font-style="italic">c</tspan>
      </Label>
    </>
  );
}

/** A dashed line from the memory to gates that see it. */
function Peephole({
  at,
  to,
  via,
}: {
  readonly at: number;
  readonly to: readonly [number, number];
  readonly via: number | null;
}) {
  const { road } = useSheet();
  const points =
    via === null
      ? ([
          [at, road],
          [at, to[1]],
        ] as const)
      : ([[at, road], [at, via], [to[0], via], to] as const);
  return (
    <>
      <Line points={points} dashed mark="peepholes" arrow />
      <Tap at={[at, road]} />
    </>
  );
}

function Peepholes() {
  const { road, pipe, peep, peepAfter, keepBox, writeBox, revealBox, boxes, box } = useSheet();
  const via = road + pipe / 2 + 0.62 * (boxes - box.across / 2 - road - pipe / 2);
  const top = boxes - box.across / 2;
  return (
    <>
      <Peephole at={peep} via={via} to={[keepBox - box.along / 4, top]} />
      <Peephole at={peep} via={via} to={[writeBox - box.along / 4, top]} />
      <Peephole at={peepAfter} via={null} to={[revealBox, top]} />
    </>
  );
}

function OnePipes() {
  const { values } = useMoment();
  return (
    <>
      <Kept />
      <Written sluice />
      <Sum />
      <State />
      <Revealed squashed={Math.tanh(values.state)} />
    </>
  );
}

function AllPipes() {
  const { all } = useSheet().shown;
  return (
    <Strips
      gates={{
        keep: all.quantity("forget_gate"),
        write: all.quantity("input_gate"),
        reveal: all.quantity("output_gate"),
      }}
      before={all.beforeCell!}
      state={all.quantity("cell")}
      candidate={all.quantity("candidate")}
      hidden={all.quantity("hidden")}
    />
  );
}
