// A network reading a text: the text coloured by one unit, all units beside it, the ledger and the whole text below.

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Beside } from "../beside";
import { Breadcrumb } from "../breadcrumb";
import { moment, run, scale, selected, selection, trace, unit, values, valuesScale } from "../data";
import { momentNotice } from "../dialogs";
import { markStretch, toggleLight } from "../looking";
import { extreme, inReadingOrder, isUnbounded, letter } from "../quantities";
import { fullNameOf, strings } from "../i18n";
import { Ledger } from "../ledger";
import { LightPanel } from "../light/panel";
import { LaneLegend, Legend } from "../legend";
import { Trouble } from "../message";
import { ClampButton } from "../clamp-form";
import { Film } from "../film";
import { busy, ghostTrace } from "../ghost";
import { HeldRow } from "../held-row";
import { ImportedButton } from "../imported";
import { InputsLegend } from "../inputs-legend";
import { edit } from "../live";
import { LiveBar, Unknown } from "../live-bar";
import { LiveText } from "../live-text";
import { Minimap } from "../minimap";
import { marks, stretchTo } from "../phrase/data";
import { PhrasePanel } from "../phrase/panel";
import { OpenButton } from "../open-button";
import { unopened } from "../opened-file";
import { Picture } from "../picture";
import { Readout, told } from "../readout";
import { address, go, move, viewport, type Lane } from "../state";
import { SurveyProgress } from "../survey-progress";
import { TextCanvas } from "../text-canvas";
import { TextSelect } from "../text-select";
import { MOST_BITS, type TextView } from "../text-view";
import { isImage } from "../tracks";
import { UnitsList } from "../units-list";
import { Zoom } from "../zoom";

export function NetworkPage() {
  const words = strings();
  const view = useComputed<TextView | null>(() => {
    const read = trace.value.value;
    if (!read) return null;
    const found = values.value.value;
    return {
      trace: read,
      values: found && found.trace === read.trace ? found : null,
      unit: unit.value,
      scale: valuesScale.value,
      lanes: address.value.lanes,
      moment: read.steps > 0 ? moment.value : null,
      marks: marks(),
      ghost: ghostTrace.value,
      zoom: address.value.zoom,
    };
  });
  const shared = {
    view,
    told,
    onMoment: (step: number) => move({ moment: step }),
    onStretch: (from: number, to: number) => move({ stretch: stretchTo(from, to), light: null, moment: to }),
    onVisible: (first: number, last: number) => {
      const [from, to] = viewport.peek();
      if (first !== from || last !== to) viewport.value = [first, last];
    },
  };
  const wrong = selection.value !== null && "what" in selection.value;
  const rows = trace.value.value !== null && isImage(trace.value.value);
  const { editing } = address.value;
  const typing = editing && selected.value?.run.vocabulary != null;
  const network = selected.value?.run ?? null;
  const editable = network && !network.bare && (network.input === "symbols" ? network.vocabulary : network.samples > 1 && !network.sample_titles) ? network : null;

  return (
    <main class="network" data-testid="network-page" aria-busy={busy.value}>
      <Breadcrumb
        more={
          selected.value && (
            <>
              <ClampButton />
              <ImportedButton />
            </>
          )
        }
      >
        <Beside />
        <TextSelect />
        <OpenButton />
        {editable && (
          <button data-testid="edit-text" aria-pressed={editing} onClick={() => edit(!editing)}>
            {editable.input === "symbols" ? words.editText : words.anotherSample}
          </button>
        )}
      </Breadcrumb>
      <Trouble />
      {selected.value && !wrong && (
        <>
          <Controls />
          <div class="work">
            <section class="reading" aria-label={words.text}>
              {editing ? typing || <LiveBar /> : <Notices />}
              <SurveyProgress />
              {typing ? (
                <LiveText view={view} onVisible={shared.onVisible} />
              ) : trace.value.loading && !trace.value.value ? (
                <p class="quiet waiting">{words.loading}</p>
              ) : rows ? (
                <Picture {...shared} />
              ) : (
                <TextCanvas {...shared} />
              )}
            </section>
            <UnitsList />
          </div>
          {(editing || trace.value.value) && (
            <>
              <Readout>
                <Looking />
              </Readout>
              <HeldRow />
              <Below />
              <Minimap />
              {address.value.light === null && address.value.stretch === null && <Film />}
            </>
          )}
        </>
      )}
      {run.value.loading && <p class="quiet waiting">{words.loading}</p>}
    </main>
  );
}

/** The ways to look from the cursor: back, and around. */
function Looking() {
  const words = strings();
  if (trace.value.value?.long) return null; // a survey holds no record to look back along
  const { light, stretch } = address.value;
  const numbers = trace.value.value?.input === "numbers";
  return (
    <span class="looking">
      {!selected.value?.run.bare && selected.value?.run.one_stack !== false && (
        <button data-testid="light-open" aria-pressed={light !== null} title={words.light.openHint} onClick={toggleLight}>
          {words.light.open}
        </button>
      )}
      {!numbers && (
        <button
          data-testid="phrase-open"
          aria-pressed={stretch !== null}
          title={words.phrase.openHint}
          onClick={() => (stretch ? go({ stretch: null }) : markStretch("from"))}
        >
          {words.phrase.open}
        </button>
      )}
    </span>
  );
}

/** What is under the text: a light that is looked at, a stretch that is searched for, else the ledger. */
function Below() {
  if (trace.value.value?.long) return <Ledger />;
  if (address.value.light !== null) return <LightPanel />;
  return address.value.stretch ? <PhrasePanel /> : <Ledger />;
}

function Controls() {
  const words = strings();
  const { run: network, detail, quantity } = selected.value!;
  const { lanes } = address.value;
  const toggle = (lane: Lane) =>
    go({ lanes: lanes.includes(lane) ? lanes.filter((one) => one !== lane) : [...lanes, lane] });
  const found = values.value.value;
  const unbounded = found !== null && isUnbounded(found.quantity, extreme(found.statistics, null));
  const read = trace.value.value;
  const rows = read !== null && isImage(read);
  return (
    <div class="controls">
      <select
        data-testid="quantity-select"
        aria-label={words.quantity}
        value={quantity}
        onChange={(event) => go({ quantity: event.currentTarget.value, unit: unit.value })}
      >
        {inReadingOrder(detail.quantities).map((one) => (
          <option value={one} key={one}>
            {`${letter(one, network.cell ?? "")} ${fullNameOf(one)}`}
          </option>
        ))}
      </select>
      <Legend scale={scale} read={trace.value.value} />
      {unbounded && (
        <button
          data-testid="scale-switch"
          class="toggle"
          title={words.scaleHint}
          aria-pressed={address.value.scale === "all"}
          onClick={() => go({ scale: address.value.scale === "all" ? "unit" : "all" })}
        >
          {words.oneScale}
        </button>
      )}
      <InputsLegend />
      <span class="spring" />
      <Zoom />
      {(read?.probabilities || read?.forecast || read?.output) && !rows && (
        <LaneToggle
          lane="predictions"
          name={read.output ? words.outputs : words.predictions}
          hint={read.output ? words.outputsHint : read.forecast ? words.forecastHint : words.predictionsHint}
          toggle={toggle}
          legend={read.probabilities && <LaneLegend lane="predictions" end={1} unit="" />}
        />
      )}
      {read?.surprise && (
        <LaneToggle
          lane="surprise"
          name={words.surprise}
          hint={words.surpriseHint}
          toggle={toggle}
          legend={
            !rows && (
              <LaneLegend
                lane="surprise"
                end={MOST_BITS}
                unit={read.target === "value" ? words.deviations : words.bits}
              />
            )
          }
        />
      )}
    </div>
  );
}

interface ToggleProps {
  readonly lane: Lane;
  readonly name: string;
  readonly hint: string;
  readonly toggle: (lane: Lane) => void;
  readonly legend: ComponentChildren;
}

function LaneToggle({ lane, name, hint, toggle, legend }: ToggleProps) {
  const on = address.value.lanes.includes(lane);
  return (
    <>
      <button
        class="toggle"
        data-testid={`lane-toggle-${lane}`}
        aria-pressed={on}
        title={hint}
        onClick={() => toggle(lane)}
      >
        {name}
      </button>
      {on && legend}
    </>
  );
}

function Notices() {
  const unknown = trace.value.value?.unknown ?? [];
  const past = momentNotice();
  const failed = unopened.value;
  if (unknown.length === 0 && !past && !failed) return null;
  return (
    <p class="notice" role="status">
      {failed && (
        <>
          <strong>{failed.what}</strong> {failed.remedy}{" "}
        </>
      )}
      {unknown.length > 0 && <Unknown symbols={unknown} />} {past}
    </p>
  );
}
