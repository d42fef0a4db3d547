// Where the page is: at the explorer's server, in a file, or in a notebook. Everything else asks the host and the bar
// that are chosen here.

import { fragment, memory, useBar } from "./bar";
import { fileHost } from "./file/host";
import { Frame } from "./frame";
import { useHost, type Host } from "./host";
import { en, zh } from "./words/hosts";

/** What the page's document says of its place. */
interface Place {
  /** the address at which it opens; null at the server, where the browser's line says it */
  readonly start: string | null;
  /** it stands in a notebook's frame */
  readonly framed: boolean;
  /** what a file carries, in base64 */
  readonly data: string | null;
}

function place(): Place {
  const { start, framed } = document.documentElement.dataset;
  return {
    start: start ?? null,
    framed: framed !== undefined,
    data: document.getElementById("data")?.textContent?.trim() ?? null,
  };
}

/** Puts the page on its host and its address in its bar; gives the frame around it, if there is one. */
export async function settle(): Promise<Frame | null> {
  const { start, framed, data } = place();
  if (start === null) return null;
  useBar(framed ? memory(start) : fragment(start));
  const frame = framed ? await Frame.open() : null;
  if (data !== null) useHost(await opened(data));
  else if (frame) useHost(frame);
  return frame;
}

async function opened(data: string): Promise<Host> {
  try {
    return await fileHost(data);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError || error instanceof DOMException)) throw error;
    return damaged(error.message);
  }
}

/** Says to every question that the file is damaged. */
function damaged(why: string): Host {
  const said = { error: { en: en.badFile(why), zh: zh.badFile(why) }, do: { en: en.badFileRemedy, zh: zh.badFileRemedy } };
  const body = new TextEncoder().encode(JSON.stringify(said)).buffer;
  return { ask: () => Promise.resolve({ status: 500, body }) };
}
