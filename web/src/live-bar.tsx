// Above a text that is being typed: how to go about it, what the network could not read, and another sample.

import type { Failure } from "./api";
import { run, trace } from "./data";
import { strings } from "./i18n";
import { draft, edit, unkept } from "./live";
import { cutOf } from "./pieces";
import { address, go } from "./state";
import { glyph } from "./symbols";

export function LiveBar() {
  const words = strings();
  const network = run.value.value;
  const typed = network?.vocabulary != null;
  const cut = cutOf(network?.problem ?? null, network?.vocabulary ?? null);
  const trouble = typed ? (unkept.value ?? trace.value.failure) : null;
  const unknown = trace.value.value?.unknown ?? [];
  return (
    <div class="live-bar">
      <p id="live-said" role="status" class={trouble || unknown.length > 0 ? "" : "quiet"}>
        {trouble ? (
          <Said trouble={trouble} />
        ) : unknown.length > 0 ? (
          <Unknown symbols={unknown} />
        ) : typed ? (
          words.live.typed[cut](draft.value === "")
        ) : (
          words.live.numbers
        )}
      </p>
      <SampleChoice />
      <button data-testid="live-done" onClick={() => edit(false)}>
        {words.live.done}
      </button>
    </div>
  );
}

function Said({ trouble }: { readonly trouble: Failure }) {
  return (
    <>
      <strong>{trouble.what}</strong> {trouble.remedy}
    </>
  );
}

/** The symbols that the network does not know, and what it read in their place. */
export function Unknown({ symbols }: { readonly symbols: readonly string[] }) {
  return (
    <>
      {strings().unknownSymbols}{" "}
      {symbols.map((symbol) => (
        <bdi key={symbol}>{glyph(symbol).text} </bdi>
      ))}
    </>
  );
}

function SampleChoice() {
  const words = strings();
  const samples = run.value.value?.samples ?? 0;
  const { source } = address.value;
  const choose = (index: number) => go({ source: { kind: "sample", index }, moment: null });
  if (samples > 1) {
    return (
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
            if (validity.valid && !Number.isNaN(index)) choose(index);
          }}
        />
        <span class="quiet">{words.sampleOf(samples - 1)}</span>
      </label>
    );
  }
  if (source.kind === "sample") return null;
  return <button onClick={() => choose(0)}>{words.sample}</button>;
}
