// The page within a notebook: its host is the notebook's kernel, its address is its own, its selection is shared.
// The frame that holds the page (widget.ts) hands it a port; what goes through is told in channel.ts.

import { effect } from "@preact/signals";
import type { FromFrame, FromPage } from "./channel";
import { Unreachable, type Answer, type Host } from "./host";
import { select, selection } from "./selection";

/** While a cursor is moved, the notebook hears of it so often. */
const PAUSE = 100;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class Frame implements Host {
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private known = "";

  private constructor(private readonly port: MessagePort) {}

  /** Tells the frame that the page is there, and waits for its port. */
  static async open(): Promise<Frame> {
    const opened = new Promise<Frame>((resolve) => {
      const take = (event: MessageEvent<unknown>) => {
        const [port] = event.ports;
        if (event.source !== window.parent || !port) return;
        window.removeEventListener("message", take);
        resolve(new Frame(port));
      };
      window.addEventListener("message", take);
    });
    // To any origin: a notebook may be served from anywhere, and nothing is said but that the page is there.
    window.parent.postMessage("peephole", "*");
    return opened;
  }

  ask(path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    const id = ++this.last;
    const answer = new Promise<Answer>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    signal.addEventListener("abort", () => this.settled(id)?.reject(new DOMException("no longer wanted", "AbortError")));
    this.post({ kind: "ask", id, path, body: body ?? null });
    return answer;
  }

  /** From now on the page hears the notebook, and the notebook what is selected. */
  listen(): void {
    this.port.onmessage = ({ data }: MessageEvent<FromFrame>) => this.hear(data);
    let pending = 0;
    effect(() => {
      void selection.value;
      if (!pending) pending = window.setTimeout(() => ((pending = 0), this.tell()), PAUSE);
    });
  }

  private tell(): void {
    const now = JSON.stringify(selection.value);
    if (now === this.known) return;
    this.known = now;
    this.post({ kind: "selection", selection: selection.value });
  }

  private hear(said: FromFrame): void {
    if (said.kind === "answer") this.settled(said.id)?.resolve({ status: said.status, body: said.body });
    else if (said.kind === "gone") this.settled(said.id)?.reject(new Unreachable("kernel"));
    else {
      select(said.selection);
      this.known = JSON.stringify(selection.value);
    }
  }

  private settled(id: number): Waiting | undefined {
    const found = this.waiting.get(id);
    this.waiting.delete(id);
    return found;
  }

  private post(said: FromPage): void {
    this.port.postMessage(said);
  }
}
