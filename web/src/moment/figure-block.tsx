// The memory block with f, g and h: a cell that holds its state by a loop, three gates around it, two squashers. Our
// own drawing of the figure of Gers & Schmidhuber (2000) and of A. Graves's "Supervised Sequence Labelling" (2012).

import { run } from "../data";
import { strings } from "../i18n";
import { SANS } from "../theme";
import { Dot, Node, Piece, Wire } from "./plate";

export function BlockFigure() {
  const peepholes = Boolean(run.value.value?.peephole);
  return (
    <svg viewBox="0 0 400 296" role="group" aria-label={strings().moment.block}>
      <rect class="frame" x={64} y={24} width={272} height={248} rx={12} />
      <Piece mark="bus">
        <Wire d="M200 292V262" head={[200, 261, "up"]} />
        <Wire d="M30 200H77" head={[78, 200, "right"]} />
        <Wire d="M370 146H323" head={[322, 146, "left"]} />
        <Wire d="M30 70H77" head={[78, 70, "right"]} />
      </Piece>
      <Piece mark="candidate">
        <Wire d="M200 234V209" head={[200, 209, "up"]} />
        <Node x={200} y={246} text="g" round r={15} />
      </Piece>
      <Piece mark="write_share">
        <Wire d="M108 200H191" head={[191, 200, "right"]} />
        <Node x={94} y={200} text="f" round r={15} />
      </Piece>
      <Piece mark="written">
        <Wire d="M200 191V170" head={[200, 168, "up"]} />
        <Dot x={200} y={200} sign="×" />
      </Piece>
      <Piece mark="kept_share">
        <Wire d="M292 146H267" head={[267, 146, "left"]} />
        <Node x={306} y={146} text="f" round r={15} />
      </Piece>
      <Piece mark="kept">
        <Wire d="M218 138C234 116 258 120 258 137M258 155C258 172 234 176 218 154" head={[219, 156, "left"]} />
        <Dot x={258} y={146} sign="×" />
      </Piece>
      {peepholes && (
        <Piece mark="peepholes">
          <Wire d="M184 158L107 191" dashed head={[109, 190, "left"]} />
          <Wire d="M184 134L107 79" dashed head={[109, 80, "left"]} />
          <Wire d="M212 162C240 190 280 184 298 160" dashed head={[298, 161, "up"]} />
        </Piece>
      )}
      <Piece mark="state">
        <Wire d="M200 126V118" />
        <circle class="body" cx={200} cy={146} r={20} />
        <path class="sign" d="M190 146h20M200 136v20" />
      </Piece>
      <Piece mark="squashed">
        <Wire d="M200 92V79" head={[200, 79, "up"]} />
        <Node x={200} y={106} text="h" round r={14} />
      </Piece>
      <Piece mark="shown_share">
        <Wire d="M108 70H191" head={[191, 70, "right"]} />
        <Node x={94} y={70} text="f" round r={15} />
      </Piece>
      <Piece mark="shown">
        <Wire d="M200 61V8" head={[200, 4, "up"]} />
        <Dot x={200} y={70} sign="×" />
      </Piece>
      <Names />
    </svg>
  );
}

function Names() {
  const { gates } = strings();
  const name = (x: number, y: number, text: string) => (
    <text class="name" x={x} y={y} text-anchor="middle" font-family={SANS} font-size={11}>
      {text}
    </text>
  );
  return (
    <g>
      {name(112, 230, gates.input_gate!)}
      {name(112, 46, gates.output_gate!)}
      {name(304, 122, gates.forget_gate!)}
    </g>
  );
}
