// Colour of a number: interpolation in OKLab between a theme's ends. Knows neither canvases nor what is coloured.
//
// Hue is signed content, grey is permeability; zero is the page's own background, so nothing there is nothing seen.

export interface Theme {
  readonly name: "light" | "dark";
  readonly page: string;
  readonly ink: string;
  readonly negative: string;
  readonly positive: string;
  readonly open: string;
}

export const LIGHT: Theme = {
  name: "light",
  page: "#f7f7f5",
  ink: "#15181d",
  negative: "#42a3fd",
  positive: "#eb7c33",
  open: "#8d939a",
};

export const DARK: Theme = {
  name: "dark",
  page: "#1b1e23",
  ink: "#f1f3f5",
  negative: "#0465af",
  positive: "#9c4700",
  open: "#646970",
};

type Triple = readonly [number, number, number];

const linear = (channel: number): number => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
const gamma = (channel: number): number =>
  channel <= 0.0031308 ? channel * 12.92 : 1.055 * channel ** (1 / 2.4) - 0.055;

function channels(hex: string): Triple {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [linear((bits >> 16) / 255), linear(((bits >> 8) & 255) / 255), linear((bits & 255) / 255)];
}

/** sRGB "#rrggbb" to OKLab (Ottosson 2020). */
export function toOklab(hex: string): Triple {
  const [r, g, b] = channels(hex);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** OKLab to sRGB "#rrggbb", clipped to the gamut. */
export function fromOklab([lightness, a, b]: Triple): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const byte = (channel: number) => Math.round(255 * Math.min(1, Math.max(0, gamma(Math.max(0, channel)))));
  return `#${rgb.map((channel) => byte(channel).toString(16).padStart(2, "0")).join("")}`;
}

/** The colour a share of the way from one to another, in OKLab. */
export function mix(from: string, to: string, share: number): string {
  const [a, b] = [toOklab(from), toOklab(to)];
  return fromOklab([
    a[0] + (b[0] - a[0]) * share,
    a[1] + (b[1] - a[1]) * share,
    a[2] + (b[2] - a[2]) * share,
  ]);
}

/** WCAG's contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [y1, y2] = [one, other].map((hex) => {
    const [r, g, b] = channels(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }) as [number, number];
  return (Math.max(y1, y2) + 0.05) / (Math.min(y1, y2) + 0.05);
}

const LEVELS = 64;

/** A theme's colours, computed once: `signed(−1..1)`, `gate(0..1)`, and the deeper `ridge(−1..1)` that marks a sign. */
export class Tones {
  readonly ink: string;
  readonly faint: string;
  private readonly below: string[];
  private readonly above: string[];
  private readonly gates: string[];
  private readonly ridges: string[];

  constructor(readonly theme: Theme) {
    const ramp = (end: string) => Array.from({ length: LEVELS + 1 }, (_, i) => mix(theme.page, end, i / LEVELS));
    this.ink = theme.ink;
    this.faint = mix(theme.page, theme.ink, 0.5);
    this.below = ramp(theme.negative);
    this.above = ramp(theme.positive);
    this.gates = ramp(theme.open);
    this.ridges = [...this.below].reverse().concat(this.above.slice(1)).map((tone, i) =>
      mix(tone, theme.ink, (0.5 * Math.abs(i - LEVELS)) / LEVELS),
    );
  }

  signed(fraction: number): string {
    const level = Math.min(LEVELS, Math.round(Math.abs(fraction) * LEVELS));
    return (fraction < 0 ? this.below : this.above)[level]!;
  }

  gate(fraction: number): string {
    return this.gates[Math.min(LEVELS, Math.max(0, Math.round(fraction * LEVELS)))]!;
  }

  ridge(fraction: number): string {
    return this.ridges[LEVELS + Math.round(Math.min(1, Math.max(-1, fraction)) * LEVELS)]!;
  }
}
