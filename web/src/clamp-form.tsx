// Holding a quantity of the chosen unit: which, at what, and from when to when.

import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { unitAddress, withClamp } from "./clamps";
import { moment, selected, trace, unit } from "./data";
import { fullNameOf, strings } from "./i18n";
import { inReadingOrder, isGate, letter } from "./quantities";
import { address, go } from "./state";

/** The form is open. */
export const clamping = signal(false);

type When = "on" | "stretch" | "always";

/** The one control that opens it. */
export function ClampButton() {
  if (selected.value?.run.bare) return null;
  return (
    <button data-testid="clamp" aria-expanded={clamping.value} onClick={() => (clamping.value = !clamping.value)}>
      {strings().live.clamp}
    </button>
  );
}

export function ClampForm() {
  const words = strings().live;
  const input = useRef<HTMLInputElement>(null);
  const chosen = selected.value;
  const steps = trace.value.value?.steps ?? 0;
  const { stretch, layer, direction } = address.value;
  const quantity = useSignal(chosen?.quantity ?? "hidden");
  const when = useSignal<When>(stretch ? "stretch" : "on");
  const [first, last] = stretch ?? [moment.value, moment.value];
  const from = useRef<HTMLInputElement>(null);
  const to = useRef<HTMLInputElement>(null);

  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);

  if (!chosen || unit.value === null) return null;
  const there = inReadingOrder(chosen.detail.quantities);
  const held = there.includes(quantity.value) ? quantity.value : there[0]!;

  const hold = (event: SubmitEvent) => {
    event.preventDefault();
    const [begin, end] = [from.current?.valueAsNumber ?? first, to.current?.valueAsNumber ?? last];
    const span: readonly [number, number | null] =
      when.value === "always" ? [0, null] : when.value === "on" ? [moment.peek(), null] : [Math.min(begin, end), Math.max(begin, end)];
    const clamp = {
      unit: unitAddress(layer, direction, held, unit.peek()!),
      value: input.current!.valueAsNumber,
      from: span[0],
      to: span[1],
    };
    go({ clamps: withClamp(address.peek().clamps, clamp), unit: unit.peek() });
    clamping.value = false;
  };

  const step = (ref: typeof from, label: string, value: number) => (
    <input ref={ref} type="number" required min={0} max={Math.max(0, steps - 1)} aria-label={label} defaultValue={String(value)} />
  );
  return (
    <form
      class="clamp-form row"
      data-testid="clamp-form"
      aria-label={words.clamp}
      onSubmit={(event) => hold(event as unknown as SubmitEvent)}
      onKeyDown={(event) => {
        if (event.key === "Escape") clamping.value = false;
      }}
    >
      <label class="choice">
        {words.hold(unit.value)}
        <select
          data-testid="clamp-quantity"
          value={held}
          onChange={(event) => (quantity.value = event.currentTarget.value)}
        >
          {there.map((one) => (
            <option value={one} key={one}>{`${letter(one, chosen.run.cell ?? "")} ${fullNameOf(one)}`}</option>
          ))}
        </select>
      </label>
      <label class="choice">
        {words.at_}
        <input
          ref={input}
          type="number"
          step="any"
          required
          data-testid="clamp-value"
          {...(isGate(held) ? { min: 0, max: 1 } : {})}
          defaultValue="0"
        />
      </label>
      <select
        data-testid="clamp-when"
        aria-label={words.whenLabel}
        value={when.value}
        onChange={(event) => (when.value = event.currentTarget.value as When)}
      >
        <option value="on">{words.fromHere(moment.value)}</option>
        <option value="stretch">{words.onSteps}</option>
        <option value="always">{words.always}</option>
      </select>
      {when.value === "stretch" && (
        <span class="choice">
          {step(from, words.firstStep, first)}–{step(to, words.lastStep, last)}
        </span>
      )}
      <button class="primary" data-testid="clamp-hold">
        {words.holdIt}
      </button>
    </form>
  );
}
