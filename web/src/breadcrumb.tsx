// The breadcrumb is the address: where one is, and the ways up.

import type { ComponentChildren } from "preact";
import { moment, run, selected, unit } from "./data";
import { strings } from "./i18n";
import { Link } from "./link";
import { Menu } from "./menu";
import { address, go, HOME, type Direction } from "./state";

const ARROWS: Readonly<Record<Direction, string>> = { forward: "→", backward: "←" };

interface Props {
  /** what one can do here */
  readonly children?: ComponentChildren;
  /** what one can do, but seldom does */
  readonly more?: ComponentChildren;
}

export function Breadcrumb({ children, more }: Props) {
  const words = strings();
  const { page, lang } = address.value;
  const name = run.value.value?.name ?? address.value.run;
  const onUnit = page === "unit";
  return (
    <header class="bar">
      <nav aria-label={words.whereYouAre}>
        <ol class="breadcrumb">
          <li>
            <Link to={{ ...HOME, lang }}>{words.home}</Link>
          </li>
          <li>{page === "network" ? <h1>{name}</h1> : <Link to={{ page: "network", unit: unit.value }}>{name}</Link>}</li>
          <li>
            <LayerSelect />
          </li>
          {page === "digit" && (
            <li>
              <h1>{words.digit.page}</h1>
            </li>
          )}
          {unit.value !== null && (
            <li>
              {onUnit ? (
                <h1>{words.unitN(unit.value)}</h1>
              ) : (
                <Link to={{ page: "unit", unit: unit.value }} testid="unit-link">
                  {words.unitN(unit.value)}
                </Link>
              )}
            </li>
          )}
          {unit.value !== null && (
            <li>
              {page === "moment" ? (
                <h1>{words.moment.name}</h1>
              ) : (
                <Link to={{ page: "moment", unit: unit.value, moment: moment.value }} testid="moment-link">
                  {words.moment.name}
                </Link>
              )}
            </li>
          )}
        </ol>
      </nav>
      <div class="actions">
        {children}
        <Menu>{more}</Menu>
      </div>
    </header>
  );
}

function LayerSelect() {
  const words = strings();
  const { layer, direction } = address.value;
  const choices = (run.value.value?.layers_detail ?? []).flatMap((detail) =>
    detail.directions.map((way) => ({ layer: detail.layer, way })),
  );
  if (!selected.value) return null;
  return (
    <select
      data-testid="layer-select"
      aria-label={words.chooseLayer}
      value={`${layer} ${direction}`}
      onChange={(event) => {
        const [number, way] = event.currentTarget.value.split(" ") as [string, Direction];
        go({ layer: Number(number), direction: way, unit: null, page: "network" });
      }}
    >
      {choices.map(({ layer: number, way }) => (
        <option key={`${number} ${way}`} value={`${number} ${way}`}>
          {words.layer(number + 1, ARROWS[way])}
        </option>
      ))}
    </select>
  );
}
