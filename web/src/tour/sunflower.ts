// Dots in a circle, as seeds lie in a sunflower: any number of them, evenly. Pure.

export interface Seed {
  readonly x: number;
  readonly y: number;
}

export interface Flower {
  readonly seeds: readonly Seed[];
  /** of each dot */
  readonly radius: number;
}

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const CROWDING = 0.76;

/** `count` dots that fit a circle about the origin; a dot's place among them does not depend on the circle's size. */
export function sunflower(count: number, circle: number): Flower {
  const radius = Math.min(circle * 0.2, (CROWDING * circle) / Math.sqrt(Math.max(1, count)));
  const seeds = Array.from({ length: count }, (_, place) => {
    const far = (circle - radius * 1.2) * Math.sqrt((place + 0.5) / count);
    return { x: far * Math.cos(place * GOLDEN), y: far * Math.sin(place * GOLDEN) };
  });
  return { seeds, radius };
}
