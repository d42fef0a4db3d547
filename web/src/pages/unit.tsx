// One unit: all its quantities over the text, how they are distributed, and where it is at its extremes.

import { Breadcrumb } from "../breadcrumb";
import { Contexts } from "../contexts";
import { run, scale, selected, selection, trace, unit } from "../data";
import { ClampButton } from "../clamp-form";
import { Film } from "../film";
import { followers } from "../follows";
import { busy } from "../ghost";
import { HeldRow } from "../held-row";
import { Histogram } from "../histogram";
import { language, strings } from "../i18n";
import { Legend } from "../legend";
import { Means } from "../means";
import { Trouble } from "../message";
import { Readout } from "../readout";
import { SurveyProgress } from "../survey-progress";
import { isImage } from "../tracks";
import { UnitLanes } from "../unit-lanes";
import { WithFeatures } from "../with-features";

export function UnitPage() {
  const wrong = selection.value !== null && "what" in selection.value;
  return (
    <main class="unit" data-testid="unit-page" aria-busy={busy.value}>
      <Breadcrumb>
        {selected.value && (
          <>
            <Legend scale={scale} read={trace.value.value} />
            <ClampButton />
          </>
        )}
      </Breadcrumb>
      <Trouble />
      {selected.value && !wrong && trace.value.value && (
        <>
          <SurveyProgress />
          <Readout />
          <Following />
          <HeldRow />
          <UnitLanes />
          <Film />
          <div class={`panels ${selected.value.run.input}`}>
            <Histogram />
            {selected.value.run.input === "symbols" ? <Means /> : isImage(trace.value.value) ? null : <WithFeatures />}
            <Contexts />
          </div>
        </>
      )}
      {(run.value.loading || (trace.value.loading && !trace.value.value)) && <p class="quiet waiting">{strings().loading}</p>}
    </main>
  );
}

/** What the unit follows, in a sentence. */
function Following() {
  const found = unit.value === null ? undefined : followers.value.get(unit.value);
  if (!found) return null;
  return (
    <p class="following" data-testid="following">
      {found.sentence[language()]}
    </p>
  );
}
