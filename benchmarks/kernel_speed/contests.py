"""How each contest is set up: ours and its peers, with the same weights and the same input.

The constructors take a shape and the number of threads, which torch already has.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import peephole as ph
from kernel_speed.layers import Entrant, inferring, kept_by_hand, recorded, training, twins
from kernel_speed.peak import peak
from kernel_speed.runtimes import lstm_model, onnx_runtime, openvino
from kernel_speed.shapes import Shape
from peephole.nn import ways


@dataclass(frozen=True)
class Contest:
    """Ours and its peers, set up at one shape.

    Attributes:
        ours: the one that is judged.
        peers: those that it is judged by; the fastest counts.
        grad: whether gradients are on.
        factor: of the quotient of times.
    """

    ours: Entrant
    peers: tuple[Entrant, ...]
    grad: bool
    factor: float = 1.0


def _input(shape: Shape, dtype: torch.dtype = torch.float32) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(shape.time, shape.batch, shape.input, dtype=dtype)


def _loss(shape: Shape, dtype: torch.dtype = torch.float32) -> Tensor:
    torch.manual_seed(2)
    return torch.randn(shape.time, shape.batch, shape.hidden, dtype=dtype)


def recorded_forward(shape: Shape, threads: int) -> Contest:
    """Ours leaves every gate; the peer is torch's layer, which leaves none."""
    ours, theirs = twins("LSTM", shape.input, shape.hidden)
    x = _input(shape)

    def everything(output: Tensor, kept: dict[str, Tensor]) -> list[Tensor]:
        return [output, *kept.values()]

    return Contest(
        Entrant(
            "ours",
            lambda: ph.trace(ours, x),
            lambda: everything(*recorded(ours, x)),
            should=lambda: everything(*kept_by_hand(theirs, x)),
            layer=ours,
        ),
        (inferring("nn.LSTM", theirs, x),),
        grad=False,
    )


def forward(shape: Shape, threads: int) -> Contest:
    """Nothing recorded; every runtime that is installed is a peer."""
    ours, theirs = twins("LSTM", shape.input, shape.hidden)
    x = _input(shape)
    peers = [inferring("nn.LSTM", theirs, x)]
    with suppress(ModuleNotFoundError):
        model = lstm_model(theirs, shape)
        for runtime in (onnx_runtime, openvino):
            with suppress(ModuleNotFoundError):
                peers.append(runtime(model, x, threads))
    return Contest(inferring("ours", ours, x), tuple(peers), grad=False)


def train(shape: Shape, threads: int, *, kind: str = "LSTM", dtype: torch.dtype = torch.float32) -> Contest:
    """Forward and backward, beside torch's layer of the same kind."""
    ours, theirs = twins(kind, shape.input, shape.hidden, dtype)
    weight = _loss(shape, dtype)
    return Contest(
        training("ours", ours, _input(shape, dtype), weight),
        (training(f"nn.{kind}", theirs, _input(shape, dtype), weight),),
        grad=True,
    )


def recorded_train(shape: Shape, threads: int) -> Contest:
    """Forward and backward, with the gates kept for looking, beside a loop that keeps them."""
    ours, theirs = twins("LSTM", shape.input, shape.hidden)
    weight = _loss(shape)
    return Contest(
        training("ours", ours, _input(shape), weight, lambda x: recorded(ours, x)[0]),
        (training("plain loop", theirs, _input(shape), weight, lambda x: kept_by_hand(theirs, x)[0]),),
        grad=True,
    )


def ragged_train(shape: Shape, threads: int) -> Contest:
    """Forward and backward of a ragged batch. The peer's is packed beforehand, and what it gives stays packed."""
    ours, theirs = twins("LSTM", shape.input, shape.hidden)
    torch.manual_seed(3)
    lengths = torch.randint(1, shape.time + 1, (shape.batch,))
    lengths[0] = shape.time
    alive = (torch.arange(shape.time).unsqueeze(1) < lengths).unsqueeze(2)
    weight = _loss(shape) * alive

    def packed(values: Tensor) -> PackedSequence:
        return pack_padded_sequence(values, lengths, enforce_sorted=False)

    mine = training("ours", ours, _input(shape), weight, lambda x: ours(x, lengths=lengths)[0])
    peer = training("nn.LSTM, packed", theirs, packed(_input(shape)), packed(weight).data)

    def gives() -> list[Tensor]:
        output, of_input, *of_parameters = mine.gives()
        return [packed(output).data, packed(of_input).data, *of_parameters]

    return Contest(Entrant("ours", mine.run, gives, layer=ours), (peer,), grad=True)


def variant(shape: Shape, threads: int, *, options: dict[str, Any], grad: bool) -> Contest:
    """An LSTM with these options beside our plain one, both held to the reference.

    That is done in float64: with layer norm the states of a random layer are chaotic, and what two ways of adding up
    differ by in float32 grows over the steps to the size of the values.
    """
    x, weight = _input(shape), _loss(shape)

    def worked(name: str, layer: torch.nn.Module, dtype: torch.dtype) -> Entrant:
        layer, own = layer.to(dtype), x.to(dtype, copy=True)
        return training(name, layer, own, weight.to(dtype)) if grad else inferring(name, layer, own)

    def entrant(name: str, **options: Any) -> Entrant:
        torch.manual_seed(0)
        layer = ph.LSTM(shape.input, shape.hidden, **options)
        with torch.no_grad():
            for parameter in layer.parameters():
                if parameter.dim() == 1:  # peepholes and norms begin as if they were not there
                    parameter.add_(0.1 * torch.randn_like(parameter))

        def checked() -> Entrant:
            return worked(name, deepcopy(layer), torch.float64)

        def should() -> list[Tensor]:
            with ways.forced("reference"):
                return list(checked().gives())

        return Entrant(name, worked(name, layer, torch.float32).run, lambda: checked().gives(), should, layer)

    return Contest(entrant("ours", **options), (entrant("our plain LSTM"),), grad)


def bfloat16(shape: Shape, threads: int) -> Contest:
    """A stream with weights in bfloat16, beside torch's float32; held to float32 on weights that were rounded."""
    ours, theirs = twins("LSTM", shape.input, shape.hidden)
    _, rounded = twins("LSTM", shape.input, shape.hidden)
    x = _input(shape)
    with torch.no_grad():
        for name, weight in rounded.named_parameters():
            if name.startswith("weight"):
                weight.copy_(weight.bfloat16())
    stream = ours.stream(weights="bfloat16")
    return Contest(
        Entrant(
            "ours",
            lambda: stream(x),
            lambda: [ours.stream(weights="bfloat16")(x)],
            should=lambda: [rounded(x)[0]],
            layer=ours,
        ),
        (inferring("nn.LSTM", theirs, x),),
        grad=False,
    )


def step(shape: Shape, threads: int, *, kind: str) -> Contest:
    """One step of a stream that goes on: torch's layer is called with one step and the state so far."""
    ours, theirs = twins(kind, shape.input, shape.hidden)
    stream = ours.stream()
    steps = torch.randn(20, 1, shape.input)
    first, state = steps[0], theirs(steps)[1]
    alone = steps[:1]

    def gives() -> list[Tensor]:
        fresh = ours.stream()
        return [torch.stack([fresh.step(x) for x in steps])]

    return Contest(
        Entrant("ours", lambda: stream.step(first), gives, layer=ours),
        (Entrant(f"nn.{kind}", lambda: theirs(alone, state), lambda: [theirs(steps)[0]]),),
        grad=False,
    )


def share(shape: Shape, threads: int, *, grad: bool) -> Contest:
    """The most that the machine does is the peer; a backward pass does twice what the forward pass does.

    What it gives is not compared: ``forward`` and ``train`` do that.
    """
    ours, _ = twins("LSTM", shape.input, shape.hidden)
    x, machine = _input(shape), peak(threads)
    work = training("ours", ours, x, _loss(shape)) if grad else inferring("ours", ours, x)
    return Contest(
        Entrant("ours", work.run, list, layer=ours),
        (Entrant(machine.what, machine.run, list),),
        grad,
        factor=shape.lstm_operations() * (3 if grad else 1) / machine.operations,
    )
