// The one selection, and the address that is it. Panels read and write this and never talk to each other.
//
//   /                     home
//   /run/{id}?…           network
//   /run/{id}/unit/{n}?…  unit

import { batch, signal } from "@preact/signals";

export type Direction = "forward" | "backward";
export type Lane = "predictions" | "surprise";
export type Language = "en" | "zh";
export const SORTS = ["telling", "index", "turnover", "variance", "saturation", "range"] as const;
export type Sort = (typeof SORTS)[number];
export type Source = { kind: "sample"; index: number } | { kind: "text"; text: string } | { kind: "pasted"; key: string };

export interface Address {
  readonly page: "home" | "network" | "unit" | "nowhere";
  readonly run: string;
  readonly layer: number;
  readonly direction: Direction;
  /** null: the page chooses one that tells something */
  readonly quantity: string | null;
  readonly unit: number | null;
  readonly moment: number | null;
  readonly source: Source;
  readonly lanes: readonly Lane[];
  readonly sort: Sort;
  readonly scale: "unit" | "all";
  readonly lang: Language | null;
}

export const HOME: Address = {
  page: "home",
  run: "",
  layer: 0,
  direction: "forward",
  quantity: null,
  unit: null,
  moment: null,
  source: { kind: "sample", index: 0 },
  lanes: [],
  sort: "telling",
  scale: "unit",
  lang: null,
};

/** A whole number as written in an address; NaN if something else is written there, so that the page can say so. */
function whole(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function oneOf<T extends string>(text: string | null, options: readonly T[], otherwise: T): T {
  return options.find((option) => option === text) ?? otherwise;
}

/** Reads an address; what it leaves out takes its default. */
export function parse(path: string, search: string): Address {
  const query = new URLSearchParams(search);
  const lang = query.get("lang");
  const common: Address = { ...HOME, lang: lang === "en" || lang === "zh" ? lang : null };
  const found = /^\/run\/([^/]+)(?:\/unit\/([^/]+))?\/?$/.exec(path);
  if (!found) return { ...common, page: path === "/" ? "home" : "nowhere" };
  const [, run, unit] = found;
  const written = unit ?? query.get("unit");
  const moment = query.get("t");
  const text = query.get("text");
  const pasted = query.get("pasted");
  return {
    ...common,
    page: unit === undefined ? "network" : "unit",
    run: unescaped(run!),
    layer: whole(query.get("layer") ?? "0"),
    direction: oneOf(query.get("direction"), ["forward", "backward"], "forward"),
    quantity: query.get("quantity"),
    unit: written === null ? null : whole(written),
    moment: moment === null ? null : whole(moment),
    source:
      text !== null
        ? { kind: "text", text }
        : pasted !== null
          ? { kind: "pasted", key: pasted }
          : { kind: "sample", index: whole(query.get("sample") ?? "0") },
    lanes: (query.get("lanes") ?? "")
      .split(",")
      .filter((lane): lane is Lane => lane === "predictions" || lane === "surprise"),
    sort: oneOf(query.get("sort"), SORTS, HOME.sort),
    scale: oneOf(query.get("scale"), ["unit", "all"], "unit"),
  };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in a hand-written address: the run of that very name will not be found, and that is said
  }
}

/** Writes an address; what has its default value is left out. */
export function format(address: Address): string {
  const query = new URLSearchParams();
  let path = "/";
  if (address.page === "network" || address.page === "unit") {
    path = `/run/${encodeURIComponent(address.run)}`;
    if (address.page === "unit") path += `/unit/${address.unit ?? 0}`;
    if (address.layer) query.set("layer", String(address.layer));
    if (address.direction === "backward") query.set("direction", "backward");
    if (address.quantity !== null) query.set("quantity", address.quantity);
    if (address.page === "network" && address.unit !== null) query.set("unit", String(address.unit));
    if (address.moment !== null) query.set("t", String(address.moment));
    const { source } = address;
    if (source.kind === "text") query.set("text", source.text);
    else if (source.kind === "pasted") query.set("pasted", source.key);
    else if (source.index) query.set("sample", String(source.index));
    if (address.lanes.length > 0) query.set("lanes", address.lanes.join(","));
    if (address.sort !== HOME.sort) query.set("sort", address.sort);
    if (address.scale !== HOME.scale) query.set("scale", address.scale);
  }
  if (address.lang) query.set("lang", address.lang);
  const search = query.toString().replaceAll("%2C", ","); // legal as it is, and easier to read
  return search ? `${path}?${search}` : path;
}

export const address = signal<Address>(HOME);

/** What of the text is on the screen, first and last step. Where one has scrolled to is not part of the address. */
export const viewport = signal<readonly [number, number]>([0, 0]);

/** The first step shown by the one-line strips (ledger, lanes); they scroll together. */
export const stripStart = signal(0);

/** A change that is a place to come back to: it gets an entry in the history. */
export function go(change: Partial<Address>): void {
  settle();
  address.value = { ...address.value, ...change };
  history.pushState(null, "", format(address.value));
}

const PAUSE = 150;
let pending = 0;

/** A change on the way (moving the cursor): the address follows, the history does not grow. */
export function move(change: Partial<Address>): void {
  address.value = { ...address.value, ...change };
  // Browsers refuse more than some hundred changes of the address in a row.
  if (!pending) pending = window.setTimeout(settle, PAUSE);
}

function settle(): void {
  if (!pending) return;
  window.clearTimeout(pending);
  pending = 0;
  history.replaceState(null, "", format(address.value));
}

/** Takes the state from the browser's address now, and whenever back or forward is pressed. */
export function followAddress(): void {
  const read = () =>
    batch(() => {
      window.clearTimeout(pending);
      pending = 0;
      address.value = parse(location.pathname, location.search);
    });
  window.addEventListener("popstate", read);
  window.addEventListener("pagehide", settle);
  read();
}
