// Keys: the cursor, the unit, jump, help. They write the state like anything else.

import { dialog } from "./dialogs";
import { selected, unit } from "./data";
import { playFilm } from "./film";
import { grabKey } from "./grab";
import { playLight } from "./light/panel";
import { markStretch, toggleLight } from "./looking";
import { step as stepMoment, togglePlay } from "./moment/play";
import { address, go, type Page } from "./state";
import { stepUnit } from "./units-list";

const FAR = 10;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
}

/** Whether a key is meant for the button or the link that has the focus. */
function onControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button:not(.marked), a") !== null;
}

const DEEPER: Partial<Record<Page, Page>> = { network: "unit", unit: "moment" };
const UP: Partial<Record<Page, Page>> = { moment: "unit", unit: "network" };

/** Goes a page deeper or back up, with the unit that is looked at. */
function change(way: Partial<Record<Page, Page>>): void {
  const page = way[address.peek().page];
  if (page) go({ page, unit: unit.peek() });
}

/** Plays what there is to play on the page; false where nothing is. */
function play(): boolean {
  const { page, light } = address.peek();
  if (page === "moment") togglePlay();
  else if (light !== null) playLight();
  else return playFilm();
  return true;
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
  else if (event.key === "b") toggleLight();
  else if (event.key === "[") markStretch("from");
  else if (event.key === "]") markStretch("to");
  else if (event.key === "/") dialog.value = "jump";
  else if (event.key === "Enter" && !onControl(event.target)) change(DEEPER);
  else if (event.key === "Backspace") change(UP);
  else if (event.key === " " && !onControl(event.target)) {
    if (!play()) return;
  } else return;
  event.preventDefault();
}

export function listen(): void {
  window.addEventListener("keydown", press);
}
