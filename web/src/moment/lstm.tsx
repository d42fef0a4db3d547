// The LSTM's block: keep, write, reveal.

import { nameOf } from "../i18n";
import { Bus } from "./bus";
import { Heat } from "./heat";
import { CurveBox, Line, Sluice } from "./parts";
import { Kept, Peephole, Revealed, Road, ShelfName, State, Sum, useMoment, Written } from "./road";
import { useSheet } from "./sheet";
import { Strips } from "./strips";
import { Label } from "./text";

const CAP = 5;

export function LSTMBlock({ peepholes }: { readonly peepholes: boolean }) {
  const sheet = useSheet();
  const { values } = useMoment();
  const { road, pipe, keep, rise, write, drop, reveal, boxes, box, funnel, keepBox, writeBox, revealBox, every, turned } = sheet;
  const edge = pipe / 2 + CAP;
  const top = boxes - box.across / 2;
  return (
    <>
      <Road letter="c" />
      <Bus feeds={[keepBox, writeBox, rise, revealBox]} to={revealBox + 1} />
      <Line points={[[keepBox, top], [keep, road + edge]]} arrow mark="kept_share" />
      <Line points={[[writeBox, top], [writeBox, write], [rise - edge, write]]} arrow mark="write_share" />
      <Line points={[[revealBox, top], [revealBox, reveal], [drop - edge, reveal]]} arrow mark="shown_share" />
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
      <Sluice mark="kept_share" runs="along" at={keep} axis={road} share={useShare("forget_gate", values.kept_share)} name={nameOf("forget_gate")} letter="f" side={turned ? "under" : "over"} shift={turned ? -14 : 0} />
      <Sluice mark="write_share" runs="across" at={write} axis={rise} share={useShare("input_gate", values.write_share)} name={nameOf("input_gate")} letter="i" side="after" />
      <Sluice mark="shown_share" runs="across" at={reveal} axis={drop} share={useShare("output_gate", values.shown_share)} name={nameOf("output_gate")} letter="o" side="after" />
      <ShelfName />
      <Label at={[rise + pipe / 2 + 12, boxes]} side="after" size={12} quiet>
        {nameOf("candidate")}
      </Label>
      <Label at={[drop - pipe / 2 - 8, (funnel[0] + funnel[1]) / 2]} side="before" size={12} quiet>
        tanh <tspan font-style="italic">c</tspan>
      </Label>
    </>
  );
}

/** The unit's own gate; with all units shown, their mean. */
export function useShare(quantity: string, own: number): number {
  const { every, shown } = useSheet();
  if (!every) return own;
  const gates = shown.all.quantity(quantity);
  return gates.reduce((sum, gate) => sum + gate, 0) / gates.length;
}

interface GateBoxProps {
  readonly mark: string;
  readonly along: number;
  readonly letter: string;
  readonly quantity: string;
}

/** The box of a gate or of the candidate: its curve with the unit's dot, or the gates of all units. */
export function GateBox({ mark, along, letter, quantity }: GateBoxProps) {
  const { boxes, box, pipe, every, shown } = useSheet();
  const { sums } = shown.one;
  const squashes = quantity === "candidate" || quantity === "hidden";
  const activation = sums[quantity]?.activation ?? (squashes ? "tanh" : "sigmoid");
  const strip = every && !squashes;
  return (
    <CurveBox
      mark={mark}
      along={along}
      across={boxes}
      letter={letter}
      activation={activation}
      sum={every ? null : (sums[quantity]?.sum ?? null)}
      {...(squashes ? { outlet: "over", size: { along: pipe + 24, across: box.across } } : {})}
    >
      {strip && (
        <Heat
          mark={quantity}
          values={shown.all.quantity(quantity)}
          kind="gate"
          along={[along - box.along / 2 + 5, along + box.along / 2 - 5]}
          across={[boxes - box.across / 2 + 5, boxes + box.across / 2 - 5]}
        />
      )}
    </CurveBox>
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
      gates={{ keep: all.quantity("forget_gate"), write: all.quantity("input_gate"), reveal: all.quantity("output_gate") }}
      before={all.beforeCell!}
      state={all.quantity("cell")}
      candidate={all.quantity("candidate")}
      hidden={all.quantity("hidden")}
    />
  );
}
