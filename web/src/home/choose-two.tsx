// Chooses two networks to be compared: any two that read symbols.

import { useSignal } from "@preact/signals";
import type { RunCard } from "../api";
import { home } from "../data";
import { language, strings } from "../i18n";
import { Link } from "../link";

/** Problems whose networks read numbers; a text is nothing to them. */
const NUMBERS: readonly (string | null)[] = ["digits", "series"];

interface Choice {
  readonly card: RunCard;
  readonly name: string;
}

/** Every network that can be compared, the shipped ones first. */
function choices(): Choice[] {
  const found = home.value.value;
  const shipped = (found?.gallery ?? []).map((card) => ({ card, name: card.title[language()] }));
  const own = (found?.runs ?? []).map((card) => ({ card, name: card.name }));
  return [...shipped, ...own].filter(({ card }) => card.error === null && !NUMBERS.includes(card.problem));
}

/** The first two of one problem: they can be told apart by what they do. */
function likely(all: readonly Choice[]): readonly [number, number] {
  for (const [first, { card }] of all.entries()) {
    const second = all.findIndex(({ card: other }, place) => place > first && other.problem === card.problem);
    if (second > 0) return [first, second];
  }
  return [0, 1];
}

export function ChooseTwo() {
  const chosen = useSignal<readonly [number, number] | null>(null);
  const words = strings().gallery;
  const all = choices();
  if (all.length < 2) return null;
  const [first, second] = chosen.value ?? likely(all);
  const choose = (name: string, value: number, change: (place: number) => readonly [number, number]) => (
    <select
      aria-label={name}
      value={value}
      onChange={(event) => (chosen.value = change(Number(event.currentTarget.value)))}
    >
      {all.map(({ name: option }, place) => (
        <option key={place} value={place}>
          {option}
        </option>
      ))}
    </select>
  );
  const [one, other] = [all[first]!.card, all[second]!.card];
  return (
    <section class="choose-two" data-testid="choose-two">
      <h2>{words.compare}</h2>
      <div class="row">
        {choose(words.first, first, (place) => [place, second])}
        <span class="quiet">{words.and}</span>
        {choose(words.second, second, (place) => [first, place])}
        <Link to={{ page: "compare", run: one.id, other: other.id, layer: (one.layers ?? 1) - 1 }} testid="compare">
          {words.compareGo}
        </Link>
      </div>
    </section>
  );
}
