// The two dialogs that keys open: help, and the jump to a step or a word.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { moment, trace } from "./data";
import { findNext } from "./find";
import { count } from "./format";
import { strings } from "./i18n";
import { ImportedTables } from "./imported";
import { address, go, move } from "./state";
import { TourEntrance } from "./tour/entrance";

export const dialog = signal<"help" | "jump" | "imported" | null>(null);

export function Dialogs() {
  if (dialog.value === "help") return <Help />;
  if (dialog.value === "jump") return <Jump />;
  if (dialog.value === "imported") return <Imported />;
  return null;
}

function Dialog({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current!.showModal(), []);
  return (
    <dialog ref={element} aria-label={title} onClose={() => (dialog.value = null)}>
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

function Help() {
  const words = strings();
  return (
    <Dialog title={words.keys}>
      <dl class="keys">
        {words.keyList.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="row">
        <LanguageButton />
        <span onClick={() => (dialog.value = null)}>
          <TourEntrance />
        </span>
        <span class="spring" />
        <button class="primary" autofocus>
          {words.close}
        </button>
      </form>
    </Dialog>
  );
}

function Imported() {
  return (
    <Dialog title={strings().imported.title}>
      <ImportedTables />
      <form method="dialog" class="row">
        <span class="spring" />
        <button class="primary" autofocus>
          {strings().close}
        </button>
      </form>
    </Dialog>
  );
}

/** Switches to the other of the two languages. */
export function LanguageButton() {
  const words = strings();
  const other = words.home === "home" ? "zh" : "en";
  return (
    <button type="button" lang={other} onClick={() => go({ lang: other })}>
      {words.otherLanguage}
    </button>
  );
}

function Jump() {
  const input = useRef<HTMLInputElement>(null);
  const words = strings();
  const read = trace.value.value;

  const jump = (event: SubmitEvent) => {
    const wanted = input.current!.value;
    const steps = read?.steps ?? 0;
    const number = /^\d+$/.test(wanted) ? Number(wanted) : null;
    const found = number ?? findNext(read?.symbols ?? [], wanted, moment.peek());
    const said =
      number !== null && number >= steps
        ? words.pastEnd(number, count(steps))
        : found < 0 || wanted === ""
          ? words.notFound(wanted)
          : "";
    input.current!.setCustomValidity(said);
    if (said) {
      event.preventDefault();
      input.current!.reportValidity();
      return;
    }
    move({ moment: found });
  };

  return (
    <Dialog title={words.jump}>
      <form method="dialog" onSubmit={(event) => jump(event as unknown as SubmitEvent)}>
        <p class="quiet" id="jump-hint">
          {words.jumpHint}
        </p>
        <div class="row">
          <input
            ref={input}
            data-testid="jump-input"
            aria-label={words.jump}
            aria-describedby="jump-hint"
            autocomplete="off"
            onInput={() => input.current!.setCustomValidity("")}
          />
          <button class="primary">{words.jumpGo}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the address says about the moment that cannot be shown. */
export function momentNotice(): string | null {
  const wanted = address.value.moment;
  const steps = trace.value.value?.steps;
  if (wanted === null || steps === undefined) return null;
  if (Number.isNaN(wanted)) return strings().badMoment;
  return wanted >= steps && !trace.value.loading ? strings().pastEnd(wanted, count(steps)) : null;
}
