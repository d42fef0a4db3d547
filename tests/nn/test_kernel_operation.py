"""The kernels as an operation of torch: opcheck, compilation, derivatives of any order, processes, threads, memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from conformance.kernels import DOUBLE, LENGTHS, MODELS, close, on_both
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.func import jvp
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.nn import kernel_function
from peephole.nn.kernel_op import BACKWARD, NOTHING, RECORD, Call


@pytest.fixture(params=MODELS)
def make(request: pytest.FixtureRequest) -> Any:
    return MODELS[request.param]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(6, 3, 3, **DOUBLE)


def calls(model: nn.Module, x: Tensor, lengths: Tensor | None, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the operation is called with, layer by layer."""
    seen: list[Call] = []
    run = kernel_function.run

    def noting(call: Call, *more: Any, **named: Any) -> Any:
        seen.append(call)
        return run(call, *more, **named)

    monkeypatch.setattr(kernel_function, "run", noting)
    model(x, lengths=lengths)
    return seen


# --- the operation


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_opcheck_finds_nothing(make: Any, x: Tensor, lengths: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = None if lengths is None else torch.tensor(lengths)
    for call in calls(make(**DOUBLE).requires_grad_(False), x, given, monkeypatch):
        checks = ("test_schema", "test_faketensor", "test_aot_dispatch_dynamic")
        for keep in (NOTHING, RECORD, BACKWARD):
            torch.library.opcheck(
                torch.ops.peephole.layer.default, (*call.arguments, keep), test_utils=checks
            )
        results = torch.ops.peephole.layer(*call.arguments, BACKWARD)
        states = len(call.state)
        grads = [torch.randn_like(part) for part in results[: 1 + states]] + [None] * len(
            results[1 + states :]
        )
        wanted = [True] * (len(call.x) + states + len(call.weights))
        kept = [results[0], *results[1 + states :]]
        arguments = (*call.arguments, kept, grads, wanted)
        torch.library.opcheck(torch.ops.peephole.layer_backward.default, arguments, test_utils=checks)


def test_without_a_reader_no_record_is_made(x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    (call,) = calls(ph.LSTM(3, 4, **DOUBLE).requires_grad_(False), x, None, monkeypatch)
    assert len(torch.ops.peephole.layer(*call.arguments, NOTHING)) == 3


def test_gradients_that_nobody_wants_are_not_made(x: Tensor) -> None:
    def result(frozen: str) -> Any:
        model = ph.LSTM(3, 4, peephole="diagonal", **DOUBLE)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(not name.startswith(frozen))
        model(x)[0].square().sum().backward()
        return {name: p.grad for name, p in model.named_parameters()}

    for frozen in ("weight_ih", "weight_hh", "bias", "weight"):
        ours, theirs = on_both(lambda frozen=frozen: result(frozen))
        for name, grad in theirs.items():
            assert (ours[name] is None) == (grad is None) == name.startswith(frozen)
            if grad is not None:
                close(ours[name], grad)


@pytest.mark.parametrize("part", ["output", "hidden", "cell", "gate"])
def test_a_loss_on_one_result_alone(part: str, x: Tensor) -> None:
    def result() -> Any:
        model = ph.LSTM(3, 4, peephole="diagonal", bidirectional=True, **DOUBLE)
        given = x.clone().requires_grad_()
        (output, (h, c)), trace = ph.trace(model, given, grad=True)
        seen = {"output": output, "hidden": h, "cell": c, "gate": trace.layer(0, "backward").forget_gate}[
            part
        ]
        return torch.autograd.grad(seen.square().sum(), [given, *model.parameters()], allow_unused=True)

    ours, theirs = on_both(result)
    for mine, their in zip(ours, theirs, strict=True):
        close(mine, torch.zeros_like(mine) if their is None else their)


def test_vmap_of_the_operation_itself_is_a_loop(x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    (call,) = calls(ph.LSTM(3, 4, peephole="diagonal", **DOUBLE), x, None, monkeypatch)
    groups = (call.x, call.state, call.weights, call.masks, call.held)
    counts = tuple(len(group) for group in groups)
    rest = [part for group in groups[1:] for part in group]

    def run(x: Tensor) -> Any:
        return kernel_function.Layer.apply(call.key, counts, (), False, x, *rest, None)

    many = torch.stack([x, x + 1])
    for batched, *alone in zip(torch.vmap(run)(many), *map(run, many), strict=True):
        close(batched, torch.stack(alone))


# --- compilation


@pytest.fixture
def dynamo() -> Iterator[None]:
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own, which change with every version
        yield
    torch._dynamo.reset()


@pytest.mark.slow
@pytest.mark.parametrize("lengths", [None, [300, 0]], ids=["full", "ragged"])
@pytest.mark.parametrize(
    "build",
    [
        lambda: ph.LSTM(3, 4, 2, peephole="diagonal", bidirectional=True),
        lambda: ph.GRU(3, 4, layer_norm=True),
        lambda: ph.LSTM(3, 4, zoneout=(0.1, 0.1), weight_dropout=0.2).eval(),
    ],
    ids=["peephole", "layer_norm", "evaluation"],
)
def test_three_hundred_steps_are_one_node_of_a_graph(dynamo: None, build: Any, lengths: Any) -> None:
    model = build()
    nodes: list[str] = []

    def backend(graph: Any, inputs: Any) -> Any:
        nodes.extend(str(node.target) for node in graph.graph.nodes)
        return graph.forward

    x, given = torch.randn(300, 2, 3), None if lengths is None else torch.tensor(lengths)
    torch.compile(model, fullgraph=True, backend=backend)(x, lengths=given)
    assert len(nodes) < 200
    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    output, expected = compiled(x, lengths=given), model(x, lengths=given)
    close(output, expected, 1e-5)
    for result in (output, expected):
        model.zero_grad()
        sum(part.square().sum() for part in tree_leaves(result)).backward()
        grads = [parameter.grad.clone() for parameter in model.parameters()]
        nodes.append("")
        if result is output:
            first = grads
    torch.testing.assert_close(first, grads, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_lengths_beyond_the_input_are_refused_by_a_compiled_model_too(dynamo: None) -> None:
    model: Any = torch.compile(ph.LSTM(3, 4), fullgraph=True, backend="aot_eager")
    with torch.no_grad(), pytest.raises(RuntimeError, match="between 0 and the input's 5"):
        model(torch.randn(5, 2, 3), lengths=torch.tensor([6, 2]))


# --- derivatives of other kinds


def test_second_derivatives_are_the_references(make: Any, x: Tensor) -> None:
    def result() -> Any:
        model = make(**DOUBLE).eval()
        given = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(
            model(given, lengths=LENGTHS)[0].square().sum(), given, create_graph=True
        )
        return torch.autograd.grad(slope.square().sum(), [given, *model.parameters()], allow_unused=True)

    ours, theirs = on_both(result)
    for mine, their in zip(ours, theirs, strict=True):
        assert (mine is None) == (their is None) or not (their if mine is None else mine).any()
        if mine is not None and their is not None:
            close(mine, their, 1e-8)


def test_a_state_that_depends_on_the_input_is_counted_once(x: Tensor) -> None:
    def result() -> Any:
        model = ph.LSTM(3, 3, **DOUBLE)
        given = x.clone().requires_grad_()
        state = given[:1].tanh()
        output = model(given, (state, state.sin()))[0]
        (slope,) = torch.autograd.grad(output.square().sum(), given, create_graph=True)
        return slope, torch.autograd.grad(slope.square().sum(), given)

    close(*on_both(result), 1e-8)


def test_batched_gradients_are_a_loop(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE).eval()
    given = x.clone().requires_grad_()
    output, _ = model(given)
    many = torch.randn(3, *output.shape, **DOUBLE)
    (batched,) = torch.autograd.grad(output, given, many, is_grads_batched=True, retain_graph=True)
    close(
        batched, torch.stack([torch.autograd.grad(output, given, one, retain_graph=True)[0] for one in many])
    )


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_tangents_have_the_values_of_differences(make: Any, x: Tensor) -> None:
    model, direction, step = make(**DOUBLE).eval(), torch.randn_like(x), 1e-6
    difference = (model(x + step * direction)[0] - model(x - step * direction)[0]) / (2 * step)
    assert difference.abs().max() > 1e-3
    _, tangent = jvp(lambda x: model(x)[0], (x,), (direction,))
    close(tangent, difference, 1e-6)
    dual: Any = forward_ad
    with dual.dual_level():
        close(dual.unpack_dual(model(dual.make_dual(x, direction))[0]).tangent, difference, 1e-6)
