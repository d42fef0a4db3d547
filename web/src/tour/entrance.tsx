// The way into the tour, wherever one may want to begin it.

import { strings } from "../i18n";
import { Link } from "../link";
import { opening } from "./places";

export function TourEntrance() {
  return (
    <Link to={opening("circle")} testid="take-tour">
      {strings().tour.take}
    </Link>
  );
}
