// The words of imported networks and of numbers that they read.

export const en = {
  open: "What was imported …",
  title: "What was imported",
  part: "part",
  cell: "kind",
  sizes: "sizes",
  options: "options",
  tensors: (count: number) => (count === 1 ? "1 tensor" : `${count} tensors`),
  leftOut: "Left out",
};

export const zh: typeof en = {
  open: "导入的内容…",
  title: "导入的内容",
  part: "部分",
  cell: "类型",
  sizes: "大小",
  options: "选项",
  tensors: (count) => `${count} 个张量`,
  leftOut: "未采用",
};
