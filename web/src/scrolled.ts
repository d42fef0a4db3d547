// Scrolling through more pixels than a browser can lay out. Pure.
//
// A browser's box ends somewhere past ten million pixels. A text that is taller stands in a box of that height, which
// is scrolled in proportion; any other text is its own box.

const TALLEST = 12_000_000;

/** A text `total` pixels tall in a window `shown` pixels tall. */
export interface Scrolled {
  readonly total: number;
  readonly shown: number;
}

/** The height of the box that is scrolled. */
export function boxHeight({ total }: Scrolled): number {
  return Math.min(total, TALLEST);
}

function stretched(scrolled: Scrolled): number {
  const [outer, inner] = [scrolled.total - scrolled.shown, boxHeight(scrolled) - scrolled.shown];
  return inner > 0 ? Math.max(1, outer / inner) : 1;
}

/** The first pixel of the text that is shown when the box is scrolled so far. */
export function topAt(scrolled: Scrolled, scrollTop: number): number {
  return scrollTop * stretched(scrolled);
}

/** How far the box must be scrolled to show a pixel of the text first. */
export function scrollTo(scrolled: Scrolled, top: number): number {
  return top / stretched(scrolled);
}
