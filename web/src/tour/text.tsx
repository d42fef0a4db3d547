// Step 15: units that follow quotes, comments, indentation, the place in the line; found by ranking all of them.

import { useSignalEffect } from "@preact/signals";
import { unit } from "../data";
import { decimal } from "../format";
import { language, strings } from "../i18n";
import { getFollows, type Follower } from "../live-api";
import { Message } from "../message";
import { address, go, move, type Address } from "../state";
import { ofSteps } from "./data";
import { Waiting } from "./parts";

const SOUGHT = ["inside_quotes", "inside_comment", "indentation", "line_position"];

interface Found extends Follower {
  readonly layer: number;
}

/** For each thing that is sought the unit of the whole network that follows it most closely. */
const followers = ofSteps<readonly Found[]>(["text"], ({ trace: id }, { run }) => ({
  key: id,
  family: id,
  load: async (signal) => {
    const layers = await Promise.all(
      run.layers_detail.map(async ({ layer }) => {
        const { leaders } = await getFollows(id, layer, "forward", signal);
        return leaders.map((one): Found => ({ ...one, layer }));
      }),
    );
    const all = layers.flat().sort((one, other) => Math.abs(other.correlation) - Math.abs(one.correlation));
    return SOUGHT.flatMap((key) => all.find(({ indicator }) => indicator === key) ?? []);
  },
}));

/** A unit's place on the page. */
const shown = ({ layer, unit: number }: Found): Partial<Address> => ({
  layer,
  unit: number,
  quantity: "cell",
  page: "network",
});

export function TextStep() {
  // The step's address leaves the unit open; whoever has chosen one keeps it.
  useSignalEffect(() => {
    const first = followers.value.value?.[0];
    if (first && address.value.unit === null) move(shown(first));
  });
  const words = strings().tour.text;
  const { value: found, failure } = followers.value;
  if (failure) return <Message what={failure.what} remedy={failure.remedy} />;
  if (!found) return <Waiting />;
  return (
    <ul class="followers" aria-label={words.found}>
      {found.map((one) => (
        <li key={one.indicator}>
          <button
            data-testid={`tour-follows-${one.indicator}`}
            aria-pressed={address.value.layer === one.layer && unit.value === one.unit}
            onClick={() => go(shown(one))}
          >
            <span>{one.name[language()]}</span>
            <span class="strength" style={{ "--share": String(Math.abs(one.correlation)) }} aria-hidden="true" />
            <span class="quiet">{words.unit(one.layer + 1, one.unit, decimal(one.correlation))}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
