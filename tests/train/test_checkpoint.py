from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
import torch

from peephole.errors import RunError
from peephole.train.checkpoint import Checkpoint, Position


def make() -> Checkpoint:
    parameter = torch.nn.Parameter(torch.arange(3.0))
    adam = torch.optim.Adam([parameter])
    parameter.grad = torch.ones(3)
    adam.step()
    weights = {"w": parameter.detach()}
    return Checkpoint(
        position=Position(step=3, best_scores={"accuracy": 0.5}),
        weights=weights,
        best=weights,
        optimizer=adam.state_dict(),
        carried=(torch.ones(1, 2, 3),),
    )


def test_a_checkpoint_survives_its_bytes() -> None:
    before, after = make(), Checkpoint.from_bytes(make().to_bytes())
    assert after.position == before.position
    assert torch.equal(after.weights["w"], before.weights["w"])
    assert torch.equal(after.optimizer["state"][0]["exp_avg"], before.optimizer["state"][0]["exp_avg"])
    assert torch.equal(after.carried[0], before.carried[0])


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_checkpoint_is_refused(keep: int) -> None:
    with pytest.raises(RunError, match="truncated or damaged"):
        Checkpoint.from_bytes(make().to_bytes()[:keep])


class Hostile:
    """Unpickled, it would leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (self.path,))  # type: ignore[return-value]


@pytest.mark.parametrize("with_torch", [True, False])
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, with_torch: bool) -> None:
    marker = tmp_path / "ran"
    buffer = io.BytesIO()
    content = {"format": 1, "position": Hostile(marker)}
    if with_torch:
        torch.save(content, buffer)
    else:
        pickle.dump(content, buffer, protocol=2)
    with pytest.raises(RunError):
        Checkpoint.from_bytes(buffer.getvalue())
    assert not marker.exists()


def test_a_checkpoint_of_another_version_is_refused() -> None:
    buffer = io.BytesIO()
    torch.save({"format": 2}, buffer)
    with pytest.raises(RunError, match="another version"):
        Checkpoint.from_bytes(buffer.getvalue())
