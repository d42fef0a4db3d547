from __future__ import annotations

import math
from itertools import islice

import pytest
import torch

from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError, OptionError
from peephole.nn.models import Network, NetworkConfig
from peephole.train.sample import sample

VOCABULARY = Vocabulary.build("abcab", unknown=True)


@pytest.fixture
def network() -> Network:
    config = NetworkConfig(
        cell="lstm", input="symbols", input_size=4, output_size=4, embedding=None, hidden=6, layers=2
    )
    return Network(config)


def write(network: Network, prompt: str = "ab", **options: float) -> str:
    return "".join(sample(network, VOCABULARY, prompt=prompt, **options))  # type: ignore[arg-type]


def test_it_writes_as_many_symbols_as_were_asked_for(network: Network) -> None:
    assert len(write(network, length=17)) == 17
    assert write(network, length=0) == ""


def test_a_seed_decides_the_text_and_no_seed_does_not(network: Network) -> None:
    assert write(network, length=50, seed=3) == write(network, length=50, seed=3)
    assert write(network, length=50, seed=3) != write(network, length=50, seed=4)
    assert write(network, length=50) != write(network, length=50)


def test_at_temperature_zero_each_symbol_is_the_likeliest_after_all_before(network: Network) -> None:
    written = write(network, length=12, temperature=0)
    for place in range(12):
        ids = torch.from_numpy(VOCABULARY.encode("ab" + written[:place]))
        logits = network(ids[:, None])[0][-1, 0]
        logits[VOCABULARY.unknown] = -math.inf
        assert written[place] == VOCABULARY.symbols[int(logits.argmax())]


def test_symbols_come_as_often_as_the_network_says(network: Network) -> None:
    """The first symbol after a prompt, over many seeds, against the softmax."""
    logits = network(torch.from_numpy(VOCABULARY.encode("ab"))[:, None])[0][-1, 0].detach()
    logits[VOCABULARY.unknown] = -math.inf
    chances = torch.softmax(logits / 2, 0)
    firsts = [write(network, length=1, temperature=2, seed=seed) for seed in range(600)]
    for place, symbol in enumerate(VOCABULARY.symbols):
        assert firsts.count(symbol) / 600 == pytest.approx(float(chances[place]), abs=0.08)


def test_the_unknown_symbol_is_read_but_never_written(network: Network) -> None:
    with torch.no_grad():
        network.readout.bias[VOCABULARY.unknown] = 50.0
    assert "\N{REPLACEMENT CHARACTER}" not in write(network, prompt="a?b", length=200)


def test_the_callers_gradients_stay_on_between_symbols(network: Network) -> None:
    for _ in islice(sample(network, VOCABULARY, prompt="a", length=9), 3):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    "options", [{"length": -1}, {"temperature": -0.1}, {"temperature": math.nan}, {"seed": -1}]
)
def test_a_number_out_of_range_is_refused_at_once(network: Network, options: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        sample(network, VOCABULARY, prompt="a", **options)  # type: ignore[arg-type]


def test_an_empty_prompt_is_refused(network: Network) -> None:
    with pytest.raises(DataError, match="empty"):
        write(network, prompt="")
