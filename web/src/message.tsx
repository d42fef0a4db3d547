// What went wrong and what to do about it, in the page. Never a blank one.

import { failure, run, selected, selection, trace } from "./data";
import { strings } from "./i18n";
import { attempt } from "./resource";
import { address, go, HOME } from "./state";

const NOT_FOUND = 404;

interface Props {
  readonly what: string;
  readonly remedy?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export function Message({ what, remedy, action }: Props) {
  return (
    <div class="message" role="alert" data-testid="error-message">
      <p>
        <strong>{what}</strong>
        {remedy && ` ${remedy}`}
      </p>
      {action && <button onClick={action.run}>{action.label}</button>}
    </div>
  );
}

/** The failure or the wrong address of the moment, if there is one, with the way out of it. */
export function Trouble() {
  // What a text that is being typed cannot be read for is said beside it.
  const told = address.value.editing && selected.value?.run.vocabulary != null && failure.value === trace.value.failure;
  const failed = told ? null : failure.value;
  const wrong = selection.value;
  if (failed) return <Message what={failed.what} remedy={failed.remedy} action={wayOut()} />;
  if (wrong && "what" in wrong) {
    return <Message what={wrong.what} action={{ label: wrong.remedy, run: () => go(wrong.change) }} />;
  }
  return null;
}

function wayOut(): { label: string; run: () => void } {
  const words = strings();
  if ([run, trace].some((asked) => asked.value.failure?.status === NOT_FOUND)) {
    return { label: words.toHome, run: () => go({ ...HOME, lang: address.peek().lang }) };
  }
  if (trace.value.failure && address.value.source.kind !== "sample") {
    return { label: words.firstSample, run: () => go({ source: HOME.source, moment: null }) };
  }
  return { label: words.again, run: () => (attempt.value += 1) };
}
