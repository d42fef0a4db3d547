"""Copies, transforms, compilation, export, precisions and processes: our layers where torch's modules go."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from sharing import columns, replica, train_a_share
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.autograd import forward_ad
from torch.func import functional_call, grad, jacrev, jvp, stack_module_state, vmap
from torch.multiprocessing.spawn import spawn
from torch.nn.utils import parametrizations
from torch.utils._pytree import tree_leaves

import peephole as ph

DOUBLE: dict[str, Any] = {"dtype": torch.float64}
#: A layer that torch's operation runs whole, one that it runs layer by layer, and two of the reference.
MODELS: dict[str, Any] = {
    "lstm": lambda **how: ph.LSTM(3, 4, 2, bidirectional=True, **how),
    "gru": lambda **how: ph.GRU(3, 4, 2, connection="highway", learned_state=True, **how),
    "widths": lambda **how: ph.RNN(3, [4, 5], **how),
    "peephole": lambda **how: ph.LSTM(3, 4, peephole="full", layer_norm=True, **how),
    "gates": lambda **how: ph.LSTM(3, 4, full_gate_recurrence=True, zoneout=(0.1, 0.2), **how).eval(),
}


#: torch loads its forward derivatives through its own deprecated compiler.
FORWARD_MODE = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


@pytest.fixture(params=MODELS)
def make(request: pytest.FixtureRequest) -> Any:
    return MODELS[request.param]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 2, 3, **DOUBLE)


def close(a: Any, b: Any, within: float = 1e-12) -> None:
    torch.testing.assert_close(tree_leaves(a), tree_leaves(b), rtol=0, atol=within)


def stacked(results: list[Any]) -> list[Tensor]:
    return [torch.stack(parts) for parts in zip(*map(tree_leaves, results), strict=True)]


def grads(model: nn.Module, output: Any) -> list[Tensor | None]:
    loss = sum(part.square().sum() for part in tree_leaves(output))
    return list(torch.autograd.grad(loss, list(model.parameters()), allow_unused=True))


# --- copies


def test_copies_and_pickles_run_the_same(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for other in (
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.load(file, weights_only=False),
    ):
        assert repr(other) == repr(model)
        for ours, theirs in zip(tree_leaves(other(x)), tree_leaves(model(x)), strict=True):
            assert torch.equal(ours, theirs)


def test_a_layer_is_made_on_the_meta_device_and_filled_later(make: Any, x: Tensor) -> None:
    model = make(device="meta", **DOUBLE)
    assert all(parameter.is_meta for parameter in model.parameters())
    for lengths in (None, [2, 0]):
        output, final = model(x.to("meta"), lengths=lengths)
        assert all(part.is_meta for part in tree_leaves([output, final]))
    model.to_empty(device="cpu").reset_parameters()
    assert [p.shape for p in tree_leaves(model(x))] == [p.shape for p in tree_leaves([output, final])]


def test_a_layer_runs_on_fake_tensors(make: Any) -> None:
    with FakeTensorMode():
        model = make()
        for lengths in (None, [2, 0], torch.tensor([2, 0])):
            output, _ = model(torch.randn(5, 2, 3), lengths=lengths)
            assert isinstance(output, FakeTensor)
            assert output.shape[:2] == (5, 2)


def test_weight_norm_keeps_the_weights_and_then_owns_them(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    before = model(x)
    parametrizations.weight_norm(model, "weight_hh_l0")
    close(model(x), before)
    scale = model.get_parameter("parametrizations.weight_hh_l0.original0")
    with torch.no_grad():
        scale.mul_(2)
    assert not torch.allclose(model(x)[0], before[0])
    model(x)[0].sum().backward()
    assert scale.grad is not None
    assert scale.grad.any()


def test_the_older_weight_norm_keeps_the_weights(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    before = model(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        nn.utils.weight_norm(model, "weight_hh_l0")
    close(model(x), before)


# --- transforms: values, against loops of plain calls


def test_func_grad_is_autograds(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    y = x.clone().requires_grad_()
    close(grad(lambda x: model(x)[0].square().sum())(x), torch.autograd.grad(model(y)[0].square().sum(), y))


def test_vmap_over_inputs_is_a_loop(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    many = torch.stack([x, x + 1, x - 1])
    close(vmap(model)(many), stacked([model(one) for one in many]))


def test_vmap_over_inputs_and_lengths_is_a_loop(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    many, lengths = torch.stack([x, x + 1, x - 1]), torch.tensor([[5, 5], [3, 0], [0, 0]])
    expected = stacked([model(one, lengths=own) for one, own in zip(many, lengths, strict=True)])
    close(vmap(lambda x, own: model(x, lengths=own))(many, lengths), expected)


def test_vmap_over_stacked_weights_is_an_ensemble(make: Any, x: Tensor) -> None:
    models = [make(**DOUBLE) for _ in range(3)]
    parameters, buffers = stack_module_state(models)
    base = copy.deepcopy(models[0]).to("meta")
    result = vmap(lambda p, b: functional_call(base, (p, b), (x,)))(parameters, buffers)
    close(result, stacked([model(x) for model in models]))


def test_functional_call_takes_other_weights(make: Any, x: Tensor) -> None:
    model, other = make(**DOUBLE), make(**DOUBLE)
    close(functional_call(model, dict(other.named_parameters()), (x,)), other(x), 0)


def along(model: nn.Module, x: Tensor, direction: Tensor) -> Any:
    """Output and its derivative along a direction of the input."""
    return jvp(lambda x: model(x)[0], (x,), (direction,))


@FORWARD_MODE
def test_jvp_and_forward_mode_are_the_derivative_along_a_direction(make: Any, x: Tensor) -> None:
    model, direction, step = make(**DOUBLE), torch.randn_like(x), 1e-6
    output, tangent = along(model, x, direction)
    close(output, model(x)[0])
    difference = (model(x + step * direction)[0] - model(x - step * direction)[0]) / (2 * step)
    close(tangent, difference, 1e-8)
    dual: Any = forward_ad
    with dual.dual_level():
        output, _ = model(dual.make_dual(x, direction))
        close(dual.unpack_dual(output).tangent, tangent)


@FORWARD_MODE
def test_forward_mode_of_torchs_float32_operation_is_not_reached(x: Tensor) -> None:
    model, direction = ph.LSTM(3, 4), torch.randn(5, 2, 3)
    exact = ph.LSTM(3, 4, **DOUBLE)
    exact.load_state_dict(model.state_dict())
    _, tangent = along(model, x.float(), direction)
    _, expected = along(exact, x.float().double(), direction.double())
    close(tangent.double(), expected, 1e-5)


def test_jacrev_is_a_loop_over_outputs(make: Any, x: Tensor) -> None:
    model = make(**DOUBLE)
    y = x[:3, :1].clone().requires_grad_()
    output, _ = model(y)
    rows = [torch.autograd.grad(value, y, retain_graph=True)[0] for value in output.flatten()]
    jacobian = jacrev(lambda x: model(x)[0])(y.detach())
    close(jacobian, torch.stack(rows).view_as(jacobian))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_derivatives_in_float32_are_those_in_float64(kind: str, x: Tensor) -> None:
    model = getattr(ph, kind)(3, 4, 2)
    exact = getattr(ph, kind)(3, 4, 2, **DOUBLE)
    exact.load_state_dict(model.state_dict())

    def penalty(model: nn.Module, x: Tensor) -> list[Tensor]:
        x = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(model(x)[0].square().sum(), x, create_graph=True)
        return list(torch.autograd.grad(slope.square().sum(), [x, *model.parameters()], allow_unused=True))

    for ours, theirs in zip(penalty(model, x.float()), penalty(exact, x.float().double()), strict=True):
        if theirs is not None:
            close(ours.double(), theirs, 1e-4)


# --- compilation and export


@pytest.fixture
def dynamo() -> Iterator[None]:
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own, which change with every version
        yield
    torch._dynamo.reset()


class Reader(nn.Module):
    """A model around a layer."""

    def __init__(self, recurrent: nn.Module, width: int) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.readout = nn.Linear(width, 2)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Any:
        hidden, state = self.recurrent(x, lengths=lengths)
        return self.readout(hidden), state


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recurrent", "width", "time", "lengths"),
    [
        (lambda: ph.LSTM(3, 4, 2, bidirectional=True), 8, 300, None),
        (lambda: ph.GRU(3, [4, 5], learned_state=True), 5, 300, None),
        (lambda: ph.RNN(3, 4, 3, connection="highway", bidirectional=True, merge="sum"), 4, 300, None),
        (lambda: ph.LSTM(3, 4, peephole="full"), 4, 4, None),
        (lambda: ph.GRU(3, 4, bidirectional=True), 8, 5, [4, 0]),
    ],
    ids=["vendor", "widths", "highway", "reference", "lengths"],
)
def test_a_compiled_model_is_the_model(
    dynamo: None, recurrent: Any, width: int, time: int, lengths: list[int] | None
) -> None:
    model = Reader(recurrent(), width)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = torch.randn(time, 2, 3)
    given = None if lengths is None else torch.tensor(lengths)
    output, expected = compiled(x, given), model(x, given)
    close(output, expected, 1e-5)
    for ours, theirs in zip(grads(model, output), grads(model, expected), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_one_graph_serves_any_number_of_steps(dynamo: None) -> None:
    model = ph.LSTM(3, 4)
    graphs = []

    def count(graph: Any, inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend=count)
    for time, batch in ((5, 2), (70, 3), (9, 4)):
        x = torch.randn(time, batch, 3)
        close(compiled(x), model(x), 1e-6)
    assert len(graphs) == 1


@pytest.mark.slow
def test_a_stream_can_be_compiled(dynamo: None) -> None:
    model = ph.GRU(3, 4, 2)
    compiled = torch.compile(model.step, fullgraph=True, backend="aot_eager")
    x, state = torch.randn(2, 3), torch.randn(2, 2, 4)
    close(compiled(x, state), model.step(x, state), 1e-6)


@pytest.mark.slow
def test_an_intervention_reaches_a_compiled_module(dynamo: None) -> None:
    model = ph.LSTM(3, 4)
    compiled: Any = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = torch.randn(5, 2, 3)
    free = compiled(x)[0]
    with ph.intervene(compiled, {"l0.cell.1": 0.0}):
        held = compiled(x)[0]
    with ph.intervene(model, {"l0.cell.1": 0.0}):
        expected = model(x)[0]
    assert torch.equal(held, expected)
    assert held[..., 1].eq(0).all()
    close(compiled(x)[0], free, 0)


@pytest.mark.slow
def test_recording_runs_a_compiled_module_uncompiled(dynamo: None) -> None:
    model = ph.LSTM(3, 4)
    compiled: Any = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = torch.randn(5, 2, 3)
    compiled(x)
    output, trace = ph.trace(compiled, x)
    assert torch.equal(output[0], model(x)[0])
    assert torch.equal(trace.layer(0).hidden, output[0])


@pytest.mark.slow
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", ["lstm", "peephole"])
def test_an_exported_model_is_the_model(dynamo: None, name: str, strict: bool) -> None:
    model = MODELS[name]().eval()
    x = torch.randn(5, 2, 3)
    program = torch.export.export(model, (x,), strict=strict)
    close(program.module()(x), model(x), 1e-6)
    called = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    assert not any("peephole" in name for name in called), "it needs torch alone"


# --- precisions


@pytest.mark.parametrize("low", [torch.bfloat16, torch.float16])
def test_half_precision_stays_half_and_near(make: Any, low: torch.dtype) -> None:
    model = make().eval()
    x = torch.randn(5, 2, 3)
    half = copy.deepcopy(model).to(low)
    result = half(x.to(low))
    assert {part.dtype for part in tree_leaves(result)} == {low}
    close(result[0].float(), model(x)[0], 0.05)
    assert all(g is None or g.isfinite().all() for g in grads(half, result))


@pytest.mark.parametrize("low", [torch.bfloat16, torch.float16])
def test_autocast_takes_float32_states_and_stays_near(make: Any, low: torch.dtype) -> None:
    model = make().eval()
    x = torch.randn(5, 2, 3)
    expected, state = model(x)
    with torch.autocast("cpu", dtype=low):
        output, _ = model(x)
        close(output.float(), expected.detach(), 0.05)
        close(model(x, lengths=[5, 2])[0][:2].float(), model(x[:2])[0].float(), 0.3)
        model(x, state)
    assert all(g is None or g.isfinite().all() for g in grads(model, output))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_autocast_of_a_plain_layer_is_torchs(kind: str) -> None:
    ours, theirs = (getattr(home, kind)(3, 4, 2) for home in (ph, torch.nn))
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(5, 2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result, expected = tree_leaves(ours(x)), tree_leaves(theirs(x))
    assert all(one.dtype == other.dtype for one, other in zip(result, expected, strict=True))
    assert all(map(torch.equal, result, expected))


# --- processes


@pytest.mark.slow
def test_two_processes_share_a_batch(tmp_path: Path) -> None:
    spawn(train_a_share, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    model = replica()
    output, _ = model(columns(), lengths=[5, 2, 5, 2])
    (output.square().sum() / 2).backward()
    close(torch.load(tmp_path / "gradients"), [p.grad for p in model.parameters()], 1e-5)
