// Where the film's columns stand, in pixels. Pure.

export interface Measures {
  /** the first row's top; headings stand above it */
  readonly top: number;
  readonly row: number;
  /** where the rows' numbers end; 0: there is no room for them */
  readonly number: number;
  readonly image: number;
  readonly shares: number;
  readonly share: number;
  readonly doubt: number;
  readonly cell: number;
  /** where the hidden value stands; null: there is no room for it */
  readonly hidden: number | null;
  /** the width of the doubt's and the unit's columns */
  readonly lane: number;
  readonly width: number;
}

/** Beside the image's pixels, which are `row` wide: shares and lanes in rows, the rest in pixels. */
const WIDE = { number: 28, gap: 20, share: 1.1, lane: 3.1, lanes: 3, largest: 20 };
const NARROW = { number: 0, gap: 10, share: 1.7, lane: 3.6, lanes: 2, largest: 14 };
/** For the cursor's outline. */
const MARGIN = 4;

/** Columns for images of `rows` rows and `features` pixels a row, and `outputs` guesses, in a box so large. */
export function measured(
  box: { readonly width: number; readonly height: number },
  { rows, features, outputs }: { readonly rows: number; readonly features: number; readonly outputs: number },
  narrow: boolean,
): Measures {
  const room = narrow ? NARROW : WIDE;
  const top = 44;
  const columns = features + outputs * room.share + room.lanes * room.lane;
  const across = (box.width - room.number - (room.lanes + 1) * room.gap - 2 * MARGIN) / columns;
  // Whole pixels, or there would be seams between those of the image.
  const row = Math.max(4, Math.floor(Math.min(room.largest, across, (box.height - top - MARGIN) / rows)));
  const [share, lane] = [row * room.share, row * room.lane];
  const image = room.number + MARGIN;
  const shares = image + row * features + room.gap;
  const doubt = shares + share * outputs + room.gap;
  const cell = doubt + lane + room.gap;
  const hidden = narrow ? null : cell + lane + room.gap;
  return {
    top,
    row,
    number: room.number,
    image,
    shares,
    share,
    doubt,
    cell,
    hidden,
    lane,
    width: (hidden ?? cell) + lane,
  };
}
