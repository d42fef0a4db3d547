// Which digit is read: any of the held-out ones, one over which the network changes its mind, or one's own drawing.

import { untracked, useSignalEffect } from "@preact/signals";
import { selected } from "../data";
import { strings } from "../i18n";
import { Message } from "../message";
import { address, go } from "../state";
import { changes, wanted } from "./changes";
import { BLANK } from "./pad";

/** Another digit, its film at its end. */
const show = (index: number) => go({ source: { kind: "sample", index }, moment: null });

export function Chooser() {
  const words = strings().digit;
  const { source } = address.value;
  const samples = selected.value?.run.samples ?? 0;
  if (source.kind === "drawn") {
    return (
      <div class="controls">
        <span class="spring" />
        <button data-testid="digit-held-out" onClick={() => show(0)}>
          {words.held}
        </button>
      </div>
    );
  }
  const index = source.kind === "sample" ? source.index : 0;
  const other = (by: number) => show((index + by + samples) % samples);
  return (
    <div class="controls">
      <label class="choice">
        {words.digit}
        <button type="button" aria-label={words.previous} data-testid="digit-previous" onClick={() => other(-1)}>
          ◀
        </button>
        <input
          type="number"
          data-testid="digit-input"
          min={0}
          max={samples - 1}
          value={index}
          onChange={(event) => {
            const { valueAsNumber: number, validity } = event.currentTarget;
            if (validity.valid && !Number.isNaN(number)) show(number);
          }}
        />
        <button type="button" aria-label={words.next} data-testid="digit-next" onClick={() => other(1)}>
          ▶
        </button>
        <span class="quiet">{words.of(samples - 1)}</span>
      </label>
      <Changing index={index} />
      <span class="spring" />
      <button
        class="primary"
        data-testid="digit-draw"
        onClick={() => go({ source: { kind: "drawn", pixels: BLANK }, moment: null })}
      >
        {words.draw}
      </button>
    </div>
  );
}

/** The next of the digits over which the network changes its mind. */
function Changing({ index }: { readonly index: number }) {
  const words = strings().digit;
  const { value: found, failure, loading } = changes.value;
  const here = found?.find(({ sample }) => sample === index);
  const next = () => {
    const list = changes.peek().value;
    if (!list || list.length === 0) return;
    const { source: now } = address.peek();
    const place = list.findIndex(({ sample }) => now.kind === "sample" && sample === now.index);
    show(list[(place + 1) % list.length]!.sample);
  };
  // The first time the list is still on its way when it is asked for.
  useSignalEffect(() => {
    if (wanted.value && changes.value.value) untracked(next);
  });
  return (
    <>
      <button data-testid="digit-changing" disabled={loading} onClick={() => (wanted.value ? next() : (wanted.value = true))}>
        {words.changing}
      </button>
      {here && <span class="quiet" data-testid="digit-change">{words.changed(here.row, here.turns)}</span>}
      {found?.length === 0 && <span class="quiet">{words.noneChanges}</span>}
      {failure && <Message what={failure.what} remedy={failure.remedy} />}
    </>
  );
}
