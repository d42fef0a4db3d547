// A drawing as a file of its own: nothing of the page is needed to show it.

const SVG = "http://www.w3.org/2000/svg";

/** The drawing's source: its own size and ground, and none of the page's hooks. */
export function standalone(drawing: SVGSVGElement, ground: string): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const { width, height } = drawing.viewBox.baseVal;
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const title = document.createElementNS(SVG, "title");
  title.textContent = drawing.getAttribute("aria-label");
  const paper = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: ground }))
    paper.setAttribute(name, value);
  copy.prepend(title, paper);
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    for (const name of element.getAttributeNames()) {
      if (name.startsWith("data-") || name === "class" || name === "cursor" || name === "pointer-events") {
        element.removeAttribute(name);
      }
    }
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

/** Hands a drawing to the reader as a file. */
export function save(drawing: SVGSVGElement, ground: string, name: string): void {
  const file = new Blob([standalone(drawing, ground)], { type: "image/svg+xml" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken the file by the next task.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
