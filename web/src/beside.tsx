// The other ways of looking at the network that is looked at: a digit's film, or a sibling on the same text.

import { selected } from "./data";
import { strings } from "./i18n";
import { Link } from "./link";

export function Beside() {
  const words = strings();
  const network = selected.value?.run;
  if (network?.problem === "digits") {
    return (
      <Link to={{ page: "digit" }} testid="digit-link">
        {words.digit.open}
      </Link>
    );
  }
  const other = network?.siblings[0];
  if (other === undefined || network?.input !== "symbols") return null;
  return (
    <Link to={{ page: "compare", other, otherUnit: null, clamps: [], editing: false }} testid="compare-link">
      {words.compare.page}
    </Link>
  );
}
