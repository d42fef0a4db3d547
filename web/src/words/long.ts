// The words of texts that are too long to be held whole.

export const en = {
  reading: (share: string, steps: string) => `The network is reading the text: ${share} of ${steps} steps.`,
  readingHint: "The colours come when it has read all of it. It is read once, and kept.",
  outline: "from least to greatest, in each stretch",
  chooseText: "Text to read",
  noFile: "The address names no file that was given with --text or --input.",
};

export const zh: typeof en = {
  reading: (share, steps) => `网络正在读取文本：已读 ${steps} 步中的 ${share}。`,
  readingHint: "全部读完后会显示颜色。只需读取一次，结果会保留。",
  outline: "每一段从最小值到最大值",
  chooseText: "要读取的文本",
  noFile: "地址中没有指明用 --text 或 --input 给出的文件。",
};
