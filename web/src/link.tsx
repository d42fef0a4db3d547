// A link within the explorer: a real address, so that it can be opened in a new tab, followed without a reload.

import type { ComponentChildren } from "preact";
import { bar } from "./bar";
import { address, format, go, type Address } from "./state";

interface Props {
  readonly to: Partial<Address>;
  readonly class?: string;
  readonly testid?: string;
  readonly label?: string;
  readonly children: ComponentChildren;
}

export function Link({ to, class: className, testid, label, children }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  const target = bar().link(format({ ...address.value, ...to }));
  return (
    <a href={target} class={className} data-testid={testid} aria-label={label} onClick={follow}>
      {children}
    </a>
  );
}
