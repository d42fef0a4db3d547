// What a page in a notebook and the frame around it say to each other.

import type { Selection } from "./selection";

/** The page asks its host, or says what is selected. */
export type FromPage =
  | { readonly kind: "ask"; readonly id: number; readonly path: string; readonly body: unknown }
  | { readonly kind: "selection"; readonly selection: Selection };

/** The frame answers, says that nobody does, or that something else was selected in Python. */
export type FromFrame =
  | { readonly kind: "answer"; readonly id: number; readonly status: number; readonly body: ArrayBuffer }
  | { readonly kind: "gone"; readonly id: number }
  | { readonly kind: "selection"; readonly selection: Partial<Selection> };
