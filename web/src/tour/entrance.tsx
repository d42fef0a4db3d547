// The way into the tour, wherever one may want to begin it.

import { host, server } from "../host";
import { strings } from "../i18n";
import { Link } from "../link";
import { opening } from "./places";

/** The shipped networks are at the server; a file and a notebook have only what they were made of. */
export function TourEntrance() {
  if (host() !== server) return null;
  return (
    <Link to={opening("circle")} testid="take-tour">
      {strings().tour.take}
    </Link>
  );
}
