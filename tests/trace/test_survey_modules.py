"""Which modules can be surveyed, which cannot, and what is said about those."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import peephole as ph
from peephole.errors import TraceError

STEPS = 1300


class Reader(nn.Module):
    """Somebody's language model: an embedding, dropout, an LSTM, a readout."""

    def __init__(self, kind: Any = nn.LSTM, **options: Any) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.dropout = nn.Dropout(0.5)
        self.rnn = kind(4, 6, **options)
        self.readout = nn.Linear(6 * (2 if self.rnn.bidirectional else 1), 9)

    def forward(self, tokens: Tensor, state: Any = None) -> Any:
        output, state = self.rnn(self.dropout(self.embed(tokens)), state)
        return self.readout(output), state


class Learned(Reader):
    """Its first state is learned, lies beyond what a candidate can reach, and is kept for a while."""

    def __init__(self) -> None:
        super().__init__(nn.GRU)
        self.start = nn.Parameter(torch.full((1, 1, 6), 4.0))
        nn.init.constant_(self.rnn.bias_ih_l0[6:12], 4.0)  # the update gate

    def forward(self, tokens: Tensor, state: Any = None) -> Any:
        state = self.start.expand(-1, tokens.shape[1], -1) if state is None else state
        return super().forward(tokens, state.contiguous())


@pytest.mark.parametrize(
    "model",
    [
        Reader(num_layers=2),
        Reader(nn.GRU, num_layers=2, batch_first=True),
        Reader(nn.RNN),
        Reader(ph.LSTM, peephole="diagonal"),
        Learned(),
    ],
    ids=["lstm", "batch-first gru", "rnn", "our lstm", "learned first state"],
)
def test_other_peoples_models_are_surveyed(model: nn.Module) -> None:
    model.double().eval()
    text = torch.randint(0, 9, (STEPS,))
    survey = ph.survey(model, text, target="next", every=64)
    batch = text.unsqueeze(0) if model.rnn.batch_first else text.unsqueeze(1)
    (scores, _), full = ph.trace(model, batch)
    for start, stop in [(0, STEPS), (1000, 1290)]:
        for record in survey.window(start, stop):
            whole = full.layer(record.layer)
            assert record.module == "rnn"
            for name, values in record.quantities.items():
                torch.testing.assert_close(values, whole[name][start:stop], rtol=0, atol=1e-10)
    likeliest = scores.flatten(0, 1).argmax(-1)
    assert survey.said.outputs[:, 0].tolist() == likeliest.tolist()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Linear(3, 3), "exactly one RNN, LSTM or GRU in the module, .* Linear has none"),
        (nn.ModuleList([nn.LSTM(3, 3), nn.GRU(3, 3)]), "ModuleList has 0, 1"),
        (Reader(bidirectional=True), "Reader is bidirectional"),
        (nn.LSTM(3, 3).train(), r"call \.eval\(\)"),
        ("a network", "only a torch.nn.Module can be surveyed, got str"),
    ],
    ids=["no recurrent layer", "two of them", "bidirectional", "in training", "no module"],
)
def test_what_cannot_be_surveyed_is_refused_with_the_reason(model: Any, message: str) -> None:
    if isinstance(model, nn.Module) and "eval" not in message:
        model.eval()
    with pytest.raises(TraceError, match=message):
        ph.survey(model, torch.randint(0, 3, (50,)))


def test_a_model_that_keeps_its_state_to_itself_is_refused() -> None:
    class Forgetful(Reader):
        def forward(self, tokens: Tensor, state: Any = None) -> Any:
            return super().forward(tokens, state)[0]

    class Twisted(Reader):
        def forward(self, tokens: Tensor, state: Any = None) -> Any:
            output, (h, _) = super().forward(tokens, state)
            return output, h

    class Twice(Reader):
        def forward(self, tokens: Tensor, state: Any = None) -> Any:
            super().forward(tokens, state)
            return super().forward(tokens, state)

    text = torch.randint(0, 9, (50,))
    with pytest.raises(TraceError, match=r"must return \(outputs, state\), got a tensor of shape"):
        ph.survey(Forgetful().eval(), text)
    with pytest.raises(TraceError, match="must return the state of its recurrent layer"):
        ph.survey(Twisted().eval(), text)
    with pytest.raises(TraceError, match="several times in one call"):
        ph.survey(Twice().eval(), text)


@pytest.mark.parametrize(
    ("tokens", "options", "message"),
    [
        (torch.zeros(0, dtype=torch.int64), {}, r"got torch.int64 of shape \(0,\)"),
        (torch.zeros(5, 2, dtype=torch.int64), {}, "reads one text"),
        (torch.tensor([0, 9]), {}, "ids from 0 to 9; the network reads 0 to 8"),
        (torch.tensor([0, -1]), {}, "ids from -1 to 0"),
        ([0, 1], {"every": 100}, "one of 32, 64, 128, 256, 512, 1024, got 100"),
        ([0, 1], {"symbols": ["a"]}, "the id 1, and symbols= names only 1"),
        ([0, 1], {"tracks": {"mine": [1.0]}}, "'mine'"),
    ],
)
def test_a_text_that_does_not_fit_is_refused(tokens: Any, options: dict[str, Any], message: str) -> None:
    config = ph.NetworkConfig(
        cell="rnn", input="symbols", input_size=9, output_size=9, embedding=None, hidden=4, layers=1
    )
    with pytest.raises(TraceError, match=message):
        ph.survey(ph.Network(config).eval(), tokens, **options)


def test_a_layer_by_itself_says_nothing() -> None:
    with pytest.raises(TraceError, match="target= needs a model with a readout"):
        ph.survey(nn.GRU(2, 3).eval(), torch.randn(50, 2), target="value")


def test_the_share_that_is_done_is_told_and_can_end_the_survey() -> None:
    model, text = Reader().eval(), torch.randint(0, 9, (5000,))
    shares: list[float] = []
    ph.survey(model, text, report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1

    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        if share > 0.5:
            raise Enough

    with pytest.raises(Enough):
        ph.survey(model, text, report=stop)


def test_a_survey_leaves_gradients_and_threads_as_they_were() -> None:
    threads = torch.get_num_threads()
    model = Reader().eval()
    survey = ph.survey(model, torch.randint(0, 9, (50,)), target="next")
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()
    assert not survey.window(0, 10).layer().hidden.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
