// Where a tab keeps what is too long for its address: its session's storage, or the page itself, where it stands in a
// frame that is given no storage.

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

function own(): Shelf {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

function session(): Shelf {
  try {
    return window.sessionStorage;
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return own();
    throw error;
  }
}

let found: Shelf | null = null;

/** The shelf of this tab. */
export function shelf(): Shelf {
  return (found ??= session());
}
