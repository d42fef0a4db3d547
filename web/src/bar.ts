// Where the page's address is written: the browser's own line, a file's fragment, or nowhere but here. Knows nothing
// of what an address says.

export interface Bar {
  /** the address now: a path with its query */
  read(): string;
  /** Writes an address; as a new place to come back to, or over the last. */
  write(address: string, asNew: boolean): void;
  /** an address as a link has it */
  link(address: string): string;
  /** Calls whenever the reader changed the address: by back and forward, or by hand. */
  follow(changed: () => void): void;
}

/** The explorer's server answers every path with the page. */
export const line: Bar = {
  read: () => location.pathname + location.search,
  write: (address, asNew) => (asNew ? history.pushState(null, "", address) : history.replaceState(null, "", address)),
  link: (address) => address,
  follow: (changed) => window.addEventListener("popstate", changed),
};

/** A file has one path, and browsers refuse to change it: the address is behind the #. */
export function fragment(first: string): Bar {
  const read = () => (location.hash.startsWith("#/") ? location.hash.slice(1) : first);
  let known = read();
  return {
    read,
    write(address, asNew) {
      if (asNew) location.hash = address;
      else location.replace(`#${address}`);
      known = read();
    },
    link: (address) => `#${address}`,
    follow: (changed) =>
      window.addEventListener("hashchange", () => {
        // The browser tells of the page's own writing too, and later than it was done.
        if (read() === known) return;
        known = read();
        changed();
      }),
  };
}

/** A page within another one's leaves that one's address alone. */
export function memory(first: string): Bar {
  let now = first;
  return {
    read: () => now,
    write: (address) => {
      now = address;
    },
    link: () => "#",
    follow: () => undefined,
  };
}

let current: Bar = line;

/** The bar of this page. */
export function bar(): Bar {
  return current;
}

/** Puts the page's address elsewhere; before it is read. */
export function useBar(other: Bar): void {
  current = other;
}
