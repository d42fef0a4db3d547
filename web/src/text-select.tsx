// Chooses among the texts that are at hand: the run's own sample, and the files given with --text.

import { run } from "./data";
import { language, strings } from "./i18n";
import { sentName } from "./pasted";
import { address, go, type Source } from "./state";

/** One's own text is no choice of the list, but what is read now stands in it. */
const OWN = "own";

function chosen(source: Source): string {
  if (source.kind === "file") return String(source.index);
  return source.kind === "sample" ? sampleValue(source.index) : OWN;
}

const sampleValue = (index: number) => (index === 0 ? "" : `s${index}`);

export function TextSelect() {
  const words = strings();
  const texts = run.value.value?.texts ?? [];
  const titles = run.value.value?.sample_titles ?? [null];
  const { source: now } = address.value;
  // A file that was opened has a place in the list while it is read.
  if (texts.length === 0 && titles.length < 2 && now.kind !== "opened") return null;
  const value = chosen(address.value.source);
  return (
    <select
      class="texts"
      data-testid="text-select"
      aria-label={words.long.chooseText}
      value={value}
      onChange={(event) => {
        const { value: wanted } = event.currentTarget;
        if (wanted === OWN) return;
        const source: Source =
          wanted === "" || wanted.startsWith("s")
            ? { kind: "sample", index: Number(wanted.slice(1)) }
            : { kind: "file", index: Number(wanted) };
        go({ source, moment: null });
      }}
    >
      {titles.map((title, index) => (
        <option key={`s${index}`} value={sampleValue(index)}>
          {title?.[language()] ?? words.sample}
        </option>
      ))}
      {texts.map((title, index) => (
        <option key={`f${index}`} value={String(index)} translate={false}>
          {title}
        </option>
      ))}
      {value === OWN && <option value={OWN}>{sentName(now) ?? words.ownText}</option>}
    </select>
  );
}
