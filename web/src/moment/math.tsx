// Formulas as MathML, from small pieces.

import type { ComponentChildren } from "preact";
import { lights, lit } from "./sheet";

/** Brackets that do not grow with what is in them. As an object: Preact leaves out an attribute that is false. */
export const RIGID: object = { stretchy: "false" };

/** A letter with an index below: f_t, c_{t−1}, W_f. */
export function Indexed({ letter, index }: { readonly letter: string; readonly index: string }) {
  return (
    <msub>
      <mi>{letter}</mi>
      <mi>{index}</mi>
    </msub>
  );
}

/** Two factors side by side, without a sign between them. */
export function Product({ children }: { readonly children: readonly [ComponentChildren, ComponentChildren] }) {
  return (
    <mrow>
      {children[0]}
      <mspace width="0.12em" />
      {children[1]}
    </mrow>
  );
}

export function Sign({ children }: { readonly children: string }) {
  return <mo>{children}</mo>;
}

/** A number as it is printed; with a mark it lights what it is in the drawing. */
export function Value({ mark, children }: { readonly mark?: string; readonly children: string }) {
  return (
    <mn {...(mark ? { "data-field": mark, class: lit.value === mark ? "lit" : "", ...lights(mark) } : {})}>
      {children}
    </mn>
  );
}

/** A number in a product or a sum behind another sign: in brackets if it has a sign of its own. */
export function Bracketed({ mark, children }: { readonly mark?: string; readonly children: string }) {
  const value = mark ? <Value mark={mark}>{children}</Value> : <Value>{children}</Value>;
  if (!/^[−-]/.test(children)) return value;
  return (
    <mrow>
      <mo {...RIGID}>(</mo>
      {value}
      <mo {...RIGID}>)</mo>
    </mrow>
  );
}

/** A function of what stands in its brackets. */
export function Applied({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <mrow>
      <mi mathvariant={name.length > 1 ? "normal" : undefined}>{name}</mi>
      <mo {...RIGID}>(</mo>
      {children}
      <mo {...RIGID}>)</mo>
    </mrow>
  );
}

/** Terms with a plus between each two. */
export function Summed({ children }: { readonly children: readonly ComponentChildren[] }) {
  return (
    <mrow>
      {children.map((term, i) => (
        <>
          {i > 0 && <mo>+</mo>}
          {term}
        </>
      ))}
    </mrow>
  );
}
