// The words of phrase search, in both languages.

export const en = {
  title: "Phrase",
  open: "find phrase",
  openHint: "Choose a stretch of the text (Shift and drag): the units that are on there and off around it, and where else",
  first: "from",
  last: "to",
  pastEnd: (steps: number) => `The stretch is past the end; the text has ${steps} steps.`,
  units: (count: number, quantity: string) => `${count === 1 ? "1 unit" : `${count} units`} on there and off around it (${quantity})`,
  noUnits: "No unit is on all through this stretch and off around it. Try a shorter one, or another quantity.",
  high: "high",
  low: "low",
  matches: (count: number) => (count === 1 ? "1 other place" : `${count} other places`),
};

export const zh: typeof en = {
  title: "短语",
  open: "找短语",
  openHint: "选一段文本（按住 Shift 拖动）：哪些单元在其中开启、在其外关闭，别处还有哪里如此",
  first: "从",
  last: "到",
  pastEnd: (steps: number) => `这一段超出了末尾；文本共 ${steps} 步。`,
  units: (count: number, quantity: string) => `${count} 个单元在其中开启、在其外关闭（${quantity}）`,
  noUnits: "没有单元在整段开启而在其外关闭。试试短一些的一段，或换一个量。",
  high: "高",
  low: "低",
  matches: (count: number) => `另有 ${count} 处`,
};
