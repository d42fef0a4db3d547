// The moment in one sentence; pointing at a number, or going to it with Tab, lights its mark in the drawing.

import { language, strings } from "../i18n";
import { shownMoment } from "./data";
import { lit } from "./sheet";

export function Sentence() {
  const shown = shownMoment.value.value;
  if (!shown) return <p class="sentence" data-testid="sentence" />;
  return (
    <p class="sentence" data-testid="sentence">
      {shown.one.sentence[language()].map(({ text, mark }, i) =>
        mark === null || mark === "unit" ? text : <Marked key={`${mark}${i}`} mark={mark} text={text} />,
      )}
    </p>
  );
}

/** A number that lights its mark. */
export function Marked({ mark, text }: { readonly mark: string; readonly text: string }) {
  const on = () => (lit.value = mark);
  const off = () => {
    if (lit.peek() === mark) lit.value = null;
  };
  return (
    <button
      type="button"
      class={lit.value === mark ? "marked lit" : "marked"}
      data-lights={mark}
      title={strings().moment.lights}
      onPointerEnter={on}
      onPointerLeave={off}
      onFocus={on}
      onBlur={off}
    >
      {text}
    </button>
  );
}
