// How wide a step of numbers is: closer and further.

import { trace } from "./data";
import { strings } from "./i18n";
import { address, go } from "./state";
import { isSeries, usualZoom, zoomed } from "./tracks";

/** About the width of the page's tracks, where nobody has chosen how wide a step is. */
const ABOUT = 800;

export function Zoom() {
  const words = strings();
  const read = trace.value.value;
  if (!read || !isSeries(read)) return null;
  const now = address.value.zoom ?? usualZoom(read.steps, ABOUT);
  const button = (by: 1 | -1, sign: string, name: string) => {
    const next = zoomed(now, by);
    return (
      <button aria-label={name} title={name} data-testid={by > 0 ? "zoom-in" : "zoom-out"} disabled={next === now} onClick={() => go({ zoom: next })}>
        {sign}
      </button>
    );
  };
  return (
    <span class="switch zoom" role="group" aria-label={words.zoom}>
      {button(-1, "\u2212", words.zoomOut)}
      {button(1, "+", words.zoomIn)}
    </span>
  );
}
