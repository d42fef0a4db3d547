// Numbers as a reader expects them set: a true minus, no negative zero, thin groups of thousands.

const MINUS = "\u2212";
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number with fixed decimals; "—" for one that is not a number. */
export function decimal(value: number, digits = 2): string {
  if (Number.isNaN(value)) return "—";
  if (!Number.isFinite(value)) return value < 0 ? `${MINUS}∞` : "∞";
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** A number whose sign is always written. */
export function signed(value: number, digits = 2): string {
  const text = decimal(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** A share as a whole percentage, but never "0 %" or "100 %" for one that is not quite that. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return "—";
  if (share > 0 && share < 0.005) return "<1 %";
  if (share < 1 && share >= 0.995) return ">99 %";
  return `${Math.round(100 * share)} %`;
}

/** A probability as typesetters set it: .91, 1. */
export function probability(value: number): string {
  return value >= 0.995 ? "1" : value.toFixed(2).replace(/^0/, "");
}

/** A correlation as typesetters set it: .91, −.4, 1. */
export function correlation(value: number): string {
  return (value < 0 ? MINUS : "") + probability(Math.abs(value));
}

/** A count with thin spaces between thousands. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** The end of a scale: two significant digits are enough to read it. */
export function scaleEnd(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return decimal(value, 0);
  const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.abs(value))));
  return Number.isInteger(value) ? decimal(value, 0) : decimal(value, Math.min(6, digits));
}

/** A whole number in raised digits. */
export function superscript(number: number): string {
  const digits = [...String(Math.abs(number))].map((digit) => RAISED[Number(digit)]);
  return `${number < 0 ? "⁻" : ""}${digits.join("")}`;
}

/** A whole number from 0 on in lowered digits. */
export function lowered(number: number): string {
  return [...String(number)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
}
