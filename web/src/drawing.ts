// A drawn digit as an address and a request write it: 28 rows of 28 grey values from 0 (paper) to 15 (ink), two a
// byte with the high nibble first, in base64url without padding. Knows nothing of how a digit is drawn.

/** Rows of a drawing, and pixels in a row. */
export const SIDE = 28;
/** The grey value of full ink. */
export const INK = 15;

const PIXELS = SIDE * SIDE;
const LETTERS = 523; // 392 bytes, three to four letters

/** Writes (SIDE · SIDE) grey values, row after row. */
export function encode(greys: Uint8Array): string {
  if (greys.length !== PIXELS || greys.some((grey) => grey > INK)) {
    throw new RangeError(`a drawing is ${PIXELS} grey values of 0 to ${INK}`);
  }
  let bytes = "";
  for (let place = 0; place < PIXELS; place += 2) {
    bytes += String.fromCharCode((greys[place]! << 4) | greys[place + 1]!);
  }
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads what `encode` wrote; null if it is something else. */
export function decode(text: string): Uint8Array | null {
  if (text.length !== LETTERS || !/^[\w-]*$/.test(text)) return null;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from({ length: PIXELS }, (_, place) => {
    const byte = bytes.charCodeAt(place >> 1);
    return place % 2 === 0 ? byte >> 4 : byte & 15;
  });
}
