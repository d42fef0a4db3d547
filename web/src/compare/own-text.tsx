// A text for both networks to read, typed or pasted.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { trace } from "../data";
import { Failure } from "../failure";
import { strings } from "../i18n";
import { Message } from "../message";
import { sourceOf, typedText } from "../pasted";
import { address, go } from "../state";
import { lines } from "./agree";

/** The text to begin with: one's own as it was typed, else the sample as it was read. */
function beginning(): string {
  const read = trace.peek().value;
  return typedText(address.peek().source) ?? (read ? lines(read) : "");
}

interface Props {
  /** a text was given to both */
  readonly done: () => void;
  /** nothing is to change */
  readonly cancel: () => void;
}

export function OwnText({ done, cancel }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const trouble = useSignal<Failure | null>(null);
  const words = strings();
  useEffect(() => area.current!.focus(), []);

  const submit = () => {
    const text = area.current!.value;
    if (text === "") {
      trouble.value = new Failure(words.compare.emptyText, words.compare.emptyTextRemedy);
      return;
    }
    try {
      go({ source: sourceOf(text), moment: null });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      trouble.value = error;
      return;
    }
    done();
  };

  return (
    <form
      class="own-text"
      aria-label={words.compare.edit}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") cancel();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      {trouble.value && <Message what={trouble.value.what} remedy={trouble.value.remedy} />}
      <textarea
        ref={area}
        data-testid="compare-input"
        aria-label={words.compare.edit}
        spellcheck={false}
        autocapitalize="off"
        defaultValue={beginning()}
      />
      <div class="row">
        <span class="spring" />
        <button type="button" onClick={cancel}>
          {words.compare.cancel}
        </button>
        <button class="primary" data-testid="compare-submit">
          {words.compare.read}
        </button>
      </div>
    </form>
  );
}
