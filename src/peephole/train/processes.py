"""The processes of one training, and what they tell one another, on Lightning Fabric.

With one process all of it is free.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from peephole.errors import OptionError
from peephole.train.options import TrainOptions


def make_fabric(options: TrainOptions) -> Fabric:
    """Fabric for the options' devices and nodes, not launched yet: CUDA where there is any, else the CPU.

    Raises OptionError where the machine lacks the devices.
    """
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    cuda = torch.cuda.is_available()
    if cuda and options.devices > torch.cuda.device_count():
        raise OptionError(f"devices={options.devices}, but this machine has {torch.cuda.device_count()} GPUs")
    return Fabric(
        accelerator="cuda" if cuda else "cpu",
        devices=options.devices,
        num_nodes=options.nodes,
        strategy="ddp" if options.world > 1 else "auto",
        precision=options.precision,
    )


@dataclass(frozen=True)
class Agreement:
    """What all processes know alike after a forward pass, so that all decide alike.

    loss
        The mean loss of the whole batch.
    seconds
        The first process's clock.
    signal
        The signal that asked any of them to stop, or 0.
    """

    loss: float
    seconds: float
    signal: int


def agree(fabric: Fabric, *, loss: float, seconds: float, signal: int) -> Agreement:
    """Exchange one process's part of the loss, its clock, and its signal."""
    own = torch.tensor([loss, seconds, signal], dtype=torch.float64, device=fabric.device)
    told = _gathered(fabric, own)
    return Agreement(float(told[:, 0].sum()), float(told[0, 1]), int(told[:, 2].max()))


def gather_columns(fabric: Fabric, state: Any) -> tuple[Tensor, ...]:
    """The recurrent state of the whole batch from every process's columns: its parts, each (layer, batch, unit).

    A network's state is a tensor, a tuple of two for an LSTM, or None before the first step.
    """
    parts = () if state is None else (state,) if isinstance(state, Tensor) else tuple(state)
    return tuple(torch.cat(list(_gathered(fabric, part)), dim=1).cpu() for part in parts)


def own_columns(fabric: Fabric, parts: tuple[Tensor, ...]) -> Any:
    """The inverse of ``gather_columns``: this process's columns of the whole batch's state, on its device."""
    rank, world = fabric.global_rank, fabric.world_size
    own = tuple(part.tensor_split(world, dim=1)[rank].contiguous().to(fabric.device) for part in parts)
    return own[0] if len(own) == 1 else own or None


def seed_step(fabric: Fabric, seed: int, step: int) -> None:
    """Make a step's random numbers (dropout) a pure function of seed, step and process, so that to resume is to skip.

    Not by ``torch.manual_seed``, which costs a millisecond for devices that are not in use.
    """
    number = int(np.random.SeedSequence([seed, step, fabric.global_rank]).generate_state(1, np.uint64)[0])
    torch.default_generator.manual_seed(number)
    if fabric.device.type == "cuda":
        torch.cuda.manual_seed(number)


def _gathered(fabric: Fabric, own: Tensor) -> Tensor:
    """(process, …): the tensors of all processes."""
    if fabric.world_size == 1:
        return own[None]
    gathered: Tensor = fabric.all_gather(own)  # type: ignore[assignment]  # a tensor goes in, a tensor comes out
    return gathered
