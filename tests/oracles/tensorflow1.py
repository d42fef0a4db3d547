"""TensorFlow 1.15's cells and its loop over time, transcribed into float64 NumPy from their public definition.

Written from `rnn_cell_impl.py` and `rnn.py` as documentation, not from our code, and with TensorFlow's own layouts:
one kernel, x above h; gates i, j, f, o; states (c, h). Variables come in a mapping by TensorFlow's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray
Variables = Mapping[str, Array]
State = tuple[Array, ...]
Step = Callable[[Array, State], tuple[Array, State]]


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def basic_rnn(v: Variables, activation: Callable[[Array], Array] = np.tanh) -> Step:
    def step(x: Array, state: State) -> tuple[Array, State]:
        h = activation(np.concatenate([x, state[0]], 1) @ v["kernel"] + v["bias"])
        return h, (h,)

    return step


def gru(v: Variables, activation: Callable[[Array], Array] = np.tanh) -> Step:
    def step(x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        gates = sigmoid(np.concatenate([x, h], 1) @ v["gates/kernel"] + v["gates/bias"])
        r, u = np.split(gates, 2, 1)
        c = activation(np.concatenate([x, r * h], 1) @ v["candidate/kernel"] + v["candidate/bias"])
        h = u * h + (1 - u) * c
        return h, (h,)

    return step


def lstm(
    v: Variables,
    forget_bias: float = 1.0,
    cell_clip: float | None = None,
    proj_clip: float | None = None,
    activation: Callable[[Array], Array] = np.tanh,
) -> Step:
    """Peepholes and a projection where there are variables of them; the state is (c, h)."""

    def step(x: Array, state: State) -> tuple[Array, State]:
        c_prev, m_prev = state
        peep = {gate: v.get(f"w_{gate}_diag", 0.0) for gate in "ifo"}
        i, j, f, o = np.split(np.concatenate([x, m_prev], 1) @ v["kernel"] + v["bias"], 4, 1)
        c = sigmoid(f + forget_bias + peep["f"] * c_prev) * c_prev
        c = c + sigmoid(i + peep["i"] * c_prev) * activation(j)
        if cell_clip is not None:
            c = np.clip(c, -cell_clip, cell_clip)
        m = sigmoid(o + peep["o"] * c) * activation(c)
        if "projection/kernel" in v:
            m = m @ v["projection/kernel"]
            if proj_clip is not None:
                m = np.clip(m, -proj_clip, proj_clip)
        return m, (c, m)

    return step


def dynamic_rnn(
    step: Step, x: Array, state: State, lengths: Sequence[int] | None = None
) -> tuple[Array, State]:
    """x (batch, time, features): past a sequence's end zero outputs, and the state copied through."""
    outputs = []
    for t in range(x.shape[1]):
        output, new = step(x[:, t], state)
        if lengths is not None:
            finished = (t >= np.asarray(lengths))[:, None]
            output = np.where(finished, 0.0, output)
            new = tuple(np.where(finished, old, now) for old, now in zip(state, new, strict=True))
        outputs.append(output)
        state = new
    return np.stack(outputs, 1), state


def reverse_sequence(x: Array, lengths: Sequence[int] | None) -> Array:
    """x (batch, time, features), each sequence's own steps turned around."""
    turned = x.copy()
    for b, length in enumerate([x.shape[1]] * len(x) if lengths is None else lengths):
        turned[b, :length] = x[b, :length][::-1]
    return turned


def backwards(
    step: Step, x: Array, state: State, lengths: Sequence[int] | None = None
) -> tuple[Array, State]:
    """What `bidirectional_dynamic_rnn` does with its second cell."""
    outputs, state = dynamic_rnn(step, reverse_sequence(x, lengths), state, lengths)
    return reverse_sequence(outputs, lengths), state


def arrays(variables: Mapping[str, Any], path: str) -> dict[str, Array]:
    """The variables below a path, by the rest of their names."""
    return {
        name.removeprefix(f"{path}/"): value.detach().numpy()
        for name, value in variables.items()
        if name.startswith(f"{path}/")
    }
