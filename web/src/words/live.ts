// The words of live editing, clamps, the film and what units follow.

import type { Cut } from "../pieces";

export const en = {
  typeHere: "The text the network reads; type into it",
  typed: {
    characters: (empty: boolean) =>
      empty ? "Type or paste anything: every character is read as it comes." : "Every character is read as it comes.",
    words: (empty: boolean) => (empty ? "Type or paste anything: it is read word by word." : "It is read word by word."),
    lines: (empty: boolean) =>
      empty ? "Type sequences, one a line: each is read from a fresh start." : "Each line is a sequence, read from a fresh start.",
  } as Readonly<Record<Cut, (empty: boolean) => string>>,
  numbers: "This network reads numbers; choose which sample to show.",
  done: "done (Esc)",
};

export const zh: typeof en = {
  typeHere: "网络所读的文本，可直接输入",
  typed: {
    characters: (empty) => (empty ? "输入或粘贴任何内容：网络逐字读入。" : "网络逐字读入。"),
    words: (empty) => (empty ? "输入或粘贴任何内容：网络逐词读入。" : "网络逐词读入。"),
    lines: (empty) => (empty ? "输入序列，每行一个：每行都从零开始读。" : "每行是一个序列，从零开始读。"),
  },
  numbers: "这个网络读的是数值；请选择要显示的样本。",
  done: "完成（Esc）",
};
