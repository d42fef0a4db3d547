// The one selection, and the address that is it. Panels read and write this and never talk to each other.
//
//   /                            home
//   /run/{id}?…                  network
//   /run/{id}/unit/{n}?…         unit
//   /run/{id}/unit/{n}/moment?…  moment
//   /run/{id}/digit?…            digit
//   /compare/{id}/{other}?…      two networks on one text

import { batch, signal } from "@preact/signals";
import { bar } from "./bar";
import { ZOOMS } from "./tracks";

export type Direction = "forward" | "backward";
export type Lane = "predictions" | "surprise";
export type Language = "en" | "zh";
export const SORTS = [
  "telling",
  "follows",
  "silence",
  "cost",
  "index",
  "turnover",
  "variance",
  "saturation",
  "range",
] as const;
export type Sort = (typeof SORTS)[number];
export type Source =
  | { readonly kind: "sample"; readonly index: number }
  /** a file that the explorer was started with */
  | { readonly kind: "file"; readonly index: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "pasted"; readonly key: string }
  /** a file of numbers that was opened on the page; it lives in this tab */
  | { readonly kind: "opened"; readonly key: string }
  /** a digit drawn by hand; the pixels as drawing.ts writes them */
  | { readonly kind: "drawn"; readonly pixels: string };

/** A quantity of one unit held at a value, as `ph.intervene` holds it. */
export interface Clamp {
  /** as `ph.intervene` takes it: `l0.cell.3`, `l1_reverse.forget_gate.7` */
  readonly unit: string;
  readonly value: number;
  /** the first and the last step at which it is held; null: to the end */
  readonly from: number;
  readonly to: number | null;
}

export type Page = "home" | "network" | "unit" | "moment" | "digit" | "compare" | "nowhere";

export interface Address {
  readonly page: Page;
  readonly run: string;
  /** the second network of a comparison */
  readonly other: string;
  readonly layer: number;
  readonly direction: Direction;
  /** null: the page chooses one that tells something */
  readonly quantity: string | null;
  readonly unit: number | null;
  /** the unit of a comparison's second network */
  readonly otherUnit: number | null;
  readonly moment: number | null;
  readonly source: Source;
  /** which checkpoint of the training film; null: the finished network */
  readonly frame: number | null;
  readonly clamps: readonly Clamp[];
  /** the step whose prediction sends its light backwards; null: none does */
  readonly light: number | null;
  /** a chosen stretch of steps, first and last */
  readonly stretch: readonly [number, number] | null;
  /** the text is being edited in place */
  readonly editing: boolean;
  /** the moment page shows all units of the layer, not one */
  readonly everyUnit: boolean;
  /** which step of the tour is beside the page, from 1; null: none */
  readonly tour: number | null;
  readonly lanes: readonly Lane[];
  readonly sort: Sort;
  readonly scale: "unit" | "all";
  /** pixels that a step of a signal is wide; null: as many as suit it */
  readonly zoom: number | null;
  readonly lang: Language | null;
}

export const HOME: Address = {
  page: "home",
  run: "",
  other: "",
  layer: 0,
  direction: "forward",
  quantity: null,
  unit: null,
  otherUnit: null,
  moment: null,
  source: { kind: "sample", index: 0 },
  frame: null,
  clamps: [],
  light: null,
  stretch: null,
  editing: false,
  everyUnit: false,
  tour: null,
  lanes: [],
  sort: "telling",
  scale: "unit",
  zoom: null,
  lang: null,
};

/** A whole number as written in an address; NaN if something else is written there, so that the page can say so. */
function whole(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function oneOf<T extends string>(text: string | null, options: readonly T[], otherwise: T): T {
  return options.find((option) => option === text) ?? otherwise;
}

/** A number in an address that may be left out. */
function optional(text: string | null): number | null {
  return text === null ? null : whole(text);
}

const CLAMP = /^(l\d+(?:_reverse)?\.[a-z_]+\.\d+):(-?\d+(?:\.\d+)?(?:e-?\d+)?)@(\d{1,9})-(\d{1,9})?$/;

function clampsIn(text: string | null): Clamp[] {
  return (text ?? "").split(",").flatMap((part) => {
    const found = CLAMP.exec(part);
    if (!found) return [];
    const [, unit, value, from, to] = found;
    return [{ unit: unit!, value: Number(value), from: Number(from), to: to === undefined ? null : Number(to) }];
  });
}

function stretchIn(text: string | null): readonly [number, number] | null {
  const found = /^(\d{1,9})-(\d{1,9})$/.exec(text ?? "");
  if (!found) return null;
  const [from, to] = [Number(found[1]), Number(found[2])];
  return from <= to ? [from, to] : [to, from];
}

function sourceIn(query: URLSearchParams): Source {
  const [text, pasted, drawn, file] = [query.get("text"), query.get("pasted"), query.get("drawn"), query.get("file")];
  if (text !== null) return { kind: "text", text };
  if (pasted !== null) return { kind: "pasted", key: pasted };
  if (drawn !== null) return { kind: "drawn", pixels: drawn };
  const opened = query.get("opened");
  if (opened !== null) return { kind: "opened", key: opened };
  if (file !== null) return { kind: "file", index: whole(file) };
  return { kind: "sample", index: whole(query.get("sample") ?? "0") };
}

const PLACES: readonly (readonly [Page, RegExp])[] = [
  ["network", /^\/run\/(?<run>[^/]+)\/?$/],
  ["unit", /^\/run\/(?<run>[^/]+)\/unit\/(?<unit>[^/]+)\/?$/],
  ["moment", /^\/run\/(?<run>[^/]+)\/unit\/(?<unit>[^/]+)\/moment\/?$/],
  ["digit", /^\/run\/(?<run>[^/]+)\/digit\/?$/],
  ["compare", /^\/compare\/(?<run>[^/]+)\/(?<other>[^/]+)\/?$/],
];

function placeIn(path: string): { page: Page; run?: string; unit?: string; other?: string } {
  for (const [page, pattern] of PLACES) {
    const found = pattern.exec(path);
    if (found) return { page, ...found.groups };
  }
  return { page: path === "/" ? "home" : "nowhere" };
}

/** Reads an address; what it leaves out takes its default. */
export function parse(path: string, search: string): Address {
  const query = new URLSearchParams(search);
  const lang = query.get("lang");
  const { page, run, unit, other } = placeIn(path);
  const common: Address = {
    ...HOME,
    page,
    lang: lang === "en" || lang === "zh" ? lang : null,
    tour: optional(query.get("tour")),
  };
  if (run === undefined) return common;
  return {
    ...common,
    run: unescaped(run),
    other: other === undefined ? "" : unescaped(other),
    layer: whole(query.get("layer") ?? "0"),
    direction: oneOf(query.get("direction"), ["forward", "backward"], "forward"),
    quantity: query.get("quantity"),
    unit: optional(unit ?? query.get("unit")),
    otherUnit: optional(query.get("unit2")),
    moment: optional(query.get("t")),
    source: sourceIn(query),
    frame: optional(query.get("frame")),
    clamps: clampsIn(query.get("clamp")),
    light: optional(query.get("light")),
    stretch: stretchIn(query.get("stretch")),
    editing: query.has("edit"),
    everyUnit: query.has("all"),
    lanes: (query.get("lanes") ?? "")
      .split(",")
      .filter((lane): lane is Lane => lane === "predictions" || lane === "surprise"),
    sort: oneOf(query.get("sort"), SORTS, HOME.sort),
    scale: oneOf(query.get("scale"), ["unit", "all"], "unit"),
    zoom: ZOOMS.find((one) => String(one) === query.get("zoom")) ?? null,
  };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in a hand-written address: the run of that very name will not be found, and that is said
  }
}

/** A run's id in a path; the colon of a shipped network's is legal there, and easier to read. */
function escaped(id: string): string {
  return encodeURIComponent(id).replaceAll("%3A", ":");
}

function pathOf({ page, run, other, unit }: Address): string {
  switch (page) {
    case "home":
    case "nowhere":
      return "/";
    case "network":
      return `/run/${escaped(run)}`;
    case "unit":
      return `/run/${escaped(run)}/unit/${unit ?? 0}`;
    case "moment":
      return `/run/${escaped(run)}/unit/${unit ?? 0}/moment`;
    case "digit":
      return `/run/${escaped(run)}/digit`;
    case "compare":
      return `/compare/${escaped(run)}/${escaped(other)}`;
  }
}

function writeSource(query: URLSearchParams, source: Source): void {
  switch (source.kind) {
    case "text":
      return query.set("text", source.text);
    case "pasted":
      return query.set("pasted", source.key);
    case "opened":
      return query.set("opened", source.key);
    case "drawn":
      return query.set("drawn", source.pixels);
    case "file":
      return query.set("file", String(source.index));
    case "sample":
      if (source.index) query.set("sample", String(source.index));
  }
}

/** A clamp as an address writes it: `l0.cell.3:7@12-20`. */
function clampText({ unit, value, from, to }: Clamp): string {
  return `${unit}:${value}@${from}-${to ?? ""}`;
}

/** Writes an address; what has its default value is left out. */
export function format(address: Address): string {
  const query = new URLSearchParams();
  const unitInPath = address.page === "unit" || address.page === "moment";
  if (address.page !== "home" && address.page !== "nowhere") {
    if (address.layer) query.set("layer", String(address.layer));
    if (address.direction === "backward") query.set("direction", "backward");
    if (address.quantity !== null) query.set("quantity", address.quantity);
    if (!unitInPath && address.unit !== null) query.set("unit", String(address.unit));
    if (address.otherUnit !== null) query.set("unit2", String(address.otherUnit));
    if (address.moment !== null) query.set("t", String(address.moment));
    writeSource(query, address.source);
    if (address.frame !== null) query.set("frame", String(address.frame));
    if (address.clamps.length > 0) query.set("clamp", address.clamps.map(clampText).join(","));
    if (address.light !== null) query.set("light", String(address.light));
    if (address.stretch !== null) query.set("stretch", address.stretch.join("-"));
    if (address.editing) query.set("edit", "1");
    if (address.everyUnit) query.set("all", "1");
    if (address.lanes.length > 0) query.set("lanes", address.lanes.join(","));
    if (address.sort !== HOME.sort) query.set("sort", address.sort);
    if (address.scale !== HOME.scale) query.set("scale", address.scale);
    if (address.zoom !== null) query.set("zoom", String(address.zoom));
  }
  if (address.tour !== null) query.set("tour", String(address.tour));
  if (address.lang) query.set("lang", address.lang);
  // Legal as they are, and easier to read.
  const search = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%40", "@");
  const path = pathOf(address);
  return search ? `${path}?${search}` : path;
}

/** Until the address has been read the page is nowhere, so that nothing is asked for. */
export const address = signal<Address>({ ...HOME, page: "nowhere" });

/** What of the text is on the screen, first and last step. Where one has scrolled to is not part of the address. */
export const viewport = signal<readonly [number, number]>([0, 0]);

/** The first step shown by the one-line strips (ledger, lanes); they scroll together. */
export const stripStart = signal(0);

/** A change that is a place to come back to: it gets an entry in the history. */
export function go(change: Partial<Address>): void {
  settle();
  address.value = { ...address.value, ...change };
  bar().write(format(address.value), true);
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
  bar().write(format(address.value), false);
}

/** Takes the state from the bar's address now, and whenever the reader changes it. */
export function followAddress(): void {
  const read = () =>
    batch(() => {
      window.clearTimeout(pending);
      pending = 0;
      const [path = "/", ...query] = bar().read().split("?");
      address.value = parse(path, query.join("?"));
    });
  bar().follow(read);
  window.addEventListener("pagehide", settle);
  read();
}
