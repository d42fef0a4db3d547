// Chooses among the texts that are at hand: the run's own sample, and the files given with --text.

import { run } from "./data";
import { strings } from "./i18n";
import { address, go, HOME, type Source } from "./state";

/** One's own text is no choice of the list, but what is read now stands in it. */
const OWN = "own";

function chosen(source: Source): string {
  if (source.kind === "file") return String(source.index);
  return source.kind === "sample" ? "" : OWN;
}

export function TextSelect() {
  const words = strings();
  const texts = run.value.value?.texts ?? [];
  if (texts.length === 0 || run.value.value?.input !== "symbols") return null;
  const value = chosen(address.value.source);
  return (
    <select
      data-testid="text-select"
      aria-label={words.long.chooseText}
      value={value}
      onChange={(event) => {
        const { value: wanted } = event.currentTarget;
        if (wanted === OWN) return;
        const source: Source = wanted === "" ? HOME.source : { kind: "file", index: Number(wanted) };
        go({ source, moment: null });
      }}
    >
      <option value="">{words.sample}</option>
      {texts.map((title, index) => (
        <option key={index} value={String(index)} translate={false}>
          {title}
        </option>
      ))}
      {value === OWN && <option value={OWN}>{words.ownText}</option>}
    </select>
  );
}
