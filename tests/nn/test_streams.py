"""``layer.stream``: steps and chunks are the whole sequence, from packed weights that change when they are told to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import library

DOUBLE: dict[str, Any] = {"dtype": torch.float64}
LAYERS: dict[str, Any] = {
    "lstm": lambda **how: ph.LSTM(3, 5, 2, **how),
    "variant": lambda **how: ph.LSTM(3, 5, peephole="diagonal", proj_size=2, zoneout=(0.1, 0.2), **how),
    "layer_norm": lambda **how: ph.LSTM(3, 4, 2, layer_norm=True, learned_state=True, **how),
    "gru": lambda **how: ph.GRU(3, [4, 5], reset_after=False, recurrent_dropout=0.2, **how),
    "rnn": lambda **how: ph.RNN(3, 4, 3, connection="highway", **how),
}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> Any:
    layer = LAYERS[request.param](**DOUBLE).eval()
    for parameter in layer.parameters():
        torch.nn.init.uniform_(parameter, -0.8, 0.8)
    return layer


def close(a: Any, b: Any, within: float = 1e-12) -> None:
    torch.testing.assert_close(tree_leaves(a), tree_leaves(b), rtol=0, atol=within)


@pytest.mark.parametrize("batch", [1, 2])
def test_steps_and_chunks_in_any_order_are_the_whole_sequence(layer: Any, batch: int) -> None:
    x = torch.randn(9, batch, 3, **DOUBLE)
    whole, final = layer(x)
    stream = layer.stream(batch=batch)
    outputs = [stream.step(x[0]), stream.step(x[1]), *stream(x[2:6]), stream.step(x[6]), *stream(x[7:])]
    close(torch.stack(outputs), whole)
    close(stream.state, final)
    assert [part.shape for part in tree_leaves(stream.state)] == [part.shape for part in tree_leaves(final)]


def test_an_output_is_not_written_again(layer: Any) -> None:
    stream, x = layer.stream(), torch.randn(3, 1, 3, **DOUBLE)
    first = stream.step(x[0])
    kept, state = first.clone(), stream.state
    states = [part.clone() for part in tree_leaves(state)]
    stream.step(x[1]), stream.step(x[2])
    assert torch.equal(first, kept)
    assert all(map(torch.equal, tree_leaves(state), states))


def test_reset_begins_anew_or_from_a_state(layer: Any) -> None:
    x = torch.randn(4, 1, 3, **DOUBLE)
    stream = layer.stream()
    first = stream(x)
    state = stream.state
    stream.step(x[0])
    stream.reset()
    assert torch.equal(stream(x), first)
    following = stream(x)
    stream.reset(state)
    assert torch.equal(stream(x), following)
    close(following, layer(x, state)[0])


def test_weights_are_those_of_the_last_refresh_and_the_state_stays(layer: Any) -> None:
    x = torch.randn(4, 1, 3, **DOUBLE)
    stream, same = layer.stream(), layer.stream()
    stream(x[:2]), same(x[:2])
    state = stream.state
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(0.5)
    before = stream(x[2:])
    stream.reset(state)
    stream.refresh()
    after = stream(x[2:])
    assert torch.equal(before, same(x[2:]))
    assert not torch.equal(before, after)
    close(after, layer(x[2:], state)[0])


@pytest.mark.parametrize("name", library.instruction_sets() if library.is_loaded() else ())
def test_a_stream_follows_the_instruction_set(layer: Any, name: str) -> None:
    x = torch.randn(4, 1, 3, **DOUBLE)
    stream = layer.stream()
    first = stream(x[:2])
    with library.using(name):
        close(torch.cat([first, stream.step(x[2])[None], stream(x[3:])]), layer(x)[0])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stream_of_any_number_of_threads_gives_the_same(layer: Any, threads: int) -> None:
    x = torch.randn(4, 2, 3, **DOUBLE)
    stream = layer.stream(batch=2)
    first = stream.step(x[0])
    torch.set_num_threads(threads)
    try:
        rest = stream.step(x[1])
    finally:
        torch.set_num_threads(1)
    close(torch.stack([first, rest]), layer(x[:2])[0])


@pytest.mark.parametrize("make", [ph.RNN, ph.LSTM, ph.GRU])
def test_bfloat16_weights_are_near_and_the_state_stays_float32(make: Any) -> None:
    layer, x = make(8, 64), torch.randn(30, 1, 8)
    stream, exact = layer.stream(weights="bfloat16"), layer.stream()
    ours, theirs = stream(x), exact(x)
    assert all(part.dtype == torch.float32 for part in tree_leaves([ours, stream.state]))
    assert 0 < (ours - theirs).abs().max() < 0.01
    rounded = make(8, 64)
    rounded.load_state_dict(layer.state_dict())
    for name, parameter in rounded.named_parameters():
        if name.startswith("weight"):
            parameter.data = parameter.data.bfloat16().float()
    close(ours, rounded(x)[0], 1e-5)
    stream.reset()
    close(torch.stack([stream.step(x_t) for x_t in x]), ours, 1e-5)


@pytest.mark.parametrize(
    ("make", "arguments", "says"),
    [
        (lambda: ph.LSTM(3, 4, bidirectional=True), {}, "bidirectional=False"),
        (lambda: ph.LSTM(3, 4, peephole="full"), {}, "layer.step"),
        (lambda: ph.LSTM(3, 4, zoneout=(0.1, 0.0)), {}, r"eval\(\)"),
        (lambda: ph.LSTM(3, 4, 2, dropout=0.1), {}, r"eval\(\)"),
        (lambda: ph.LSTM(3, 4, dtype=torch.float16), {}, "float16"),
        (lambda: ph.LSTM(3, 4, device="meta"), {}, "meta"),
        (lambda: ph.LSTM(3, 4), {"batch": 0}, "batch"),
        (lambda: ph.LSTM(3, 4), {"weights": "int8"}, "bfloat16"),
        (lambda: ph.LSTM(3, 4, dtype=torch.float64), {"weights": "bfloat16"}, "float32"),
    ],
)
def test_what_cannot_be_streamed_says_what_to_do(make: Any, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        make().stream(**arguments)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (torch.randn(2, 3), r"1, 3\)"),
        (torch.randn(3), r"1, 3\)"),
        (torch.randn(1, 3, dtype=torch.float64), "float64"),
        (torch.randn(1, 3, requires_grad=True), "layer.step"),
        (torch.randn(1, 3, device="meta"), "meta"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(x: Tensor, says: str) -> None:
    stream = ph.LSTM(3, 4).stream()
    with pytest.raises(RuntimeError, match=says):
        stream.step(x)
    with pytest.raises(RuntimeError, match=says):
        stream(x.unsqueeze(0))
