"""Whole files of PyTorch's, small, one of every kind: what damage is done to."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable

import torch
from safetensors.torch import save
from torch import nn


def _written(write: Callable[[io.BytesIO], None]) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def checkpoint() -> dict[str, object]:
    """A network beside an optimizer's state and other things, as trainings save it."""
    model = nn.ModuleDict(
        {"emb": nn.Embedding(6, 3), "rnn": nn.LSTM(3, 2, 2, bidirectional=True), "out": nn.Linear(4, 2)}
    )
    optimizer = torch.optim.Adam(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return {
        "epoch": 3,
        "model": {f"module.{name}": value for name, value in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "history": [{"loss": 0.5}],
    }


def seeds() -> dict[str, bytes]:
    """File name to bytes."""
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 2, proj_size=1)
    arrays = {name: value.numpy() for name, value in nn.GRU(3, 2).state_dict().items()}
    normed = nn.utils.parametrizations.weight_norm(nn.GRU(3, 2), "weight_hh_l0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(nn.Sequential(nn.Linear(3, 3), nn.RNN(3, 2, nonlinearity="relu")))
        script = _written(lambda stream: torch.jit.save(scripted, stream))
    return {
        "checkpoint.pt": _written(lambda stream: torch.save(checkpoint(), stream)),
        "old.pt": _written(
            lambda stream: torch.save(checkpoint(), stream, _use_new_zipfile_serialization=False)
        ),
        "module.pt": _written(lambda stream: torch.save(lstm, stream)),
        "normed.pt": _written(lambda stream: torch.save(normed.state_dict(), stream)),
        "script.pt": script,
        "arrays.pkl": pickle.dumps(arrays, protocol=2),
        "newer.pkl": pickle.dumps(arrays, protocol=4),
        "net.safetensors": save(lstm.state_dict()),
    }
