"""Keras's activation functions by this project's names. What ``hard_sigmoid`` means depends on Keras's version.

Sources: ``keras/activations`` of Keras 3.15; ``tf_keras/activations.py`` of Keras 2.15, where ``leaky_relu`` is
TensorFlow's, with a slope of 0.2 as in Keras 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peephole.errors import InterchangeError
from peephole.interchange.keras.files import plain
from peephole.nn.activations import Activation


class CannotExpress(InterchangeError):
    """A layer that is whole and that no part of a chain can express; it is left out."""


SAME = ("tanh", "sigmoid", "relu", "softplus", "softsign", "elu", "selu", "gelu", "silu", "hard_tanh")
OTHERS: dict[str, Activation] = {"linear": "identity", "swish": "silu", "leaky_relu": ("leaky_relu", 0.2)}

# Layers that only apply a function: the name of each one's parameter in Keras 2 and 3, ours, and Keras's default.
LAYERS: dict[str, tuple[tuple[str, ...], str, float]] = {
    "LeakyReLU": (("alpha", "negative_slope"), "leaky_relu", 0.3),
    "ELU": (("alpha",), "elu", 1.0),
    "ThresholdedReLU": (("theta",), "thresholded_relu", 1.0),
}


def activation(value: Any, version: int, *, softmax: bool = False) -> Activation:
    """What a layer's configuration says of a function.

    Args:
        value: a name; None for none; or an object that names a function or a layer.
        version: Keras's, 1, 2 or 3.
        softmax: whether softmax will do.

    Raises:
        CannotExpress: a function that this project has not, or code of the file's author.
    """
    if isinstance(value, Mapping):
        return _object(value, version, softmax)
    if value is None:
        return "identity"
    if not isinstance(value, str):
        raise CannotExpress(f"its activation is {plain(repr(value))}, not a name")
    if value == "hard_sigmoid":
        return "hard_sigmoid_6" if version >= 3 else "hard_sigmoid"
    if value == "softmax" and softmax:
        return "softmax"
    if value in SAME:
        return value
    if value in OTHERS:
        return OTHERS[value]
    raise CannotExpress(f"its activation {plain(repr(value))} is none that can be expressed")


def _object(value: Mapping[str, Any], version: int, softmax: bool) -> Activation:
    """A function that the file describes by an object."""
    name, config = value.get("class_name"), value.get("config")
    if (name is None and "value" in value) or name == "__lambda__":
        raise CannotExpress("its activation is code (a lambda), which is never run")
    if is_custom(value):
        raise CannotExpress(
            f"its activation {plain(repr(value.get('registered_name') or name))} is its author's own"
        )
    if name == "function" and isinstance(config, str):
        return activation(config, version, softmax=softmax)
    return layer(str(name), config if isinstance(config, Mapping) else {}, version, softmax=softmax)


def layer(name: str, config: Mapping[str, Any], version: int, *, softmax: bool = False) -> Activation:
    """The function that a layer of activation applies.

    Raises:
        CannotExpress: there is no such function here.
    """
    if name == "Activation":
        return activation(config.get("activation"), version, softmax=softmax)
    if name == "Softmax" and softmax and config.get("axis", -1) in (-1, [-1]):
        return "softmax"
    if name in LAYERS:
        keys, ours, default = LAYERS[name]
        given = next((config[key] for key in keys if key in config), default)
        return (ours, number(given, f"{name}'s parameter"))
    if name == "ReLU" and config.get("max_value") is None and not config.get("threshold"):
        slope = number(config.get("negative_slope") or 0, "ReLU's negative_slope")
        return ("leaky_relu", slope) if slope else "relu"
    raise CannotExpress(f"its activation {plain(repr(name))} is none that can be expressed")


def number(value: Any, what: str) -> float:
    """A parameter; Keras 2 sometimes writes it as an object with its type.

    Raises:
        CannotExpress: it is no finite number.
    """
    if isinstance(value, Mapping):
        value = value.get("value", value.get("config"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
        raise CannotExpress(f"{what} is {plain(repr(value))}, not a number")
    return float(value)


def is_custom(value: Mapping[str, Any]) -> bool:
    """Whether an object's class or function is not Keras's own."""
    module, registered = value.get("module"), value.get("registered_name")
    own = module in (None, "builtins") or str(module).split(".")[0] in ("keras", "tf_keras", "tensorflow")
    return not own or (isinstance(registered, str) and ">" in registered)
