"""What a network is shown with that has no data of its own: signals whose answer tells something by itself.

An impulse shows what is remembered and for how long, a step what is got used to, noise what comes of everything.
"""

from __future__ import annotations

import numpy as np

from peephole.data.signals import Signal
from peephole.explorer import material
from peephole.explorer.material import Material
from peephole.explorer.words import Words

STEPS = 200
IMPULSE_AT, STEP_AT = 20, 50


def titles(*, numbers: bool) -> tuple[Words, ...]:
    """What there is, in order."""
    if not numbers:
        return (Words("random symbols (seed 0)", "随机符号（种子 0）"),)
    return (
        Words(
            f"one impulse: 1 in every input at step {IMPULSE_AT}, else 0",
            f"单个脉冲：第 {IMPULSE_AT} 步所有输入为 1，其余为 0",
        ),
        Words(
            f"a step: every input from 0 to 1 at step {STEP_AT}",
            f"阶跃：所有输入在第 {STEP_AT} 步从 0 变为 1",
        ),
        Words("white noise of unit variance (seed 0)", "单位方差的白噪声（种子 0）"),
    )


def demonstration(index: int, size: int, *, numbers: bool, never: int | None = None) -> Material:
    """One of them.

    Args:
        index: its place among ``titles``.
        size: numbers a step, or symbols.
        numbers: whether the network reads numbers.
        never: a symbol that the network skips.
    """
    title = titles(numbers=numbers)[index]
    luck = np.random.default_rng(0)
    if not numbers:
        symbols = np.array([symbol for symbol in range(size) if symbol != never])
        return material.counted(Signal(values=luck.choice(symbols, STEPS)[:, None]), size, title, never=never)
    values = np.zeros((STEPS, size), dtype=np.float32)
    if index == 0:
        values[IMPULSE_AT] = 1
    elif index == 1:
        values[STEP_AT:] = 1
    else:
        values[:] = luck.standard_normal((STEPS, size))
        values /= values.std()
    return material.measured(Signal(values=values), size, title)
