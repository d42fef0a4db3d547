// The two lines that lead from a circle to its enlargement. Pure.

export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** The outer tangents of two circles as a path; none where one lies inside the other. */
export function tangents(one: Circle, other: Circle): string {
  const [across, down] = [other.x - one.x, other.y - one.y];
  const far = Math.hypot(across, down);
  const spread = (one.radius - other.radius) / far;
  if (!(Math.abs(spread) < 1)) return "";
  const towards = Math.atan2(down, across);
  const lean = Math.acos(spread);
  return [towards + lean, towards - lean]
    .map((angle) => {
      const at = ({ x, y, radius }: Circle) =>
        `${(x + radius * Math.cos(angle)).toFixed(2)} ${(y + radius * Math.sin(angle)).toFixed(2)}`;
      return `M${at(one)}L${at(other)}`;
    })
    .join("");
}
