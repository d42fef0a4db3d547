"""Writes a network as a model of ONNX's standard operations, with time and batch left open."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from peephole.errors import InterchangeError, OptionError, TrainingError
from peephole.interchange.imported import Imported
from peephole.interchange.onnx import layers
from peephole.interchange.onnx.builder import Builder
from peephole.interchange.onnx.file import LARGEST, onnx_package
from peephole.nn.chain import ActivationPart, ChainConfig, EmbeddingPart, RecurrentPart
from peephole.nn.chain_network import Chain, Dense
from peephole.nn.foreign import stack_of
from peephole.nn.joining import merged_size
from peephole.nn.models import Network
from peephole.nn.recurrent import RecurrentLayer
from peephole.nn.stack import Stack
from peephole.train.files import replace_bytes

if TYPE_CHECKING:
    from onnx import ModelProto

OLDEST = 13
"""The oldest version of the operators that is written; since it, axes are inputs."""

_STATES = {"hidden": "h", "cell": "c"}


def export_onnx(
    module: nn.Module, path: str | Path, *, opset: int = 17, lengths: bool = False, state: bool = False
) -> None:
    """Writes a recurrent layer or a network as an ONNX model, as it computes in evaluation.

    Inputs, with T and B open:
        input: float32 (T, B, features), (B, T, features) of a layer with ``batch_first``, or int64 ids (T, B).
        sequence_lens: int32 (B,), with ``lengths``: the steps of each sequence.
        initial_h, initial_c: with ``state``: as torch has them, (layers · directions, B, hidden).
    Outputs:
        output: (T, B, width), laid out as the input is; (1, B, width) of a chain that returns the end alone.
        final_h, final_c: as initial_h and initial_c.

    Where layers have widths of their own, states are apart by layer: ``initial_h_l0``, ``initial_h_l1``, …; where a
    chain has several recurrent parts, by part: ``initial_h_0``, …. Only LSTMs have a cell's state. Everything is
    single precision. Dropouts are left out, as evaluation does.

    Args:
        module: ``peephole.RNN``, ``LSTM``, ``GRU``, ``torch.nn``'s of the same name, or a network of this package.
        path: the file; its folder must exist. A file that is there is replaced.
        opset: version of the standard's operators, from 13 on.
        lengths: whether the model takes the sequences' lengths.
        state: whether it takes initial states; otherwise it begins with the learned ones, or with zeros.

    Raises:
        InterchangeError: something that standard nodes do not compute, with the reason; a file that cannot be
            written.
        OptionError: an operator set that is not known.
        NotInstalledError: onnx is not installed.
    """
    newest = onnx_package().defs.onnx_opset_version()
    if opset not in range(OLDEST, newest + 1):
        raise OptionError(f"opset must be from {OLDEST} to {newest}, got {opset!r}")
    if not Path(path).name or Path(path).is_dir():
        raise InterchangeError(f"{str(path)!r} is a folder: name the file in it that is to be written")
    model = _Graph(lengths=lengths, state=state).model(module, opset)
    if model.ByteSize() > LARGEST:
        raise InterchangeError(f"the model has {model.ByteSize():,} bytes, an ONNX file at most {LARGEST:,}")
    onnx_package().checker.check_model(model, full_check=True)
    try:
        replace_bytes(Path(path), model.SerializeToString())
    except TrainingError as error:
        raise InterchangeError(
            f"{path} could not be written: {error.__cause__}; name a file in a folder that is there"
        ) from error


class _Graph:
    """One model being written."""

    def __init__(self, *, lengths: bool, state: bool) -> None:
        self._builder = Builder()
        self._helper = onnx_package().helper
        self._lengths = "sequence_lens" if lengths else ""
        self._state = state
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def model(self, module: nn.Module, opset: int) -> ModelProto:
        """The whole model."""
        if isinstance(module, RecurrentLayer | nn.RNNBase):
            self._layer(module)
        elif isinstance(module, Network):
            self._network(module)
        elif isinstance(module, Chain):
            self._chain(module)
        elif isinstance(module, Imported):
            self._chain(module.wired())
        else:
            raise InterchangeError(
                "what can be written for ONNX is an RNN, LSTM or GRU, or a network of this package, got "
                f"{type(module).__name__}"
            )
        self._builder.keep([output.name for output in self._outputs])
        graph = self._helper.make_graph(
            self._builder.nodes, "peephole", self._inputs, self._outputs, self._builder.initializers
        )
        versions = [self._helper.make_opsetid("", opset)]
        return self._helper.make_model(  # type: ignore[no-any-return]
            graph,
            opset_imports=versions,
            ir_version=self._helper.find_min_ir_version_for(versions),
            producer_name="peephole",
        )

    # What a module is made of, from its input to its output.

    def _layer(self, layer: RecurrentLayer | nn.RNNBase) -> None:
        x = self._numbers(layer.input_size, batch_first=layer.batch_first)
        self._add_lengths()
        if layer.batch_first:
            x = self._builder.make("Transpose", x, perm=[1, 0, 2])
        stack = stack_of(layer)
        y = self._recurrent(x, stack, stack.equations[0].name).sequence
        if layer.batch_first:
            y = self._builder.make("Transpose", y, perm=[1, 0, 2])
        width = _width(stack)
        self._output("output", y, ["batch", "time", width] if layer.batch_first else ["time", "batch", width])

    def _network(self, network: Network) -> None:
        config = network.config
        if config.input == "symbols":
            x = self._symbols()
            if network.embedding is not None:
                x = self._embedded(x, network.embedding.weight, "embedding")
            else:
                depth = self._builder.constant("symbols", config.input_size)
                x = self._builder.make(
                    "OneHot", x, depth, self._builder.weight("off_on", [0.0, 1.0]), axis=-1
                )
        else:
            x = self._numbers(config.input_size)
        self._add_lengths()
        y = self._recurrent(x, stack_of(network.recurrent), config.cell).sequence
        y = self._dense(y, network.readout.weight, network.readout.bias, "readout")
        self._output("output", y, ["time", "batch", config.output_size])

    def _chain(self, chain: Chain) -> None:
        config: ChainConfig = chain.config
        if config.masked is not None:
            raise InterchangeError(
                f"{config.parts[0].name!r} has masked={config.masked}: steps that every layer passes over cannot be "
                "written for ONNX, whose nodes know only where a sequence ends"
            )
        x = self._symbols() if config.input == "symbols" else self._numbers(config.input_size)
        self._add_lengths()
        several = len(config.recurrent) > 1
        places = count()
        time: str | int = "time"
        for part, module in zip(config.parts, map(chain.get_submodule, chain.module_names), strict=True):
            if isinstance(part, EmbeddingPart):
                assert chain.embedding is not None
                x = self._embedded(x, chain.embedding.weight, part.name)
            elif isinstance(part, ActivationPart):
                x = self._builder.function(x, part.activation)
            elif isinstance(part, RecurrentPart):
                assert isinstance(module, RecurrentLayer)
                suffix = f"_{next(places)}" if several else ""
                out = self._recurrent(x, stack_of(module), part.name, suffix)
                x = out.sequence
                if part.returns == "last":
                    x, time = self._ends(out.ends), 1
                elif part.flipped:
                    x = self._flipped(x)
            else:
                assert isinstance(module, Dense)
                x = self._dense(x, module.weight, module.bias, part.name)
                x = self._builder.function(x, part.activation)
        self._output("output", x, [time, "batch", config.output_size])

    # Inputs and outputs.

    def _input(self, name: str, shape: list[str | int], kind: str = "FLOAT") -> str:
        element = getattr(onnx_package().TensorProto, kind)
        self._inputs.append(self._helper.make_tensor_value_info(self._builder.fresh(name), element, shape))
        return name

    def _output(self, name: str, value: str, shape: list[str | int]) -> None:
        element = onnx_package().TensorProto.FLOAT
        # The first output is the network's own, before the states.
        place = 0 if name == "output" else len(self._outputs)
        self._outputs.insert(place, self._helper.make_tensor_value_info(name, element, shape))
        self._builder.named(value, self._builder.fresh(name))

    def _numbers(self, features: int, *, batch_first: bool = False) -> str:
        axes: list[str | int] = ["batch", "time", features] if batch_first else ["time", "batch", features]
        return self._input("input", axes)

    def _symbols(self) -> str:
        return self._input("input", ["time", "batch"], "INT64")

    def _add_lengths(self) -> None:
        if self._lengths:
            self._input(self._lengths, ["batch"], "INT32")

    # Parts.

    def _embedded(self, x: str, table: Tensor, name: str) -> str:
        return self._builder.make("Gather", self._builder.weight(f"{name}.weight", _values(table)), x, axis=0)

    def _dense(self, x: str, weight: Tensor, bias: Tensor | None, name: str) -> str:
        y = self._builder.make("MatMul", x, self._builder.weight(f"{name}.weight", _values(weight).T))
        if bias is None:
            return y
        return self._builder.make("Add", y, self._builder.weight(f"{name}.bias", _values(bias)))

    def _recurrent(self, x: str, stack: Stack, name: str, suffix: str = "") -> layers.Outputs:
        """A recurrent part with the inputs and outputs of its states."""
        layers.check(stack)
        initial = self._initial(stack, suffix) if self._state else None
        out = layers.write(self._builder, stack, x, name=name, lengths=self._lengths, initial=initial)
        names = list(stack.equations[0].state_sizes)
        for place, state in enumerate(names):
            own = f"final_{_STATES[state]}{suffix}"
            each = [final[place] for final in out.final]
            if stack.state_per_layer:
                for depth, value in enumerate(each):
                    size = stack.equations[depth].hidden_size
                    self._output(f"{own}_l{depth}", value, [stack.directions, "batch", size])
                continue
            value = self._builder.make("Concat", *each, axis=0) if len(each) > 1 else each[0]
            lanes = len(each) * stack.directions
            self._output(own, value, [lanes, "batch", stack.equations[0].hidden_size])
        return out

    def _initial(self, stack: Stack, suffix: str) -> list[list[str]]:
        """The inputs for the initial states: for each layer each state, (directions, batch, hidden)."""
        states: list[list[str]] = [[] for _ in stack.layers]
        for state in stack.equations[0].state_sizes:
            own = f"initial_{_STATES[state]}{suffix}"
            if stack.state_per_layer:
                for depth, equations in enumerate(stack.equations):
                    axes: list[str | int] = [stack.directions, "batch", equations.hidden_size]
                    states[depth].append(self._input(f"{own}_l{depth}", axes))
                continue
            lanes = len(stack.layers) * stack.directions
            whole = self._input(own, [lanes, "batch", stack.equations[0].hidden_size])
            for depth, layer in enumerate(states):
                bounds = (depth * stack.directions, (depth + 1) * stack.directions)
                ends = [self._builder.constant("bound", [bound]) for bound in (*bounds, 0)]
                layer.append(whole if len(states) == 1 else self._builder.make("Slice", whole, *ends))
        return states

    def _ends(self, ends: str) -> str:
        """(batch, width) as (1, batch, width); zeros for a sequence without a step."""
        value = self._builder.make("Unsqueeze", ends, self._builder.constant("axis", [0]))
        if not self._lengths:
            return value
        zero = self._builder.constant("zero", 0, "int32")
        there = self._builder.make("Greater", self._lengths, zero)
        axes = self._builder.constant("axes", [0, 2])
        return self._builder.make(
            "Where",
            self._builder.make("Unsqueeze", there, axes),
            value,
            self._builder.weight("nothing", 0.0),
        )

    def _flipped(self, x: str) -> str:
        """(time, batch, width) from each sequence's end to its beginning."""
        if self._lengths:
            lengths = self._builder.make("Cast", self._lengths, to=onnx_package().TensorProto.INT64)
            return self._builder.make("ReverseSequence", x, lengths, time_axis=0, batch_axis=1)
        bounds = [self._builder.constant("bound", [bound]) for bound in (-1, -(2**63) + 1, 0, -1)]
        return self._builder.make("Slice", x, *bounds)


def _values(tensor: Tensor) -> Any:
    return tensor.detach().float().cpu().numpy()


def _width(stack: Stack) -> int:
    """Features of what a stack puts out."""
    return merged_size(stack.equations[-1].output_size, directions=stack.directions, how=stack.merge)
