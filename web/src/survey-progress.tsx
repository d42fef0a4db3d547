// How far a long text has been read. Until all of it has been, the page shows its symbols and no numbers.

import { trace } from "./data";
import { count, percent } from "./format";
import { strings } from "./i18n";

export function SurveyProgress() {
  const read = trace.value.value;
  if (!read || read.share.value >= 1) return null;
  const words = strings().long;
  return (
    <p class="notice survey" data-testid="survey-progress" title={words.readingHint}>
      <label>
        {words.reading(percent(read.share.value), count(read.steps))}{" "}
        <progress max={1} value={read.share.value} />
      </label>
    </p>
  );
}
