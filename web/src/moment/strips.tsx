// The pipes of all units at once, in the places of one unit's pipes.

import { Heat } from "./heat";
import { strings } from "../i18n";
import { Line } from "./parts";
import { useSheet } from "./sheet";
import { Plus } from "./sum";
import { Label } from "./text";

interface StripsProps {
  readonly gates: {
    readonly keep: Float32Array;
    readonly write: ArrayLike<number>;
    readonly reveal: Float32Array | null;
  } | null;
  readonly before: Float32Array;
  readonly state: Float32Array;
  readonly candidate: Float32Array | null;
  readonly hidden: Float32Array;
}

/** Strips where one unit has pipes; a cell without gates has only what it was, what it is and what it shows. */
export function Strips({ gates, before, state, candidate, hidden }: StripsProps) {
  const { from, keep, rise, write, meet, drop, funnel, reveal, shelf, out, road, pipe, limit, turned, boxes, box } =
    useSheet();
  const words = strings();
  const half = pipe / 2;
  const lane = [road - half, road + half] as const;
  const times = (gate: ArrayLike<number>, values: Float32Array) => values.map((value, unit) => value * gate[unit]!);
  const written = gates && candidate ? times(gates.write, candidate) : null;
  const outlet = boxes - box.across / 2;
  return (
    <>
      <Heat mark="before" values={before} kind="signed" limit={limit} along={[from + 4, keep - 14]} across={lane} />
      {gates && (
        <Heat
          mark="kept"
          values={times(gates.keep, before)}
          kind="signed"
          limit={limit}
          along={[keep + 14, rise - half - 12]}
          across={lane}
          phase="keep"
        />
      )}
      {gates && candidate && (
        <Heat
          mark="candidate"
          values={candidate}
          kind="signed"
          along={[rise - half, rise + half]}
          across={[write + 12, outlet - 2]}
          phase="write"
        />
      )}
      <Heat
        mark="written"
        values={written ?? state}
        kind="signed"
        limit={limit}
        along={[rise - half, rise + half]}
        across={[road + half + 12, gates ? write - 12 : outlet - 4]}
        phase="write"
      />
      <Heat
        mark="state"
        values={state}
        kind="signed"
        limit={limit}
        along={[meet[0] + 8, drop - half - 14]}
        across={lane}
        phase="reveal"
      />
      {gates?.reveal && (
        <Heat
          mark="squashed"
          values={state.map(Math.tanh)}
          kind="signed"
          along={[drop - half, drop + half]}
          across={[funnel[1] + 2, reveal - 12]}
          phase="reveal"
        />
      )}
      <Heat
        mark="shown"
        values={hidden}
        kind="signed"
        along={[drop - half, out]}
        across={[shelf - half, shelf + half]}
        phase="reveal"
      />
      {gates && (
        <>
          <Label at={[(keep + rise - half) / 2, road + half]} side="under" size={12} quiet>
            {words.kept}
          </Label>
          <Label
            at={[rise + (turned ? -half : half), (road + half + write) / 2]}
            side={turned ? "before" : "after"}
            size={12}
            quiet
          >
            {words.written}
          </Label>
        </>
      )}
      <Line
        points={[
          [rise, road + half + 12],
          [rise, road + (gates ? 10 : half)],
        ]}
        arrow
      />
      {gates && <Plus along={rise} across={road} />}
      <Line
        points={[
          [drop, road + half],
          [drop, gates?.reveal ? funnel[0] : shelf - half],
        ]}
        arrow
      />
      {gates?.reveal && (
        <Line
          points={[
            [drop, reveal + 12],
            [drop, shelf - half],
          ]}
          arrow
        />
      )}
    </>
  );
}
