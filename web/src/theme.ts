// What the reader's machine asks for: light or dark, wide or narrow. And the type that canvases are set in.

import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { DARK, LIGHT, Tones } from "./colour";

export const MONO =
  'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", "PingFang SC", "Noto Sans CJK SC", monospace';
export const SANS = 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Noto Sans CJK SC", sans-serif';

function matches(query: string): ReadonlySignal<boolean> {
  const media = window.matchMedia(query);
  const matched = signal(media.matches);
  media.addEventListener("change", (event) => {
    matched.value = event.matches;
  });
  return matched;
}

const dark = matches("(prefers-color-scheme: dark)");

export const tones = computed(() => new Tones(dark.value ? DARK : LIGHT));

/** One column, units as a sheet at the bottom. The style sheet's breakpoint is the same. */
export const narrow = matches("(max-width: 760px)");

/** Too narrow for the wide drawing of a cell to be read: it stands upright. */
export const upright = matches("(max-width: 960px)");
/** Motion is unwelcome: what moves by itself is shown step by step instead. */
export const still = matches("(prefers-reduced-motion: reduce)");
