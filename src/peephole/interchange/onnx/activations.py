"""The functions of recurrent ONNX nodes, and those that are nodes themselves: names and parameters there, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from peephole.errors import InterchangeError
from peephole.interchange.onnx.graphs import Placed, shown
from peephole.nn.activations import FORMS, Activation, is_activation

OPTIONS = {
    "rnn": ("nonlinearity",),
    "lstm": ("gate_activation", "input_activation", "output_activation"),
    "gru": ("gate_activation", "input_activation"),
}
"""Our option for each function of a cell, in ONNX's order f, g, h."""

DEFAULTS = {"rnn": ("tanh",), "lstm": ("sigmoid", "tanh", "tanh"), "gru": ("sigmoid", "tanh")}
"""The function of each where a node names none: the standard's, and ours."""

# By ONNX's names in lower case, since the standard does not tell capitals apart.
_OURS = {form.onnx.lower(): name for name, form in FORMS.items() if form.onnx}
# The functions that are operations too: under the same names, with parameters of the same defaults.
_OPERATIONS = {
    form.onnx: name for name, form in FORMS.items() if form.onnx and name not in ("affine", "scaled_tanh")
}
_WITHOUT_ATTRIBUTES = {"Selu": "selu", "Gelu": "gelu"}  # what they say is another function
# ONNX Runtime takes 0 for the parameters of these where a node gives none, against the standard.
_OTHERWISE_IN_RUNTIME = ("affine", "scaled_tanh", "thresholded_relu")


def functions_of(
    told: str, cell: str, directions: int, attributes: Mapping[str, Any]
) -> tuple[list[dict[str, Activation]], list[str]]:
    """Our options for the functions of each direction, those that are not the default, and notes about them.

    Alphas and betas stand one behind the other, for those functions alone that have them, as ONNX Runtime reads them.

    Raises:
        InterchangeError: a function that is not known, or not one for each gate and direction.
    """
    options, defaults = OPTIONS[cell], DEFAULTS[cell]
    names = attributes.get("activations", [])
    if not names:
        return [{} for _ in range(directions)], []
    if len(names) != directions * len(options):
        raise InterchangeError(
            f"{told} needs {directions * len(options)} activations, {len(options)} a direction, got {len(names)}"
        )
    alphas, betas = iter(attributes.get("activation_alpha", [])), iter(attributes.get("activation_beta", []))
    notes = []
    functions: list[Activation] = []
    for name in names:
        ours = _OURS.get(str(name).lower())
        if ours is None:
            known = ", ".join(form.onnx for form in FORMS.values() if form.onnx)
            raise InterchangeError(
                f"{told}: the activation {shown(str(name))!r} is not known; known are {known}"
            )
        parameters: list[float] = []
        for values, default in zip((alphas, betas), FORMS[ours].defaults, strict=False):
            value = next(values, None)
            if value is None and ours in _OTHERWISE_IN_RUNTIME:
                notes.append(
                    f"{told}: {name} has no parameter of its own here, so that the standard's {default} is taken; ONNX "
                    "Runtime takes 0"
                )
            parameters.append(default if value is None else shortest(value))
        function = _with(ours, *parameters)
        if not is_activation(function):
            raise InterchangeError(
                f"{told}: the activation {name} has parameters that are no finite numbers, {parameters}"
            )
        functions.append(function)
    size = len(options)
    each = [
        {
            option: function
            for option, function, default in zip(
                options, functions[lane * size : (lane + 1) * size], defaults, strict=True
            )
            if function != default
        }
        for lane in range(directions)
    ]
    return each, list(dict.fromkeys(notes))


def function_of(placed: Placed) -> Activation | None:
    """The function that a node of the standard applies to each number, or "softmax"; None where it is no such.

    Raises:
        InterchangeError: parameters that are no finite numbers.
    """
    operation = placed.node.op_type
    if operation == "Softmax":
        return "softmax"
    if operation in _WITHOUT_ATTRIBUTES:
        return None if placed.node.attribute else _WITHOUT_ATTRIBUTES[operation]
    ours = _OPERATIONS.get(operation)
    if ours is None:
        return None
    attributes = placed.attributes()
    given = [
        attributes.get(name, default)
        for name, default in zip(("alpha", "beta"), FORMS[ours].defaults, strict=False)
    ]
    if not all(isinstance(value, float) and np.isfinite(value) for value in given):
        raise InterchangeError(f"{placed.told} has parameters that are no finite numbers, {given}")
    return _with(ours, *map(shortest, given))


def _with(ours: str, *parameters: float) -> Activation:
    """A function with all its parameters; its name alone where that means the same."""
    if parameters == FORMS[ours].defaults and (ours, *parameters) not in _NAMED:
        return ours
    return _NAMED.get((ours, *parameters), (ours, *parameters))


def shortest(value: float) -> float:
    """A number of single precision as the shortest decimal that means it: 0.2 instead of 0.20000000298."""
    return float(str(np.float32(value)))


_SIXTH = shortest(1 / 6)
# What has a name of its own here.
_NAMED: dict[tuple[str | float, ...], Activation] = {
    ("affine", 1.0, 0.0): "identity",
    ("hard_sigmoid", _SIXTH, 0.5): "hard_sigmoid_6",
}


def attributes_of(cell: str, given: Mapping[str, Activation], directions: int) -> dict[str, list[Any]]:
    """The node's attributes for our functions; none where all are the default.

    Args:
        cell: "rnn", "lstm" or "gru".
        given: our options.
        directions: 1 or 2, of the same functions.

    Raises:
        InterchangeError: a function that ONNX does not have.
    """
    functions = [given[option] for option in OPTIONS[cell]]
    if tuple(functions) == DEFAULTS[cell]:
        return {}
    found: dict[str, list[Any]] = {"activations": [], "activation_alpha": [], "activation_beta": []}
    for option, function in zip(OPTIONS[cell] * directions, functions * directions, strict=True):
        name, *parameters = _in_onnx(option, function)
        form = FORMS[str(name)]
        found["activations"].append(form.onnx)
        # Always written: the runtime's defaults are not the standard's everywhere.
        values = (*parameters, *form.defaults[len(parameters) :])
        for attribute, value in zip(("activation_alpha", "activation_beta"), values, strict=False):
            found[attribute].append(float(value))
    return {name: values for name, values in found.items() if values}


def _in_onnx(option: str, function: Activation) -> tuple[Any, ...]:
    """A function under a name that ONNX has."""
    name, *parameters = (function,) if isinstance(function, str) else function
    if name == "identity":
        return ("affine", 1.0, 0.0)
    if name == "hard_sigmoid_6":
        return ("hard_sigmoid", 1 / 6, 0.5)
    if FORMS[str(name)].onnx is None:
        raise InterchangeError(
            f"{option}={function!r} has no counterpart among the activations of ONNX's recurrent nodes, which are "
            + ", ".join(form.onnx for form in FORMS.values() if form.onnx)
        )
    return (name, *parameters)
