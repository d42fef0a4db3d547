"""What the shipped networks are called and what to look for in each, in both languages, in the order of the gallery.

Knows nothing of the networks themselves.
"""

from __future__ import annotations

from typing import TypedDict


class Words(TypedDict):
    """One thing said in both languages."""

    en: str
    zh: str


WORDS: dict[str, tuple[Words, Words]] = {
    "memorizer": (
        Words(en="State memorizer", zh="状态记忆"),
        Words(
            en="Look for the cell that lights at A or B and keeps its colour through every x.",
            zh="看那个在 A 或 B 处亮起、经过所有 x 都不变色的记忆。",
        ),
    ),
    "counter": (
        Words(en="Counter", zh="计数器"),
        Words(
            en="Look for the cell that goes a step with every a and back with every b. Drag it to another count.",
            zh="看那个每遇一个 a 走一步、每遇一个 b 退一步的记忆。把它拖到另一个数试试。",
        ),
    ),
    "counter-gru": (
        Words(en="Counter, as a GRU", zh="计数器（GRU）"),
        Words(
            en="Look for how several units share the count, since none can go beyond 1.",
            zh="看几个单元如何分担计数：谁也超不过 1。",
        ),
    ),
    "counter-rnn": (
        Words(en="Counter, as a plain RNN", zh="计数器（普通 RNN）"),
        Words(
            en="Look for units that keep swinging: without a cell, the count lives in a rhythm of all of them.",
            zh="看那些不停摆动的单元：没有记忆，计数只能藏在它们共同的节奏里。",
        ),
    ),
    "selective": (
        Words(en="Selective counter", zh="选择性计数器"),
        Words(
            en="Look for the input gate that opens on a and shuts on X, so that only the a's are counted.",
            zh="看那个遇 a 打开、遇 X 关闭的输入门：只有 a 被计数。",
        ),
    ),
    "memorizer-peephole": (
        Words(en="State memorizer with peepholes", zh="状态记忆（窥视孔）"),
        Words(
            en="Look for gates that watch the cell they guard: the same task, with peepholes.",
            zh="看那些盯着自己所守记忆的门：同样的任务，多了窥视孔。",
        ),
    ),
    "copy": (
        Words(en="Copy machine", zh="复印机"),
        Words(
            en="Look in layer 2 for a unit that lights before one letter is written, and before no other.",
            zh="在第 2 层找一个只在写出某一个字母之前亮起的单元。",
        ),
    ),
    "mirror": (
        Words(en="Mirror", zh="镜子"),
        Words(
            en="Look at the backward direction: it begins at the last letter, so it knows the answer all along.",
            zh="看反向：它从最后一个字母读起，所以一路都知道答案。",
        ),
    ),
    "digits": (
        Words(en="Digits, row by row", zh="逐行读数字"),
        Words(
            en="Look for the row at which the guess settles, often long before the digit is finished.",
            zh="看猜测在哪一行定下来，往往数字还远没有写完。",
        ),
    ),
    "words": (
        Words(en="Words", zh="单词"),
        Words(
            en="Look inside one circle of the unrolled picture: an embedding of 50 numbers, a layer of 60 units.",
            zh="看展开图里一个圆圈的内部：50 个数的词嵌入，60 个单元的一层。",
        ),
    ),
    "python": (
        Words(en="Python source", zh="Python 源码"),
        Words(
            en="Look for units that follow quotes, brackets, the indentation and the place in the line.",
            zh="看那些跟随引号、括号、缩进和行内位置的单元。",
        ),
    ),
}
