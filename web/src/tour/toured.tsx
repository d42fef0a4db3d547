// A page with the tour beside it; where a step is a diagram, that takes the page's place.

import { useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { address, move } from "../state";
import { opening, stepOf } from "./places";
import { Rail } from "./rail";
import { STAGES, WIDGETS } from "./steps";

export function Toured({ children }: { readonly children: ComponentChildren }) {
  // An address that names a step and no page opens the step's own.
  useSignalEffect(() => {
    const { tour, page } = address.value;
    const key = stepOf(tour);
    if (key && page === "home") move(opening(key));
  });
  const { tour } = address.value;
  if (tour === null) return <>{children}</>;
  const key = stepOf(tour);
  const Stage = key && STAGES[key];
  return (
    <div class={Stage ? "toured staged" : "toured"}>
      <Rail widgets={WIDGETS} />
      <div class="beside" key={key ?? "none"}>
        {Stage ? <Stage /> : children}
      </div>
    </div>
  );
}
