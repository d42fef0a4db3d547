// The words of the page that compares two networks.

export const en = {
  page: "compare",
  with: "Compare with",
  chooseUnit: (name: string) => `Unit of ${name}`,
  next: "says next",
  guess: "guesses",
  surprise: (most: string, unit: string) => `surprise, 0–${most} ${unit}`,
  difference: "difference",
  differenceEnds: (above: string) => `↑ ${above} more`,
  mean: (bits: string, unit: string) => `${bits} ${unit} on average`,
  apart: (bits: string, name: string, unit: string) => `${name} needs ${bits} ${unit} less on average.`,
  alike: "Both need as much on average.",
  noAnswers: "Nobody has said which answers are right here, so there is no surprise to compare.",
  numbers: (name: string) => `${name} reads numbers; a comparison needs two networks that read symbols.`,
  nothingShared: (one: string, other: string) => `${one} and ${other} know no symbol in common.`,
  unreadable: (name: string, symbols: string) => `${name} does not know ${symbols}.`,
  shared: (symbols: string) => `Both know: ${symbols}`,
  readShared: "Read only what both know",
  split: (one: string, other: string) =>
    `${one} and ${other} divide this text into different symbols, so their steps cannot stand one under the other.`,
};

export const zh: typeof en = {
  page: "比较",
  with: "比较对象",
  chooseUnit: (name) => `${name} 的单元`,
  next: "预测下一个",
  guess: "猜测",
  surprise: (most, unit) => `意外，0–${most} ${unit}`,
  difference: "差",
  differenceEnds: (above) => `↑ ${above} 更大`,
  mean: (bits, unit) => `平均 ${bits} ${unit}`,
  apart: (bits, name, unit) => `${name} 平均少用 ${bits} ${unit}。`,
  alike: "两者平均所需相同。",
  noAnswers: "这里没有给出正确答案，因此没有意外可比。",
  numbers: (name) => `${name} 读的是数值；比较需要两个读符号的网络。`,
  nothingShared: (one, other) => `${one} 与 ${other} 没有共同的符号。`,
  unreadable: (name, symbols) => `${name} 不认识 ${symbols}。`,
  shared: (symbols) => `两者都认识：${symbols}`,
  readShared: "只读两者都认识的",
  split: (one, other) => `${one} 与 ${other} 把这段文本切分成不同的符号，两者的步无法上下对齐。`,
};
