"""The training loop: forward, loss, backward, clip, step, and now and then a validation.

Back-propagation through time is truncated: a batch that goes on where the last one stopped starts from its state,
cut off from its graph. Several processes each take their columns of every batch, and Lightning Fabric averages
their gradients. Nothing here knows how a run is stored (``recorder.py``) or shown (whoever passes ``watch``).
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from signal import Signals
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from peephole.data.batches import Batch, Problem
from peephole.errors import TrainingError
from peephole.nn.models import Network, detach
from peephole.train.budget import Budget, frame_due, is_due, rate_factor
from peephole.train.checkpoint import Checkpoint
from peephole.train.interrupts import Interrupts
from peephole.train.metrics import Metric
from peephole.train.objective import Validation, summed_loss, validate
from peephole.train.options import TrainOptions
from peephole.train.processes import Agreement, agree, gather_columns, own_columns, seed_step
from peephole.train.progress import Progress, Watch
from peephole.train.recorder import Recorder
from peephole.train.threads import Threads

_CHECKPOINT_SECONDS = 20.0
"""A kill costs at most so much training."""
_VALIDATION_SHARE = 0.1
"""So much of a budget of minutes may go into validations; those beyond it are left out, but for the last."""


class Loop:
    """Trains a network in place.

    fabric
        Launched. Only its first process has a ``recorder``, and only there ``watch`` is called, after every step.
    threads
        Entered; sets how many threads each step computes with.
    start
        Where to go on.
    """

    def __init__(
        self,
        fabric: Fabric,
        network: Network,
        problem: Problem,
        options: TrainOptions,
        *,
        threads: Threads,
        start: Checkpoint,
        recorder: Recorder | None,
        watch: Watch | None = None,
    ) -> None:
        self.fabric, self.network, self.problem, self.options = fabric, network, problem, options
        self.recorder, self.watch, self.threads = recorder, watch, threads
        self.budget = Budget.of(options, steps_per_epoch=problem.steps_per_epoch(options.batch))
        network.load_state_dict(start.weights)
        adam = torch.optim.Adam(network.parameters(), lr=options.learning_rate, betas=(0.9, 0.99), fused=True)
        self.model, self.optimizer = fabric.setup(network, adam)
        if start.optimizer:
            self.optimizer.load_state_dict(start.optimizer)
        self.position, self.best = copy(start.position), start.best
        self.state = own_columns(fabric, start.carried)
        self.rate, self.smoothed = 0.0, math.nan
        self.validation: Validation | None = None
        self.saved_at = self.position.seconds
        self.validation_seconds = 0.0

    @property
    def share(self) -> float:
        """The share of the budget that is used up."""
        return self.budget.share(step=self.position.step, seconds=self.position.seconds)

    def run(self) -> str:
        """Train until the budget is used up, patience has run out or a signal asks to stop; the result says which.

        Raises TrainingError where the loss or the gradient is no longer a number, or the run cannot be written.
        """
        stopped = "budget" if self.share == 1 else None
        began = time.monotonic() - self.position.seconds
        batches = self.batches()
        self.network.train()
        with Interrupts() as interrupts:
            if self.position.step == 0:
                self.keep_frame(since=-1)
            while not stopped:
                since, batch = self.share, next(batches)
                with self.threads.step():
                    told = self.step(batch, began=began, interrupts=interrupts)
                self.advance(batch, told)
                stopped = self.keep(since=since) or (Signals(told.signal).name if told.signal else None)
            self.finish(stopped)
        return stopped

    def batches(self) -> Iterator[Batch]:
        """The training batches from the position on, for ever."""
        position, fabric = self.position, self.fabric
        while True:
            epoch = self.problem.training(
                position.epoch, batch=self.options.batch, rank=fabric.global_rank, world=fabric.world_size
            )
            for batch in itertools.islice(epoch, position.batch, None):
                position.batch += 1
                yield batch.to(fabric.device)
            position.epoch, position.batch = position.epoch + 1, 0

    def step(self, batch: Batch, *, began: float, interrupts: Interrupts) -> Agreement:
        """One change of the weights."""
        options, fabric, optimizer = self.options, self.fabric, self.optimizer
        factor = rate_factor(self.share, schedule=options.schedule, warmup=options.warmup)
        self.rate = options.learning_rate * factor
        for group in optimizer.param_groups:
            group["lr"] = self.rate
        seed_step(fabric, options.seed, self.position.step)

        outputs, state = self.model(batch.inputs, None if batch.first else self.state, lengths=batch.lengths)
        self.state = detach(state)
        loss = summed_loss(outputs, batch) / batch.total_weight  # this process's part of the batch's mean
        clock = time.monotonic() - began
        told = agree(fabric, loss=loss.item(), seconds=clock, signal=interrupts.signal)
        self.require_finite("loss", told.loss)

        optimizer.zero_grad()
        fabric.backward(loss * fabric.world_size)  # it averages over processes, but the parts want a sum
        if options.clip:
            norm = fabric.clip_gradients(
                self.model, optimizer, max_norm=options.clip, error_if_nonfinite=False
            )
            self.require_finite("gradient", float(cast(Tensor, norm)))
        optimizer.step()
        return told

    def require_finite(self, name: str, value: float) -> None:
        """Raise TrainingError unless ``value`` is a number. All processes see the same one."""
        if not math.isfinite(value):
            options = self.options
            clip = f"a --clip below {options.clip:g}" if options.clip else "--clip 1"
            raise TrainingError(
                f"the {name} became {value} at step {self.position.step + 1}: resume, or train again, with a "
                f"--learning-rate below {options.learning_rate:g} or with {clip}; the best weights and the last "
                "checkpoint are kept"
            )

    def advance(self, batch: Batch, told: Agreement) -> None:
        """Move the position on by a step that was taken."""
        position = self.position
        position.step += 1
        position.seconds = told.seconds
        position.symbols += round(batch.total_weight)
        position.loss_sum += told.loss * batch.total_weight
        position.loss_count += batch.total_weight
        self.smoothed = told.loss if math.isnan(self.smoothed) else 0.98 * self.smoothed + 0.02 * told.loss

    def keep(self, *, since: float) -> str | None:
        """Do what has fallen due since that share of the budget; says why to stop, if training is at its end."""
        position, options = self.position, self.options
        self.keep_frame(since=since)
        if is_due(options.validations, before=since, now=self.share) and self.affords_validation():
            self.validate()
            self.save()
        elif position.seconds - self.saved_at >= _CHECKPOINT_SECONDS:
            self.save()
        if self.recorder and self.watch:
            self.watch(
                Progress(
                    step=position.step,
                    epoch=position.epoch,
                    seconds=position.seconds,
                    share=self.share,
                    train=self.smoothed,
                    validation=self.validation,
                )
            )
        if options.patience is not None and position.stale >= options.patience:
            return "patience"
        return "budget" if self.share == 1 else None

    def affords_validation(self) -> bool:
        """Whether there is time for one; runs counted in steps never ask, since they must be repeatable.

        All processes must agree: they go by the first one's clock, which ``try_out`` tells them.
        """
        time_left = self.validation_seconds <= _VALIDATION_SHARE * self.position.seconds
        return self.budget.unit == "steps" or self.share == 1 or time_left

    def validate(self) -> None:
        """Try the network on the held-out data, and keep its weights if it never did better."""
        position = self.position
        self.validation = self.try_out()
        if self.validation.loss < position.best_loss:
            position.best_step, position.stale = position.step, 0
            position.best_loss, position.best_scores = self.validation.loss, dict(self.validation.scores)
            self.best = _copied(self.network.state_dict())
        else:
            position.stale += 1
        train = position.loss_sum / position.loss_count
        position.loss_sum = position.loss_count = 0.0
        if self.recorder:
            self.recorder.metric(
                Metric(
                    step=position.step,
                    epoch=position.epoch,
                    seconds=position.seconds,
                    symbols=position.symbols,
                    train=train,
                    validation=self.validation.loss,
                    learning_rate=self.rate,
                    scores=self.validation.scores,
                )
            )
            if position.best_step == position.step:
                self.recorder.weights(self.best)
            self.recorder.result(position)

    def try_out(self) -> Validation:
        """A validation by the first process, told to all with the seconds that it took."""
        began = time.monotonic()
        mine = validate(self.network, self.problem, batch=self.options.batch) if self.recorder else None
        told, seconds = self.fabric.broadcast((mine, time.monotonic() - began))
        self.validation_seconds += seconds
        return cast(Validation, told)  # the first process has made one

    def keep_frame(self, *, since: float) -> None:
        """Keep the weights as a frame of the film, if one is due."""
        film, share = self.options.film, self.share
        number = frame_due(film, share)
        if self.recorder and film and (since < 0 or number > frame_due(film, since)):
            self.recorder.frame(
                self.network.state_dict(), number=number, step=self.position.step, share=share
            )

    def save(self) -> None:
        """Keep this moment as the one to resume from. All processes take part, for their columns' states."""
        carried = gather_columns(self.fabric, self.state)
        self.saved_at = self.position.seconds
        if self.recorder:
            self.recorder.checkpoint(
                Checkpoint(
                    position=self.position,
                    weights=self.network.state_dict(),
                    best=self.best,
                    optimizer=self.optimizer.state_dict(),
                    carried=carried,
                )
            )

    def finish(self, stopped: str) -> None:
        """Leave the run in order. After a signal that is the exact moment to resume from, and usable weights.

        The weights of an interrupted run count as its best if they are, but not in the checkpoint: a resumed run
        must not know of a validation that the uninterrupted one never made.
        """
        position = self.position
        if stopped not in ("budget", "patience"):
            self.save()
            now = self.try_out()
            if self.recorder and now.loss < position.best_loss:
                self.recorder.weights(self.network.state_dict())
                position = replace(
                    position, best_step=position.step, best_loss=now.loss, best_scores=dict(now.scores)
                )
        if self.recorder:
            self.recorder.result(position, stopped=stopped)


def _copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}
