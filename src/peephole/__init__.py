"""Recurrent networks with the lid off: build them, train them, and look inside at every gate and every step.

    import peephole as ph

    model = ph.LSTM(50, 128, num_layers=2)       # torch.nn.LSTM's arguments, shapes and state_dict
    output, trace = ph.trace(model, inputs)      # any torch.nn.Module with recurrent layers in it
    trace.layer(1).forget_gate                   # (time, batch, unit), after the activation

These are the public names, and all of them. The trainer, the explorer and what they need are imported when they
are used, not here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from peephole import errors
from peephole.nn.cells import GRUCell, LSTMCell, RNNCell
from peephole.nn.layers import GRU, LSTM, RNN
from peephole.nn.models import Network, NetworkConfig
from peephole.nn.shapes import shapes
from peephole.nn.states import CallState as State

# A folder becomes an attribute of its package when it is first imported. The lines below do that and then bind
# `trace` to the function, for good: `ph.trace` is the function in whatever order things are imported, and
# `from peephole.trace.recording import …` finds the folder all the same.
from peephole.trace import showing
from peephole.trace.intervening import intervene
from peephole.trace.recording import recording, trace
from peephole.trace.survey import Survey, survey
from peephole.trace.trace import LayerRecord, Trace

if TYPE_CHECKING:
    from peephole import zoo
    from peephole.interchange.arrays import from_arrays
    from peephole.interchange.imported import Imported
    from peephole.interchange.keras.writer import to_keras_arrays
    from peephole.interchange.loading import load
    from peephole.interchange.onnx.writer import export_onnx
    from peephole.interchange.pytorch.writer import to_torch_state_dict
    from peephole.train.run import Run

    open_run = Run.open


def _hosts() -> showing.Hosts:
    from peephole.explorer import hosts

    return hosts


# Traces and runs show themselves through the explorer, which lies above them; only here both are known.
showing.shown_by(_hosts)

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "Imported",
    "LSTMCell",
    "LayerRecord",
    "Network",
    "NetworkConfig",
    "RNNCell",
    "Run",
    "State",
    "Survey",
    "Trace",
    "__version__",
    "errors",
    "export_onnx",
    "from_arrays",
    "intervene",
    "load",
    "open_run",
    "recording",
    "shapes",
    "survey",
    "to_keras_arrays",
    "to_torch_state_dict",
    "trace",
    "zoo",
]

_INTERCHANGE = {
    "Imported": "imported",
    "export_onnx": "onnx.writer",
    "from_arrays": "arrays",
    "load": "loading",
    "to_keras_arrays": "keras.writer",
    "to_torch_state_dict": "pytorch.writer",
}
"""Which file of ``interchange`` has each of its public names."""

if not TYPE_CHECKING:  # or a type checker would take any name for granted

    def __getattr__(name: str) -> Any:
        if name in {"Run", "open_run"}:
            from peephole.train.run import Run

            return Run if name == "Run" else Run.open
        if name in _INTERCHANGE:
            return getattr(import_module(f"peephole.interchange.{_INTERCHANGE[name]}"), name)
        if name == "zoo":
            return import_module("peephole.zoo")
        raise AttributeError(f"module 'peephole' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
