// Two networks on one text: what each holds, says and is surprised by, one under the other.

import { useSignal } from "@preact/signals";
import { CompareLanes } from "../compare/lanes";
import {
  agreement,
  otherFailure,
  otherName,
  otherOrder,
  otherRun,
  otherScale,
  otherTrace,
  otherUnit,
  otherValues,
  sameSteps,
} from "../compare/other";
import { average } from "../compare/paint";
import { OwnText } from "../compare/own-text";
import { SideHead, SideNumbers, type Side } from "../compare/side";
import { order, run, scale, selected, trace, unit, values } from "../data";
import { decimal } from "../format";
import { strings } from "../i18n";
import { Link } from "../link";
import { Message, Trouble } from "../message";
import { attempt } from "../resource";
import { address, go, HOME } from "../state";

export function ComparePage() {
  const editing = useSignal(false);
  const words = strings();
  const [first, second] = [run.value.value, otherRun.value.value];
  // A text that could not be read stays open, to be put right.
  const refused = trace.value.failure !== null && address.value.source.kind !== "sample";
  const done = () => {
    editing.value = false;
  };
  const cancel = () => {
    done();
    if (refused) go({ source: HOME.source, moment: null });
  };
  return (
    <main class="compare" data-testid="compare-page">
      <Head>
        {first?.input === "symbols" && (
          <button data-testid="compare-edit" aria-expanded={editing.value} onClick={() => (editing.value = !editing.value)}>
            {words.compare.edit}
          </button>
        )}
      </Head>
      <Trouble />
      {otherFailure.value && (
        <Message
          what={otherFailure.value.what}
          remedy={otherFailure.value.remedy}
          action={{ label: words.again, run: () => (attempt.value += 1) }}
        />
      )}
      {(editing.value || refused) && <OwnText done={done} cancel={cancel} />}
      <Disagreement />
      {first && second && agreement.value?.kind === "agreed" && <Both />}
      {(run.value.loading || otherRun.value.loading) && <p class="quiet waiting">{words.loading}</p>}
    </main>
  );
}

function Head({ children }: { readonly children: unknown }) {
  const words = strings();
  const { lang, run: id, other } = address.value;
  const siblings = (run.value.value?.siblings ?? []).filter((sibling) => sibling !== other && sibling !== id);
  return (
    <>
      <header class="bar">
        <nav aria-label={words.whereYouAre}>
          <ol class="breadcrumb">
            <li>
              <Link to={{ ...HOME, lang }}>{words.home}</Link>
            </li>
            <li>
              <h1>{words.compare.page}</h1>
            </li>
            <li>{`${run.value.value?.name ?? id} · ${otherName()}`}</li>
          </ol>
        </nav>
        <>{children}</>
      </header>
      {siblings.length > 0 && (
        <p class="siblings" data-testid="siblings">
          <span class="quiet">{words.compare.with}</span>
          {siblings.map((sibling) => (
            <Link key={sibling} to={{ other: sibling, otherUnit: null }}>
              {sibling.replace(/^zoo:/, "")}
            </Link>
          ))}
        </p>
      )}
    </>
  );
}

/** Why the two cannot read this, and what they could. */
function Disagreement() {
  const words = strings().compare;
  const [found, one] = [agreement.value, run.value.value];
  const [read, otherRead] = [trace.value.value, otherTrace.value.value];
  if (!found || !one) return null;
  const other = otherName();
  switch (found.kind) {
    case "numbers":
      return <Message what={words.numbers(found.which.name)} />;
    case "nothing shared":
      return <Message what={words.nothingShared(one.name, other)} />;
    case "unknown": {
      const { readable: text } = found;
      const both = { label: words.readShared, run: () => go({ source: { kind: "text", text }, moment: null }) };
      return (
        <Message
          what={words.unreadable(found.which.name, found.symbols.join(" "))}
          remedy={words.shared(found.shared.join(" "))}
          {...(text ? { action: both } : {})}
        />
      );
    }
    case "agreed":
      if (!read || !otherRead || trace.value.loading || otherTrace.value.loading) return null;
      return sameSteps(read, otherRead) ? null : <Message what={words.split(one.name, other)} />;
  }
}

function Both() {
  const words = strings();
  const [read, otherRead] = [trace.value.value, otherTrace.value.value];
  const { source } = address.value;
  const { detail, quantity } = selected.value ?? {};
  const one: Side = {
    run: run.value.value!,
    read,
    values: values.value.value,
    unit: unit.value,
    order: order.value,
    scale,
    own: { page: "network", layer: detail?.layer ?? 0, quantity: quantity ?? null, unit: unit.value },
    choose: (chosen) => go({ unit: chosen }),
    frame: run.value.value!.film.find(({ frame }) => frame === address.value.frame) ?? null,
    testid: "one",
  };
  const network = otherRun.value.value!;
  const other: Side = {
    run: network,
    read: otherRead && read && sameSteps(read, otherRead) ? otherRead : null,
    values: otherValues.value.value,
    unit: otherUnit.value,
    order: otherOrder.value,
    scale: otherScale,
    own: {
      ...HOME,
      page: "network",
      run: network.id,
      layer: network.layers_detail.length - 1,
      unit: otherUnit.value,
      source,
      lang: address.value.lang,
    },
    choose: (chosen) => go({ otherUnit: chosen }),
    frame: null,
    testid: "other",
  };
  if (!read) return null;
  return (
    <>
      <SideHead {...one} />
      <SideHead {...other} />
      {other.read && (
        <>
          <CompareLanes one={one} other={other} />
          <div class="both-numbers">
            <SideNumbers {...one} />
            <SideNumbers {...other} />
          </div>
          <Verdict one={one} other={other} words={words} />
        </>
      )}
    </>
  );
}

/** Which of the two the text surprises less, on average. */
function Verdict({ one, other, words }: { one: Side; other: Side; words: ReturnType<typeof strings> }) {
  const [first, second] = [one, other].map(({ read }) => (read ? average(read) : Number.NaN)) as [number, number];
  const difference = first - second;
  if (Number.isNaN(difference)) return null;
  const better = difference > 0 ? other : one;
  const apart = decimal(Math.abs(difference), 3);
  const said = Number(apart) === 0 ? words.compare.alike : words.compare.apart(apart, better.run.name, words.bits);
  return (
    <p class="verdict" data-testid="verdict">
      {said}
    </p>
  );
}
