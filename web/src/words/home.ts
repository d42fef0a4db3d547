// The words of the home page.

export const en = {
  play: "A network reads, step by step. Left and right go through it, space plays it again.",
  reads: "reads",
  unit: (unit: number) => `unit ${unit} holds`,
  says: "says next",
  /** What is seen while it reads, in three parts, one after the other. */
  story: (first: string, unit: number, answer: string, again: boolean): readonly [string, string, string] => [
    again ? `${first} turns the same unit the other way.` : `${first} lights unit ${unit}.`,
    again ? "It stays there." : "It stays lit through the x’s.",
    `Y lets out the “${answer}”.`,
  ],
  told: (symbol: string, unit: number, value: string, next: string, share: string) =>
    `read ${symbol}, unit ${unit} holds ${value}, says ${next} next (${share})`,
  try: (letter: string) => `Try ${letter}.`,
  again: (letter: string) => `Play ${letter} again`,
  own: "Type your own",
  gallery: "Look inside one",
  galleryScale: "each on its unit’s own scale, after reading the symbol",
  thumb: (unit: number, quantity: string, end: string) => `unit ${unit}, ${quantity} ±${end}`,
  shares: "rows read · guess: area = probability",
  failsAt: (n: number) => `Right up to n = ${n - 1}; at n = ${n} it first fails.`,
  runs: "Your runs",
  compare: "Compare two on one text",
  first: "First network",
  second: "Second network",
  and: "and",
  compareGo: "Compare",
};

export const zh: typeof en = {
  play: "网络逐步阅读。左右方向键逐步查看，空格键重播。",
  reads: "读入",
  unit: (unit) => `单元 ${unit} 保持`,
  says: "预测下一个",
  story: (first, unit, answer, again) => [
    again ? `${first} 使同一单元转向另一侧。` : `${first} 点亮单元 ${unit}。`,
    again ? "它一直停在那里。" : "读 x 时它一直亮着。",
    `读到 Y，网络说出“${answer}”。`,
  ],
  told: (symbol, unit, value, next, share) => `读入 ${symbol}，单元 ${unit} 保持 ${value}，预测下一个为 ${next}（${share}）`,
  try: (letter) => `试试 ${letter}`,
  again: (letter) => `重播 ${letter}`,
  own: "自己输入",
  gallery: "看看它们的内部",
  galleryScale: "各用其单元自己的标度，取读完该符号之后的值",
  thumb: (unit, quantity, end) => `单元 ${unit}，${quantity} ±${end}`,
  shares: "已读的行 · 猜测：面积 = 概率",
  failsAt: (n) => `到 n = ${n - 1} 都对；n = ${n} 时首次出错。`,
  runs: "你的训练记录",
  compare: "用同一段文本比较两个网络",
  first: "第一个网络",
  second: "第二个网络",
  and: "与",
  compareGo: "比较",
};
