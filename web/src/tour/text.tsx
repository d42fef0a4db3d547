// Step 15: units that follow quotes, comments, indentation, the place in the line; found by ranking all of them.

import { facts } from "../api";
import { unit } from "../data";
import { decimal } from "../format";
import { language, strings } from "../i18n";
import { Message } from "../message";
import { address, go } from "../state";
import { ofSteps, type Followed, type FollowsFacts } from "./data";
import { Waiting } from "./parts";

const SOUGHT = ["inside_quotes", "inside_comment", "indentation", "line_position"];

interface Found extends Followed {
  readonly layer: number;
}

/** For each thing that is sought the unit of the whole network that follows it most closely. */
const followers = ofSteps<readonly Found[]>(["text"], ({ trace: id }, { run }) => ({
  key: id,
  family: id,
  load: async (signal) => {
    const layers = await Promise.all(
      run.layers_detail.map(async ({ layer }) => {
        const { units } = await facts<FollowsFacts>(`/api/traces/${id}/${layer}/forward/follows`, signal);
        return units.map((one): Found => ({ ...one, layer }));
      }),
    );
    const all = layers.flat().sort((one, other) => Math.abs(other.correlation) - Math.abs(one.correlation));
    return SOUGHT.flatMap((key) => all.find(({ indicator }) => indicator === key) ?? []);
  },
}));

export function TextStep() {
  const words = strings().tour.text;
  const { value: found, failure } = followers.value;
  if (failure) return <Message what={failure.what} remedy={failure.remedy} />;
  if (!found) return <Waiting />;
  return (
    <ul class="followers" aria-label={words.found}>
      {found.map(({ layer, unit: number, indicator, name, correlation }) => (
        <li key={indicator}>
          <button
            data-testid={`tour-follows-${indicator}`}
            aria-pressed={address.value.layer === layer && unit.value === number}
            onClick={() => go({ layer, unit: number, quantity: "cell", page: "network" })}
          >
            <span>{name[language()]}</span>
            <span class="strength" style={{ "--share": String(Math.abs(correlation)) }} aria-hidden="true" />
            <span class="quiet">{words.unit(layer + 1, number, decimal(correlation))}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
