// Home: one sentence, the newest network at work, and the runs.

import { useComputed } from "@preact/signals";
import type { RunCard } from "../api";
import { home } from "../data";
import { LanguageButton } from "../dialogs";
import { count, decimal, percent } from "../format";
import { hero, newest } from "../hero";
import { language, nameOf, strings } from "../i18n";
import { Legend } from "../legend";
import { Link } from "../link";
import { Trouble } from "../message";
import { Picture } from "../picture";
import { go, type Address } from "../state";
import { TextCanvas } from "../text-canvas";
import { TourEntrance } from "../tour/entrance";

/** The address a run opens at: nothing of the last one looked at stays. */
const opening = (run: RunCard): Partial<Address> => ({
  page: "network",
  run: run.id,
  layer: Math.max(0, (run.layers ?? 1) - 1),
});

export function HomePage() {
  const words = strings();
  const found = home.value.value;
  return (
    <main class="home" data-testid="home-page">
      <header class="bar">
        <p class="name">
          Peephole <span class="quiet">{found?.version}</span>
        </p>
        <span class="spring" />
        <TourEntrance />
        <LanguageButton />
      </header>
      <Trouble />
      <h1>{words.tagline}</h1>
      {newest.value && <Live />}
      {found && found.runs.length === 0 && <Empty />}
      {found && found.runs.length > 0 && (
        <section class="runs">
          <h2>{words.runs}</h2>
          <ul>
            {found.runs.map((run) => (
              <li key={run.id}>
                <Card run={run} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </main>
  );
}

function Live() {
  const words = strings();
  const view = useComputed(() => hero.value?.view ?? null);
  const scale = useComputed(() => view.value?.scale ?? { kind: "signed" as const, limit: 1 });
  const said = useComputed(() => (hero.value ? strings().homeLive(hero.value.unit, hero.value.run.name) : ""));
  const shown = hero.value;
  const run = newest.value!;
  const target: Partial<Address> = shown
    ? { ...opening(run), layer: shown.layer, unit: shown.unit, quantity: shown.quantity }
    : opening(run);
  const props = { view, told: said, onVisible: () => undefined, onMoment: (moment: number) => go({ ...target, moment }) };
  return (
    <section class="live">
      {(view.value?.trace.features ?? 0) > 1 ? <Picture {...props} /> : <TextCanvas {...props} />}
      <div class="caption">
        <p>{shown && `${said.value} · ${nameOf(shown.quantity)}`}</p>
        {shown && <Legend scale={scale} features={shown.view.trace.features} />}
        <span class="spring" />
        <Link to={target} class="primary" testid="open-newest">
          {words.openRun(run.name)}
        </Link>
      </div>
    </section>
  );
}

function Empty() {
  const words = strings();
  return (
    <section class="empty" data-testid="empty">
      <h2>{words.noRuns}</h2>
      <p>{words.noRunsDemo}</p>
      <pre>peephole demo</pre>
      <p>{words.noRunsTrain}</p>
      <pre>{"peephole train TEXT -o RUN\npeephole explore RUN"}</pre>
    </section>
  );
}

function Card({ run }: { readonly run: RunCard }) {
  const words = strings();
  if (run.error !== null) {
    return (
      <div class="card broken" data-testid="home-card">
        <h3>{run.name}</h3>
        <p>
          <strong>{words.broken}</strong> {run.error}
        </p>
      </div>
    );
  }
  const cell = words.cells[run.cell ?? ""] ?? run.cell;
  const facts = [
    words.problems[run.problem ?? ""] ?? run.problem,
    `${cell} ${run.layers}×${run.hidden}`,
    run.bidirectional ? words.bidirectional : null,
    run.peephole ? words.peepholes : null,
    run.parameters ? words.weights(count(run.parameters)) : null,
  ].filter(Boolean);
  return (
    <Link to={opening(run)} class="card" testid="home-card">
      <h3>{run.name}</h3>
      <p>
        <Result run={run} />
      </p>
      <p>{facts.join(" · ")}</p>
      <p class="quiet">{run.modified && when(run.modified)}</p>
    </Link>
  );
}

function Result({ run }: { readonly run: RunCard }) {
  const words = strings();
  const number = (name: string) => {
    const found = run.result?.[name];
    return typeof found === "number" ? found : null;
  };
  const [accuracy, bits, loss] = [number("accuracy"), number("validation_bits"), number("validation_loss")];
  if (accuracy !== null) return <Figure value={percent(accuracy)} of={words.accuracy} />;
  if (bits !== null) return <Figure value={decimal(bits)} of={words.heldOut} />;
  if (loss !== null) return <Figure value={decimal(loss, 3)} of={words.error} />;
  return <span class="quiet">{words.untrained}</span>;
}

function Figure({ value, of }: { readonly value: string; readonly of: string }) {
  return (
    <>
      <b class="figure">{value}</b> {of}
    </>
  );
}

function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
  }).format(date);
}
