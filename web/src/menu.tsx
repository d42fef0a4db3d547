// What is at hand on every page and seldom needed, behind one control.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { dialog, LanguageButton } from "./dialogs";
import { strings } from "./i18n";

/** `children` are controls of the page's own, before the keys and the language. */
export function Menu({ children }: { readonly children?: ComponentChildren }) {
  const element = useRef<HTMLDetailsElement>(null);
  const words = strings().live;
  const close = () => element.current!.removeAttribute("open");
  return (
    <details
      ref={element}
      class="menu"
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
      onFocusOut={(event) => {
        if (!element.current!.contains(event.relatedTarget as Node | null)) close();
      }}
    >
      <summary data-testid="menu" aria-label={words.more} title={words.more}>
        ⋯
      </summary>
      <div onClick={close}>
        {children}
        <button onClick={() => (dialog.value = "help")}>{words.help}</button>
        <LanguageButton />
      </div>
    </details>
  );
}
