// A text of one's own, or another held-out sample. It stands in the text's place while one types.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Failure } from "./api";
import { run, trace, unit } from "./data";
import { strings } from "./i18n";
import { Message } from "./message";
import { sourceOf, typedText } from "./pasted";
import { address, go } from "./state";

/** The text to begin with: one's own as it was typed, else the sample as it was read, sequences one a line. */
function beginning(): string {
  const { source } = address.value;
  const [own, read] = [typedText(source), trace.value.value];
  return own ?? (read ? written(read.symbols, read.lengths) : "");
}

function written(symbols: readonly string[], lengths: readonly number[]): string {
  let start = 0;
  const lines = lengths.map((length) => {
    start += length;
    return symbols.slice(start - length, start).join("");
  });
  return lines.join("\n");
}

interface Props {
  /** a text was given to the network */
  readonly done: () => void;
  /** nothing is to change */
  readonly cancel: () => void;
}

export function EditText({ done, cancel }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const trouble = useSignal<Failure | null>(null);
  const words = strings();
  const found = run.value.value;
  const { source } = address.value;
  const samples = found?.samples ?? 0;
  const typed = found?.input === "symbols";
  const lines = found?.problem !== "text";

  useEffect(() => {
    area.current?.focus();
    area.current?.select();
  }, []);

  const submit = () => {
    const text = area.current?.value ?? "";
    if (text === "") {
      trouble.value = new Failure(words.emptyText, words.emptyTextRemedy);
      return;
    }
    try {
      go({ source: sourceOf(text), moment: null, unit: unit.peek() });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      trouble.value = error;
      return;
    }
    done();
  };

  return (
    <form
      class="edit"
      aria-label={words.editText}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed) submit();
        else done();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") cancel();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      <p class="quiet">{typed ? (lines ? words.editLines : words.editHint) : words.editSample}</p>
      {trouble.value && <Message what={trouble.value.what} remedy={trouble.value.remedy} />}
      {typed && (
        <textarea
          ref={area}
          data-testid="text-input"
          aria-label={words.ownText}
          spellcheck={false}
          autocapitalize="off"
          defaultValue={beginning()}
        />
      )}
      <div class="row">
        {samples > 1 && (
          <label class="choice">
            {words.sample}
            <input
              type="number"
              data-testid="sample-input"
              min={0}
              max={samples - 1}
              value={source.kind === "sample" ? source.index : ""}
              onChange={(event) => {
                const { valueAsNumber: index, validity } = event.currentTarget;
                if (validity.valid && !Number.isNaN(index)) go({ source: { kind: "sample", index }, moment: null });
              }}
            />
            <span class="quiet">{words.sampleOf(samples - 1)}</span>
          </label>
        )}
        {samples === 1 && source.kind !== "sample" && (
          <button
            type="button"
            onClick={() => {
              go({ source: { kind: "sample", index: 0 }, moment: null });
              done();
            }}
          >
            {words.sample}
          </button>
        )}
        <span class="spring" />
        <button type="button" onClick={cancel}>
          {typed ? words.cancel : words.close}
        </button>
        {typed && (
          <button class="primary" data-testid="text-submit">
            {words.show}
          </button>
        )}
      </div>
    </form>
  );
}
