// Keys: the cursor, the unit, jump, help. They write the state like anything else.

import { dialog } from "./dialogs";
import { moment, selected, trace, unit } from "./data";
import { playFilm } from "./film";
import { grabKey } from "./grab";
import { address, go, move } from "./state";
import { stepUnit } from "./units-list";

const FAR = 10;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
}

/** What the space bar presses. */
function pressable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a") !== null;
}

function stepMoment(by: number): void {
  const steps = trace.peek().value?.steps ?? 0;
  if (steps > 0) move({ moment: Math.max(0, Math.min(steps - 1, moment.peek() + by)) });
}

function press(event: KeyboardEvent): void {
  if (typing(event.target) || event.ctrlKey || event.metaKey) return;
  if (selected.peek() && grabKey(event)) {
    event.preventDefault();
    return;
  }
  if (event.altKey) return;
  if (event.key === "?") dialog.value = "help";
  else if (!selected.peek()) return;
  else if (event.key === "ArrowLeft") stepMoment(event.shiftKey ? -FAR : -1);
  else if (event.key === "ArrowRight") stepMoment(event.shiftKey ? FAR : 1);
  else if (event.key === "Home") stepMoment(Number.NEGATIVE_INFINITY);
  else if (event.key === "End") stepMoment(Number.POSITIVE_INFINITY);
  else if (event.key === "ArrowUp") stepUnit(-1);
  else if (event.key === "ArrowDown") stepUnit(1);
  else if (event.key === "/") dialog.value = "jump";
  else if (event.key === " " && !pressable(event.target)) {
    if (!playFilm()) return;
  }
  else if (event.key === "Enter" && !pressable(event.target)) {
    go(address.peek().page === "unit" ? { page: "network" } : { page: "unit", unit: unit.peek() });
  } else return;
  event.preventDefault();
}

export function listen(): void {
  window.addEventListener("keydown", press);
}
