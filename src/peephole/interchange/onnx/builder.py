"""A graph of ONNX while it is being written: nodes with outputs of fresh names, constants as initializers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from peephole.interchange.onnx.file import onnx_package
from peephole.nn.activations import FORMS, Activation

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

# Functions that one operation of the standard computes, with alpha and beta as its attributes.
_ALONE = {
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "identity": "Identity",
    "hard_sigmoid": "HardSigmoid",
    "softsign": "Softsign",
    "softplus": "Softplus",
    "leaky_relu": "LeakyRelu",
    "thresholded_relu": "ThresholdedRelu",
    "elu": "Elu",
    "selu": "Selu",
}


class Builder:
    """Collects nodes and initializers.

    Attributes:
        nodes, initializers: what was made, in order.
    """

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._helper = onnx_package().helper
        self._arrays = onnx_package().numpy_helper
        self._names: set[str] = set()

    def fresh(self, name: str) -> str:
        """A name that nothing has yet."""
        number, own = 0, name
        while own in self._names:
            number += 1
            own = f"{name}_{number}"
        self._names.add(own)
        return own

    def constant(self, name: str, values: Any, dtype: str = "int64") -> str:
        """An initializer."""
        own = self.fresh(name)
        self.initializers.append(self._arrays.from_array(np.asarray(values, dtype), own))
        return own

    def weight(self, name: str, values: Any) -> str:
        """An initializer in single precision."""
        return self.constant(name, values, "float32")

    def nodes_of(
        self, operation: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """A node whose outputs have these names."""
        name = self.fresh(f"{outputs[0]}/{operation}")
        self.nodes.append(self._helper.make_node(operation, inputs, outputs, name=name, **attributes))

    def make(self, operation: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """A node with one output, whose name is returned."""
        output = self.fresh(name or operation.lower())
        self.nodes_of(operation, inputs, [output], **attributes)
        return output

    def keep(self, outputs: Sequence[str]) -> None:
        """Drops the nodes and initializers that no output rests on."""
        read = set(outputs)
        kept = []
        for node in reversed(self.nodes):  # a node stands behind those that it reads
            if read & set(node.output):
                read |= set(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.initializers = [tensor for tensor in self.initializers if tensor.name in read]

    def named(self, value: str, name: str) -> None:
        """Gives a value the name that the graph returns it by."""
        self.nodes_of("Identity", [value], [name])

    def function(self, x: str, activation: Activation) -> str:
        """An activation, or "softmax" over the last axis."""
        name, *given = (activation,) if isinstance(activation, str) else activation
        if name == "softmax":
            return self.make("Softmax", x, axis=-1)
        parameters = [float(p) for p in (*given, *FORMS[str(name)].defaults[len(given) :])]
        match name:
            case "identity":
                return x
            case "hard_sigmoid_6":
                return self.make("HardSigmoid", x, alpha=1 / 6, beta=0.5)
            case "hard_tanh":
                return self.make("Clip", x, self.weight("low", -1.0), self.weight("high", 1.0))
            case "silu":
                return self.make("Mul", x, self.make("Sigmoid", x))
            case "gelu":
                half = self.make("Mul", x, self.weight("half", 0.5))
                scaled = self.make("Mul", x, self.weight("root", 0.5**0.5))
                return self.make(
                    "Mul", half, self.make("Add", self.make("Erf", scaled), self.weight("one", 1.0))
                )
            case "affine" | "scaled_tanh":
                alpha, beta = (
                    self.weight(n, value) for n, value in zip(("alpha", "beta"), parameters, strict=True)
                )
                if name == "affine":
                    return self.make("Add", self.make("Mul", x, alpha), beta)
                return self.make("Mul", alpha, self.make("Tanh", self.make("Mul", beta, x)))
        attributes: dict[str, Any] = dict(zip(("alpha", "beta"), parameters, strict=False))
        return self.make(_ALONE[str(name)], x, **attributes)
