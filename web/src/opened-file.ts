// Files that the reader opens on the page: numbers go to the network as they are, texts as if they had been pasted.
// They live in this tab.

import { signal } from "@preact/signals";
import { run, unit } from "./data";
import { Failure } from "./failure";
import { strings } from "./i18n";
import { fingerprint, sourceOf } from "./pasted";
import { shelved } from "./sent";
import { go, type Source } from "./state";

/** What could not be opened, and why. */
export const unopened = signal<Failure | null>(null);

const MOST = 8 * 2 ** 20;

/** Whether the run that is looked at can be given a file. */
export function opensFiles(): boolean {
  const network = run.value.value;
  return network?.opens_files === true || (network?.vocabulary != null && !network.bare);
}

/** Has the network read a file. */
export async function openFile(file: File): Promise<void> {
  unopened.value = null;
  const words = strings();
  try {
    if (file.size > MOST) throw new Failure(words.fileTooLarge(file.name, "8 MiB"), words.fileTooLargeRemedy);
    const source = run.peek().value?.vocabulary ? sourceOf(await file.text()) : await sent(file);
    go({ source, moment: null, light: null, stretch: null, clamps: [], editing: false, unit: unit.peek() });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    unopened.value = error;
  }
}

async function sent(file: File): Promise<Source> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  const content = btoa(text);
  const key = fingerprint(`${file.name} ${content}`);
  shelved.set(key, { name: file.name, content });
  return { kind: "opened", key };
}
