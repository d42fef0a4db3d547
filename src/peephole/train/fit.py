"""Training from Python: ``fit`` begins a run, ``resume`` goes on with one.

Both may be started as several processes (``options.devices`` and ``nodes``): every process calls them alike, and the
first one writes.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric

from peephole.data.batches import Problem
from peephole.errors import OptionError
from peephole.nn.models import Network, NetworkConfig
from peephole.train.checkpoint import Checkpoint, Position
from peephole.train.folders import require_free
from peephole.train.loop import Loop
from peephole.train.options import TrainOptions
from peephole.train.processes import make_fabric
from peephole.train.progress import Watch
from peephole.train.recorder import Recorder
from peephole.train.run import Run
from peephole.train.threads import Threads, thread_counts


def fit(
    problem: Problem,
    network: NetworkConfig,
    options: TrainOptions,
    folder: str | Path,
    *,
    name: str | None = None,
    overwrite: bool = False,
    watch: Watch | None = None,
) -> Run | None:
    """Train a new network on a problem and leave a run in ``folder``; the result is None but on the first process.

    name
        What to call the run; None: as its folder.
    overwrite
        Whether a run that is there already is replaced.
    watch
        Called with a ``Progress`` after every step.

    Seeds torch's random numbers. Raises OptionError where network and problem do not fit or the network would see
    the answer, RunExistsError where the folder is taken, DataError where there is too little data, TrainingError
    where training fails.
    """
    require_fitting(network, problem)
    problem.steps_per_epoch(options.batch)  # too little data is an error before anything is written
    folder = Path(folder)
    fabric = make_fabric(options)
    if fabric.is_global_zero:
        require_free(folder, overwrite=overwrite)
    fabric.launch()
    torch.manual_seed(options.seed)
    model = Network(network)
    start = Checkpoint(position=Position(), weights=model.state_dict(), best=model.state_dict(), optimizer={})
    recorder = None
    if fabric.is_global_zero:
        recorder = Recorder.create(
            folder,
            name=name or folder.resolve().name,
            network=network,
            problem=problem,
            options=options,
            first=start,
            overwrite=overwrite,
        )
    return _run(fabric, model, problem, options, start, recorder, watch)


def resume(
    folder: str | Path,
    *,
    options: TrainOptions | None = None,
    problem: Problem | None = None,
    watch: Watch | None = None,
) -> Run | None:
    """Go on with a run from its last checkpoint; the result is as ``fit``'s.

    options
        None: the run's own. Counted in epochs or steps and unchanged, it ends with bit for bit the weights that it
        would have had without a stop, on the same machine.
    problem
        The run's problem, where it is at hand; None: built again from its data.

    Raises what ``Run.open`` and ``fit`` raise, and OptionError for a changed batch, seed or film.
    """
    run = Run.open(folder, without_weights=True)
    config, before = run.training()
    options = options or before
    for attribute in ("batch", "seed", "film"):
        now, then = getattr(options, attribute), getattr(before, attribute)
        if now != then:
            raise OptionError(f"{attribute} cannot change when a run is resumed: it was {then}, got {now}")
    problem = problem or run.problem()
    require_fitting(config, problem)
    fabric = make_fabric(options)
    mine = run.checkpoint() if fabric.is_global_zero else None
    fabric.launch()
    start = cast(Checkpoint, fabric.broadcast(mine))  # the first process has read one
    recorder = None
    if fabric.is_global_zero:
        recorder = Recorder.reopen(run, problem=problem, options=options, start=start)
    return _run(fabric, Network(config), problem, options, start, recorder, watch)


def require_fitting(network: NetworkConfig, problem: Problem) -> None:
    """Raise OptionError unless the network reads and predicts what the problem has, without seeing the answer."""
    if network.bidirectional and problem.causal:
        future = "symbol" if problem.input == "symbols" else "number"
        raise OptionError(
            f"a bidirectional network cannot predict the next {future}: its backward direction would read the very "
            f"{future} it is to predict; leave out --bidirectional, or choose a problem with labels (mirror, digits)"
        )
    for attribute in ("input", "input_size", "output_size"):
        has, needs = getattr(network, attribute), getattr(problem, attribute)
        if has != needs:
            raise OptionError(f"the problem needs a network with {attribute}={needs!r}, got {has!r}")


def _run(
    fabric: Fabric,
    model: Network,
    problem: Problem,
    options: TrainOptions,
    start: Checkpoint,
    recorder: Recorder | None,
    watch: Watch | None,
) -> Run | None:
    threads = Threads(thread_counts(model.config, options))
    with threads, recorder or nullcontext():
        Loop(
            fabric, model, problem, options, threads=threads, start=start, recorder=recorder, watch=watch
        ).run()
    return Run.open(recorder.folder) if recorder else None
