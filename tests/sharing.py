"""What each of two processes does in a test of DistributedDataParallel: a new process must be able to import it."""

from __future__ import annotations

import gc

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

import peephole as ph


def train_a_share(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    model = DistributedDataParallel(replica())
    x = columns()[:, 2 * rank : 2 * rank + 2]
    output, _ = model(x, lengths=[5, 2])
    output.square().sum().backward()
    if rank == 0:
        torch.save([p.grad for p in model.parameters()], f"{folder}/gradients")
    del model  # it holds the group, whose threads would outlive it to the end of the process and abort that
    gc.collect()
    dist.barrier()
    dist.destroy_process_group()


def replica() -> nn.Module:
    torch.manual_seed(1)
    return ph.LSTM(3, 4, 2, bidirectional=True, learned_state=True, connection="highway")


def columns() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(5, 4, 3)
