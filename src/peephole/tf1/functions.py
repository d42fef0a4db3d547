"""Activation functions as TensorFlow 1 takes them: by Keras's name, or as a function such as ``tf.nn.relu``."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from peephole.errors import OptionError
from peephole.nn.activations import FORMS

Function = Callable[[Tensor], Tensor]

#: Keras's names to ours.
_NAMED = {
    "linear": "identity",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "hard_sigmoid": "hard_sigmoid",
    "relu": "relu",
    "softsign": "softsign",
    "softplus": "softplus",
    "elu": "elu",
    "selu": "selu",
}

identity: Function = FORMS["identity"].function
tanh: Function = FORMS["tanh"].function
sigmoid: Function = FORMS["sigmoid"].function
relu: Function = FORMS["relu"].function
softsign: Function = FORMS["softsign"].function
softplus: Function = FORMS["softplus"].function
elu: Function = FORMS["elu"].function  # its alpha is 1 where it is left out, in torch, TensorFlow and ONNX
selu: Function = FORMS["selu"].function


def name_of(activation: str | Function | None) -> str:
    """Our name of a cell's ``activation``; None is tanh, as in TensorFlow 1.

    Raises:
        OptionError: a function that the equations do not know.
    """
    if activation is None:
        return "tanh"
    if isinstance(activation, str) and activation in _NAMED:
        return _NAMED[activation]
    for name in _NAMED.values():
        if activation is FORMS[name].function:
            return name
    raise OptionError(
        f"activation must be one of {', '.join(_NAMED)}, or a function of tf or tf.nn of one of these names; "
        f"got {activation!r}"
    )
