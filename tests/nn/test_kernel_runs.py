"""What the kernels compute, and where: no numbers, changed weights, threads, processes, memory, instruction sets."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from conformance.kernels import DOUBLE, LENGTHS, MODELS, close, on_both
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

import peephole as ph
from peephole.errors import OptionError
from peephole.nn import library, ways


@pytest.fixture(params=MODELS)
def make(request: pytest.FixtureRequest) -> Any:
    return MODELS[request.param]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(6, 3, 3, **DOUBLE)


# --- values


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 3e38, -3e38])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_what_is_no_number_goes_where_it_goes_in_torch(kind: str, bad: float) -> None:
    layer = getattr(ph, kind)(3, 20)
    x = torch.randn(5, 2, 3)
    x[2, 1, 0] = bad
    with ways.forced("vendor"):
        expected = tree_leaves(layer(x))
    for ours, theirs in zip(tree_leaves(layer(x)), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5, equal_nan=True)


def test_weights_that_change_by_whatever_means_are_seen_at_once(x: Tensor) -> None:
    for change in (lambda w: w.data.fill_(0.1), lambda w: w.data.numpy().fill(0.2)):
        ours, theirs = on_both(lambda change=change: _changed(change, x))
        close(ours, theirs)


def _changed(change: Any, x: Tensor) -> list[Tensor]:
    model = ph.LSTM(3, 4, **DOUBLE)
    before = model(x)[0]
    for weight in model.parameters():
        change(weight)
    after = model(x)[0]
    assert not torch.equal(before, after)
    return [before, after]


@pytest.mark.parametrize("name", [name for name in MODELS if name != "layer_norm"])
def test_results_do_not_depend_on_the_number_of_threads(name: str) -> None:
    for time, batch in ((7, 1), (5, 13)):
        model, x = MODELS[name](), torch.randn(time, batch, 3)
        results = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            try:
                (output, final), trace = ph.trace(model, x)
            finally:
                torch.set_num_threads(1)
            results.append([output, *tree_leaves(final), *(v for r in trace for v in r.quantities.values())])
        for other in results[1:]:
            assert all(map(torch.equal, results[0], other))


def test_a_training_on_the_kernels_and_on_the_reference_goes_the_same_way() -> None:
    def course() -> list[float]:
        model, readout = ph.LSTM(4, 16, peephole="diagonal"), nn.Linear(16, 4)
        parameters = [*model.parameters(), *readout.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=0.01)
        losses = []
        for _ in range(200):
            x = torch.randint(4, (12, 8))
            loss = nn.functional.cross_entropy(
                readout(model(nn.functional.one_hot(x, 4).float())[0])[2:].flatten(0, 1), x[:-2].flatten()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    ours, theirs = on_both(course)
    assert theirs[-1] < 0.7 * theirs[0], "it learns"
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 1e-4


# --- processes and threads


def _train(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    model = ph.GRU(3, 40)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.5)
    x = torch.randn(20, 4, 3, generator=generator)
    model(x)[0].square().sum().backward()
    return [parameter.grad for parameter in model.parameters()]


def test_two_threads_may_run_layers_at_once() -> None:
    expected = [_train(seed) for seed in range(2)]
    wrong: list[int] = []

    def work(seed: int) -> None:
        for _ in range(30):
            if not all(map(torch.equal, _train(seed), expected[seed])):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    torch.set_num_threads(2)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        torch.set_num_threads(1)
    assert not wrong


def _infer(queue: Any) -> None:
    torch.set_num_threads(2)
    torch.manual_seed(1)
    with torch.no_grad():
        queue.put(ph.LSTM(3, 64)(torch.randn(30, 32, 3))[0][-1, :, 0].tolist())  # OpenMP is lost in a fork


@pytest.mark.skipif(
    not hasattr(multiprocessing, "get_context") or sys.platform == "win32", reason="there is no fork"
)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_forked_after_the_kernels_ran_runs_them_too() -> None:
    context = multiprocessing.get_context("fork")
    here: Any = context.SimpleQueue()
    torch.set_num_threads(2)
    try:
        _infer(here)
        expected = here.get()
        there: Any = context.SimpleQueue()
        process = context.Process(target=_infer, args=(there,))
        process.start()
        process.join(60)
        assert process.exitcode == 0
        assert there.get() == expected
    finally:
        torch.set_num_threads(1)


@pytest.mark.skipif(
    sys.platform != "linux" or "parallel backend: OpenMP" not in torch.__config__.parallel_info(),
    reason="torch does not run on OpenMP here",
)
def test_the_threads_are_those_that_torch_has_already() -> None:
    threads = Path("/proc/self/task")
    x, layer = torch.randn(30, 32, 3), ph.LSTM(3, 64)
    torch.set_num_threads(2)
    try:
        torch.randn(1 << 20).exp()
        before = len(list(threads.iterdir()))
        layer(x)
        assert len(list(threads.iterdir())) == before
    finally:
        torch.set_num_threads(1)


# --- memory


PEAK = """
import sys, torch, peephole as ph
time, options = int(sys.argv[1]), eval(sys.argv[2])
layer = ph.LSTM(8, 512, **options)
x = torch.zeros(time, 1, 8)
with torch.no_grad():
    layer(x[:50])
    def peak():
        return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM"))
    before = peak()
    output, _ = layer(x)
    print(peak() - before - output.numel() * 4 // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
@pytest.mark.parametrize(
    "options", [{}, {"layer_norm": True}, {"bidirectional": True, "proj_size": 64}], ids=str
)
def test_inference_takes_no_more_memory_than_its_output_however_long_it_is(options: dict[str, Any]) -> None:
    above = []
    for time in (1500, 6000):
        command = [sys.executable, "-c", PEAK, str(time), repr(options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr
        above.append(int(done.stdout))
    assert max(above) < 64 << 10, "kilobytes"
    assert above[1] - above[0] < 24 << 10, "a record of the gates, or all sums beforehand, are 36 MiB more"


# --- instruction sets, and a library that is not there


@pytest.mark.parametrize("name", [*(library.instruction_sets() if library.is_loaded() else ())])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_every_instruction_set_computes_the_same(make: Any, name: str, lengths: Any, x: Tensor) -> None:
    def result() -> Any:
        model = make(**DOUBLE)
        given = x.clone().requires_grad_()
        (output, final), trace = ph.trace(model, given, lengths=lengths)
        grads = torch.autograd.grad(
            output.square().sum() + sum(p.sum() for p in tree_leaves(final)), [given, *model.parameters()]
        )
        return [output, final, grads, [record.quantities for record in trace]]

    with library.using(name):
        assert library.instruction_set() == name
        close(*on_both(result))


def test_an_unknown_instruction_set_is_refused_with_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"portable.*got 'sse9'"), library.using("sse9"):
        pass


WITHOUT = """
import warnings, torch
from pathlib import Path
from peephole.nn import library
library._loaded = library._Loaded(Path({path!r}))
import peephole as ph
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    for layer in (ph.LSTM(3, 4), ph.GRU(3, 4, layer_norm=True)):
        layer(torch.randn(5, 2, 3))
        print(layer.explain())
print(len(seen), seen[0].category.__name__, seen[0].message)
"""


@pytest.mark.parametrize("content", [None, b"no library"], ids=["missing", "damaged"])
def test_a_library_that_does_not_load_is_told_once_and_the_others_run(
    tmp_path: Any, content: bytes | None
) -> None:
    path = tmp_path / "libpeephole.so"
    if content is not None:
        path.write_bytes(content)
    code = WITHOUT.format(path=str(path))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    plain, normed, told = done.stdout.splitlines()
    assert ": vendor — " in plain
    assert ": reference — " in normed
    assert told.startswith("1 RuntimeWarning Peephole's kernels cannot be used")
    assert str(path) in told
    assert "pip install" in told
