// The notebook's side: an anywidget that shows the explorer in a frame of its own and carries messages between it and
// the kernel. The frame keeps apart what belongs to the notebook: its style, its keys, its address. Knows nothing of
// what is asked. The explorer's page comes from the kernel, so that no notebook that is saved holds it.

import type { FromFrame, FromPage } from "./channel";

/** What anywidget gives; only what is used here. */
interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, heard: (...said: never[]) => void): void;
  off(event: string, heard: (...said: never[]) => void): void;
}

/** What the kernel says: `peephole.explorer.widget`. */
interface Said {
  readonly view?: string;
  readonly kind?: "page" | "answer";
  readonly id?: number;
  readonly status?: number;
}

// The page may run its script and show its forms, and reach nothing of the notebook's.
const ALLOWED = "allow-scripts allow-forms allow-downloads";

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  // Several views may show one widget, and each hears what is said to all. (A notebook that comes over plain HTTP has
  // no crypto.randomUUID.)
  const view = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", ALLOWED);
  frame.allow = "clipboard-write";
  frame.title = "Peephole";
  Object.assign(frame.style, { display: "block", width: "100%", border: "0" });
  let port: MessagePort | null = null;
  const post = (said: FromFrame) => port?.postMessage(said);

  const hear = (said: Said, buffers: DataView[]) => {
    if (said.view !== view) return;
    const body = bytes(buffers[0]);
    if (said.kind === "page") frame.srcdoc = new TextDecoder().decode(body);
    else if (said.kind === "answer") post({ kind: "answer", id: said.id!, status: said.status!, body });
  };
  const ask = ({ id, path, body }: Extract<FromPage, { kind: "ask" }>) => {
    try {
      model.send({ view, kind: "ask", id, path, body });
    } catch {
      post({ kind: "gone", id }); // whatever the notebook says of a channel that is closed
    }
  };
  const select = () => post({ kind: "selection", selection: model.get("selection") as Record<string, never> });
  const greet = (event: MessageEvent<unknown>) => {
    if (event.source !== frame.contentWindow || event.data !== "peephole") return;
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = ({ data: said }: MessageEvent<FromPage>) => {
      if (said.kind === "ask") return ask(said);
      model.set("selection", said.selection);
      model.save_changes();
    };
    frame.contentWindow!.postMessage(null, "*", [channel.port2]);
    select();
  };
  const measure = () => {
    frame.style.height = `${Number(model.get("height"))}px`;
  };
  const dress = () => {
    frame.style.colorScheme = isDark(el) ? "dark" : "light";
  };
  const dressing = new MutationObserver(dress);

  model.on("msg:custom", hear);
  model.on("change:selection", select);
  model.on("change:height", measure);
  window.addEventListener("message", greet);
  dressing.observe(document.body, { attributes: true });
  measure();
  el.append(frame);
  dress();
  model.send({ view, kind: "page" });

  return () => {
    model.off("msg:custom", hear);
    model.off("change:selection", select);
    model.off("change:height", measure);
    window.removeEventListener("message", greet);
    dressing.disconnect();
    port?.close();
    frame.remove();
  };
}

/** The bytes of a message's buffer. */
function bytes(buffer: DataView | undefined): ArrayBuffer {
  if (!buffer) return new ArrayBuffer(0);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice().buffer as ArrayBuffer;
}

/** Whether what lies behind an element is dark: notebooks have themes of their own. */
function isDark(element: Element | null): boolean {
  if (!element) return false;
  const [red = 0, green = 0, blue = 0, alpha = 1] = (getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
  if (alpha === 0) return isDark(element.parentElement);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

export default { render };
