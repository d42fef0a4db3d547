// The tour's words, in both languages.

import type { Mode } from "../tour/matrix";
import type { StepKey } from "../tour/places";

interface StepWords {
  readonly title: string;
  readonly question: string;
  readonly telling: string;
}

export const en = {
  name: "Tour",
  take: "Take the tour",
  previous: "The step before",
  next: "The next step",
  leave: "Leave the tour, stay on this page",
  all: "All steps",
  nextIs: (title: string) => `Next: ${title}`,
  noStep: (steps: number) => `The tour has no such step; it has ${steps}.`,
  steps: {
    circle: {
      title: "A circle is not a neuron",
      question: "How many neurons are in one circle?",
      telling:
        "Open any circle: x is 50 numbers, h is 60. More time only adds columns; only more dots in h cost more parameters.",
    },
    sharing: {
      title: "One cell for ever",
      question: "Does each step have weights of its own?",
      telling:
        "Fold the picture and six columns are one cell with a loop. Point at an arrow: all its copies are the same matrix.",
    },
    sequences: {
      title: "Two sequences",
      question: "What moves while the network reads, and what stands still?",
      telling:
        "Reading moves the states (c, h) and leaves the weights alone. Training is another clock: it moves the weights, and with them every state.",
    },
    growth: {
      title: "Two lines of development",
      question: "What can be built onto a plain recurrent network?",
      telling:
        "A richer hidden layer, or more layers and directions. Change the last letter: in mirror the backward lane knows it from the first step on, and no forward lane ever can.",
    },
    outside: {
      title: "h is x's output; c is for itself",
      question: "What does a cell show, and what does it keep to itself?",
      telling:
        "From outside x goes in and h comes out. Lift the lid: c keeps what it was and adds what is written, step by step.",
    },
    gates: {
      title: "Keep, write, reveal",
      question: "What does each gate do to the memory?",
      telling:
        "Forget gate: 0 forgets, 1 keeps. It multiplies c without looking at it, unless it has a peephole. Snap the gates and watch c.",
    },
    silence: {
      title: "A silent h",
      question: "What happens when a unit does not show its memory?",
      telling:
        "Shut the way out at one step: h is 0 there and c is the very same. Later steps may change, for they read h.",
    },
    roads: {
      title: "Two roads for the gradient",
      question: "On which road does a prediction reach back in time?",
      telling:
        "An LSTM has both roads: straight along c, and along h through the gates. A plain RNN has the h road only.",
    },
    fading: {
      title: "The extreme case",
      question: "When does nothing fade?",
      telling:
        "With the input gate shut and the forget gate open, nothing fades. A forget bias of 1 alone keeps 0.73 a step: 1.6·10⁻⁴ after 28.",
    },
    functions: {
      title: "f, g, h",
      question: "What are the letters f, g and h in the boxes?",
      telling:
        "They are functions: f squashes the gates to 0…1, g what is written, h what is shown. Swap one and see what breaks.",
    },
    peepholes: {
      title: "Peepholes",
      question: "What do gates do differently when they can see c?",
      telling:
        "The same trained network with its peepholes, and with their weights at 0. Bars are now, dashes are with peepholes.",
    },
    shapes: {
      title: "Shapes",
      question: "Why is W [110, 240]?",
      telling:
        "x and h are joined by themselves: 50 + 60 = 110 rows. Each gate makes 60 numbers, and there are four: 240 columns.",
    },
    lines: {
      title: "The TensorFlow lines",
      question: "What does each of the three lines make?",
      telling: "Point at a line or at a part. The state is (c, h) there and (h, c) in torch.",
    },
    digit: {
      title: "A digit, row by row",
      question: "When does a network change its mind?",
      telling:
        "This 3 was found among the held-out digits: while it was read it looked like a 2 for longer than any other.",
    },
    text: {
      title: "Text",
      question: "Does a unit know that it is inside quotes?",
      telling:
        "Every unit was compared with every mark of the text, and these follow one most closely. Choose one and look at the text.",
    },
  } as Readonly<Record<StepKey, StepWords>>,
  circle: {
    picture: "The unrolled picture, one moment of it opened",
    time: "time",
    hidden: "hidden",
    parameters: "parameters",
    untrained: "dashed: beyond the trained 60",
    open: (step: number) => `Open step ${step}`,
    numbers: (letter: string, step: number, count: number) => `${letter}${sub(step)}: ${count} numbers`,
  },
  sharing: {
    picture: "The cell, folded or unrolled",
    unroll: "unroll",
    folded: "one cell, one loop",
    columns: (count: number) => `${count} columns`,
    usedTimes: (times: number) => `numbers, used ${times} times`,
    copies: (edge: string, count: number) => `${edge}: ${count} arrows, one matrix`,
    once: (name: string, units: number) => `${name} · ${units} units`,
  },
  sequences: {
    picture: "Inputs and states on two rails, the weights outside both",
    reading: "reading",
    training: "training",
    finished: "finished",
    trainedFor: (steps: string) => `step ${steps}`,
    weights: "weights",
    inputs: "inputs",
    states: (units: number) => `states, ${units} units each`,
    upper: "upper",
    lower: "lower",
  },
  growth: {
    picture: "What of each network knows the last letter",
    richer: "a richer hidden layer",
    further: "deeper, and both ways",
    cells: {
      RNN: "RNN",
      GRU: "GRU",
      LSTM: "LSTM",
      peephole: "LSTM with peepholes",
      one: "one layer",
      two: "two layers",
      both: "both directions",
    } as Readonly<Record<string, string>>,
    last: "last letter",
    network: (name: string, weights: string) => `${name}, ${weights} parameters`,
    reads: "reads",
    answers: "answers",
    lane: (layer: number, direction: string) => `layer ${layer} ${direction === "backward" ? "←" : "→"}`,
    changes: (changed: number, steps: number) => `knows it at ${changed} of ${steps}`,
    marks: "marks below: how much the last letter changes it",
  },
  outside: {
    picture: "One unit from outside, and under the lid",
    lift: "lift the lid",
    outside: "outside view",
    inside: "inside",
    closed: "c ?",
    unit: (unit: number) => `unit ${unit} of memorizer, which keeps A apart from B`,
    first: "first letter",
    kept: "kept f·c₋₁",
    written: "written i·g",
  },
  gates: {
    picture: "One unit with its gates snapped",
    learned: "as learned",
    ends: {
      forget: ["0 forget", "1 keep"],
      input: ["0 ignore", "1 write"],
      output: ["0 hide", "1 reveal"],
    } as Readonly<Record<"forget" | "input" | "output", readonly [string, string]>>,
    unit: (unit: number) => `unit ${unit} of memorizer · dashed: as learned · the gates are held for this unit alone`,
    sees: "Does the forget gate see c?",
    before: "c before the step",
    plain: "plain",
    peeping: "with a peephole",
  },
  silence: {
    picture: "One unit with its way out shut at one step",
    at: "shut o at",
    shut: "o = 0",
    ranked: "most silent: mean (1−o)·|tanh c|",
    same: "the same",
    never: "no later c moves",
    later: (step: number) => `c moves from step ${step} on, by way of h`,
  },
  roads: {
    picture: "How much gradient goes back a step by each road",
    from: "prediction at",
    network: "network",
    kinds: { memorizer: "LSTM, memorizer", counter: "LSTM, counter", gru: "GRU", rnn: "RNN" } as Readonly<
      Record<string, string>
    >,
    cellRoad: (cell: string): string =>
      cell === "RNN"
        ? "c road: an RNN has none"
        : cell === "GRU"
          ? "c road: what the update gate keeps"
          : "c road: through the forget gate",
    hiddenRoad: (cell: string): string =>
      cell === "RNN" ? "h road: through its one sum" : "h road: through the gates' sums",
    lightOf: (name: string, step: number) => `From the score of “${name}” at t = ${step}: gradient handed back a step`,
  },
  fading: {
    picture: "What is left of a memory",
    settings: "settings",
    initialised: "forget bias 1, zero input",
    extreme: "i = 0, f = 1",
    learned: (unit: number) => `unit ${unit}'s own`,
    keep: "keep",
    write: "write",
    steps: "steps",
    left: "left of the first memory",
    since: "written since (g = 1)",
    product: "∏f, the c road's gradient",
    trained: (unit: number, product: string, steps: number) => `memorizer's unit ${unit}: ${product} after ${steps}`,
  },
  functions: {
    picture: "One unit under other functions",
    roles: { f: "gates", g: "what is written", h: "what is shown" },
    choose: (box: string) => `The function ${box}`,
    unit: (unit: number) => `unit ${unit} of counter · dashed: as learned`,
    honest: "Run again here for this unit alone: the sums under its boxes stay as they were recorded.",
  },
  peepholes: {
    picture: "One unit with and without peepholes",
    peepholes: "peepholes",
    on: "on",
    off: "off (p = 0)",
    ranked: "changed most",
    says: (said: string) => `at the end it says: ${said}`,
  },
  shapes: {
    picture: "x and h joined, on the rows of W",
    slide: "slide",
    said: ["x and h", "joined", "on W's rows", "four gates"],
    matrix: "matrix",
    modes: {
      plain: "[110, 240]",
      square: "[50, 60]?",
      wide: "[50, 110]?",
      full: "with c: [170, 60]",
    } as Readonly<Record<Mode, string>>,
    verdicts: {
      plain: "[1, 110] · [110, 240] = [1, 240] = 4 × [1, 60]",
      square: "[50, 60] reads x alone: the 60 numbers of h have no rows.",
      wide: "[50, 110] reads x alone and makes 110 numbers for 60 units.",
      full: "Gates that see all of c have 50 + 60 + 60 = 170 rows; the candidate does not see c.",
    } as Readonly<Record<Mode, string>>,
    parameters: (number: string) => `${number} parameters with one bias`,
    live: (symbol: string) => `words, reading “${symbol}”`,
    made: (count: number) => `${count}`,
    unread: (count: number) => `${count} of h: no row`,
    surplus: (count: number) => `${count} too many`,
  },
  lines: {
    picture: "What the three lines make",
    order: "order of the state",
    means: [
      "the cell: its weights, once",
      "c and h of zeros, a row for each sequence",
      "the steps: all h, and the last (c, h)",
    ],
    same: "the same",
  },
  digit: {
    row: "rows read",
    guess: "it takes it for a",
    others: "3s that looked like a 2",
    number: (sample: number) => `no. ${sample}`,
    rows: (rows: number) => `${rows} rows`,
  },
  text: {
    found: "Units that follow something",
    unit: (layer: number, unit: number, r: string) => `layer ${layer}, unit ${unit}, r ${r}`,
  },
};

export const zh: typeof en = {
  name: "导览",
  take: "开始导览",
  previous: "上一步",
  next: "下一步",
  leave: "离开导览，留在本页",
  all: "全部步骤",
  nextIs: (title) => `下一步：${title}`,
  noStep: (steps) => `导览没有这一步；它共有 ${steps} 步。`,
  steps: {
    circle: {
      title: "一个圆不是一个神经元",
      question: "一个圆里有多少个神经元？",
      telling: "点开任意一个圆：x 是 50 个数，h 是 60 个数。时间变长只多出几列；只有 h 里的点变多，参数才会变多。",
    },
    sharing: {
      title: "自始至终只有一个单元",
      question: "每一步都有自己的权重吗？",
      telling: "把图折起来，六列就是一个带回路的单元。指向任意一条箭头：所有同类箭头都是同一个矩阵。",
    },
    sequences: {
      title: "两条序列",
      question: "网络阅读时，什么在变，什么不变？",
      telling: "阅读只改变状态 (c, h)，权重纹丝不动。训练是另一只钟：它改变权重，于是每个状态也跟着变。",
    },
    growth: {
      title: "两条发展路线",
      question: "普通的循环网络还能怎样改进？",
      telling:
        "一是让隐藏层更丰富，二是加深、加上反方向。改一改最后一个字母：mirror 的反向通道从第一步就知道它，而正向通道永远不可能知道。",
    },
    outside: {
      title: "h 是 x 的输出，c 与自己较劲",
      question: "一个单元展示什么，又把什么留给自己？",
      telling: "从外面看，x 进去，h 出来。掀开盖子：c 一步步保留旧值，再加上新写入的内容。",
    },
    gates: {
      title: "保留、写入、显露",
      question: "每个门对记忆做了什么？",
      telling: "遗忘门：0 是忘，1 是留。它只用来乘 c，自己并不看 c，除非有窥孔。把门拨到 0 或 1，看看 c 怎么变。",
    },
    silence: {
      title: "沉默的 h",
      question: "一个单元不展示记忆时，会发生什么？",
      telling: "在某一步关上输出门：那一步 h 为 0，而 c 丝毫未变。之后的步骤可能会变，因为它们读的是 h。",
    },
    roads: {
      title: "梯度的两条路",
      question: "预测沿哪条路追溯到过去？",
      telling: "LSTM 两条路都有：一条沿 c 直走，一条沿 h 穿过各个门。普通 RNN 只有 h 这一条。",
    },
    fading: {
      title: "极端情形",
      question: "什么时候什么都不会消失？",
      telling:
        "输入门关闭、同时遗忘门打开，就什么都不会消失。只把遗忘偏置设为 1，每步留下 0.73：28 步之后只剩 1.6·10⁻⁴。",
    },
    functions: {
      title: "f、g、h",
      question: "方框里的 f、g、h 是什么？",
      telling: "它们是函数：f 把门压到 0…1，g 作用于要写入的内容，h 作用于要展示的内容。换掉一个，看看哪里会坏。",
    },
    peepholes: {
      title: "窥孔",
      question: "门能看见 c 时，做法有什么不同？",
      telling: "同一个训练好的网络：一次带窥孔，一次把窥孔权重置 0。实条是现在，虚线是带窥孔时。",
    },
    shapes: {
      title: "形状",
      question: "W 为什么是 [110, 240]？",
      telling: "x 和 h 会自动拼在一起：50 + 60 = 110 行。每个门算出 60 个数，共四个：240 列。",
    },
    lines: {
      title: "TensorFlow 的三行代码",
      question: "这三行各造出了什么？",
      telling: "指向一行代码，或图中的一部分。状态在这里是 (c, h)，在 torch 里是 (h, c)。",
    },
    digit: {
      title: "逐行读一个数字",
      question: "网络在什么时候改变主意？",
      telling: "这个 3 是从留出的数字里找出来的：读它的过程中，它像 2 的时间比别的 3 都长。",
    },
    text: {
      title: "文本",
      question: "有没有单元知道自己在引号里？",
      telling: "每个单元都与文本的每种特征比较过，下面这些跟得最紧。选一个，看看文本上的颜色。",
    },
  },
  circle: {
    picture: "展开图，其中一个时刻被打开",
    time: "时间",
    hidden: "隐藏单元",
    parameters: "参数",
    untrained: "虚线：超出训练好的 60 个",
    open: (step) => `打开第 ${step} 步`,
    numbers: (letter, step, count) => `${letter}${sub(step)}：${count} 个数`,
  },
  sharing: {
    picture: "单元，折叠或展开",
    unroll: "展开",
    folded: "一个单元，一个回路",
    columns: (count) => `${count} 列`,
    usedTimes: (times) => `个数，用了 ${times} 次`,
    copies: (edge, count) => `${edge}：${count} 条箭头，一个矩阵`,
    once: (name, units) => `${name} · ${units} 个单元`,
  },
  sequences: {
    picture: "输入与状态在两条轨道上，权重在轨道之外",
    reading: "阅读",
    training: "训练",
    finished: "训练完成",
    trainedFor: (steps) => `第 ${steps} 步`,
    weights: "权重",
    inputs: "输入",
    states: (units) => `状态，各 ${units} 个单元`,
    upper: "上",
    lower: "下",
  },
  growth: {
    picture: "每个网络中，哪些部分知道最后一个字母",
    richer: "更丰富的隐藏层",
    further: "更深，以及双向",
    cells: {
      RNN: "RNN",
      GRU: "GRU",
      LSTM: "LSTM",
      peephole: "带窥孔的 LSTM",
      one: "一层",
      two: "两层",
      both: "双向",
    },
    last: "最后一个字母",
    network: (name, weights) => `${name}，${weights} 个参数`,
    reads: "读入",
    answers: "回答",
    lane: (layer, direction) => `第 ${layer} 层 ${direction === "backward" ? "←" : "→"}`,
    changes: (changed, steps) => `${steps} 步中有 ${changed} 步知道`,
    marks: "下方的条：最后一个字母使它改变多少",
  },
  outside: {
    picture: "一个单元：从外面看，以及盖子下面",
    lift: "掀开盖子",
    outside: "从外面看",
    inside: "里面",
    closed: "c ?",
    unit: (unit) => `memorizer 的单元 ${unit}，它把 A 和 B 分得最开`,
    first: "首字母",
    kept: "保留 f·c₋₁",
    written: "写入 i·g",
  },
  gates: {
    picture: "一个单元，门被拨到两端",
    learned: "照学到的",
    ends: {
      forget: ["0 忘", "1 留"],
      input: ["0 不写", "1 写入"],
      output: ["0 隐藏", "1 显露"],
    },
    unit: (unit) => `memorizer 的单元 ${unit} · 虚线：照学到的 · 只拨动这一个单元的门`,
    sees: "遗忘门看得见 c 吗？",
    before: "这一步之前的 c",
    plain: "普通",
    peeping: "带窥孔",
  },
  silence: {
    picture: "一个单元，在某一步关上输出门",
    at: "关上 o 的时刻",
    shut: "o = 0",
    ranked: "最沉默：(1−o)·|tanh c| 的平均",
    same: "不变",
    never: "之后的 c 都没有变",
    later: (step) => `从第 ${step} 步起 c 经由 h 而改变`,
  },
  roads: {
    picture: "每条路上有多少梯度往回走一步",
    from: "预测的时刻",
    network: "网络",
    kinds: { memorizer: "LSTM，memorizer", counter: "LSTM，counter", gru: "GRU", rnn: "RNN" },
    cellRoad: (cell) =>
      cell === "RNN" ? "c 路：RNN 没有" : cell === "GRU" ? "c 路：更新门保留的部分" : "c 路：穿过遗忘门",
    hiddenRoad: (cell) => (cell === "RNN" ? "h 路：穿过唯一的加权和" : "h 路：穿过各门的加权和"),
    lightOf: (name, step) => `从 t = ${step} 时“${name}”的得分出发：每一步往回传的梯度`,
  },
  fading: {
    picture: "一份记忆还剩多少",
    settings: "设定",
    initialised: "遗忘偏置 1，输入为零",
    extreme: "i = 0，f = 1",
    learned: (unit) => `单元 ${unit} 自己的门`,
    keep: "保留",
    write: "写入",
    steps: "步数",
    left: "最初记忆的剩余",
    since: "此后写入的（g = 1）",
    product: "∏f，即 c 路上的梯度",
    trained: (unit, product, steps) => `memorizer 的单元 ${unit}：${steps} 步之后 ${product}`,
  },
  functions: {
    picture: "一个单元换上别的函数",
    roles: { f: "各门", g: "写入的内容", h: "展示的内容" },
    choose: (box) => `函数 ${box}`,
    unit: (unit) => `counter 的单元 ${unit} · 虚线：照学到的`,
    honest: "只为这一个单元在本页重新计算：方框之下的加权和仍是记录下来的。",
  },
  peepholes: {
    picture: "一个单元，带窥孔与不带窥孔",
    peepholes: "窥孔",
    on: "开",
    off: "关（p = 0）",
    ranked: "变化最大",
    says: (said) => `最后它回答：${said}`,
  },
  shapes: {
    picture: "x 与 h 拼在一起，对上 W 的行",
    slide: "滑动",
    said: ["x 与 h", "拼在一起", "对上 W 的行", "四个门"],
    matrix: "矩阵",
    modes: { plain: "[110, 240]", square: "[50, 60]？", wide: "[50, 110]？", full: "看见 c：[170, 60]" },
    verdicts: {
      plain: "[1, 110] · [110, 240] = [1, 240] = 4 × [1, 60]",
      square: "[50, 60] 只读 x：h 的 60 个数没有对应的行。",
      wide: "[50, 110] 只读 x，又给 60 个单元算出 110 个数。",
      full: "能看见整个 c 的门有 50 + 60 + 60 = 170 行；候选看不见 c。",
    },
    parameters: (number) => `一个偏置时共 ${number} 个参数`,
    live: (symbol) => `words 正在读“${symbol}”`,
    made: (count) => `${count}`,
    unread: (count) => `h 的 ${count} 个数：没有行`,
    surplus: (count) => `多出 ${count} 个`,
  },
  lines: {
    picture: "三行代码各造出什么",
    order: "状态的次序",
    means: ["单元：它的权重，只有一份", "全零的 c 与 h，每条序列一行", "逐步运行：所有的 h，以及最后的 (c, h)"],
    same: "同一个",
  },
  digit: {
    row: "已读行数",
    guess: "它认为是",
    others: "看起来像 2 的 3",
    number: (sample) => `${sample} 号`,
    rows: (rows) => `${rows} 行`,
  },
  text: {
    found: "各有所跟随的单元",
    unit: (layer, unit, r) => `第 ${layer} 层，单元 ${unit}，r ${r}`,
  },
};

/** A number set below the line. */
function sub(number: number): string {
  return [...String(number)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
}
