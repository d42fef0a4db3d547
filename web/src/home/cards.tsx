// Cards: a shipped network with its picture and what to look for in it, and a run of one's own.

import type { RunCard, ShippedCard } from "../api";
import { count, decimal, percent } from "../format";
import { language, strings } from "../i18n";
import { Link } from "../link";
import type { Address } from "../state";
import { Thumbnail } from "./thumbnail";

/** The address a network opens at: nothing of the last one looked at stays. */
const opening = (run: RunCard): Partial<Address> => ({
  page: "network",
  run: run.id,
  layer: Math.max(0, (run.layers ?? 1) - 1),
});

export function Shipped({ card }: { readonly card: ShippedCard }) {
  const words = strings();
  // A digit is best met as it is read.
  const page = card.problem === "digits" ? "digit" : "network";
  return (
    <Link to={{ ...opening(card), page }} class="card" testid="gallery-card">
      <h3>{card.title[language()]}</h3>
      <Thumbnail card={card} />
      <p>{card.look_for[language()]}</p>
      {card.first_failure !== null && <p data-testid="first-failure">{words.gallery.failsAt(card.first_failure)}</p>}
      <p class="quiet">{factsOf(card)}</p>
    </Link>
  );
}

export function Own({ run }: { readonly run: RunCard }) {
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
  return (
    <Link to={opening(run)} class="card" testid="home-card">
      <h3>{run.name}</h3>
      <p>{run.source ? words.importedFrom(run.source) : <Result run={run} />}</p>
      <p>{factsOf(run)}</p>
      <p class="quiet">{run.modified && when(run.modified)}</p>
    </Link>
  );
}

/** What it learned, and what it is made of. */
function factsOf(run: RunCard): string {
  const words = strings();
  const cell = words.cells[run.cell ?? ""] ?? run.cell;
  return [
    run.source ? null : (words.problems[run.problem ?? ""] ?? run.problem),
    `${cell} ${run.layers}×${run.hidden}`,
    run.bidirectional ? words.bidirectional : null,
    run.peephole ? words.peepholes : null,
    run.parameters ? words.weights(count(run.parameters)) : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

function Result({ run }: { readonly run: RunCard }) {
  const words = strings();
  const number = (name: string) => {
    const found = run.result?.[name];
    return typeof found === "number" ? found : null;
  };
  const [accuracy, bits, loss] = [number("accuracy"), number("validation_bits"), number("validation_loss")];
  if (accuracy !== null) return <Figure value={percent(accuracy)} of={words.accuracy} />;
  if (bits !== null) return <Figure value={decimal(bits)} of={words.heldOut(run.unit)} />;
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
