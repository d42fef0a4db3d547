"""What importing Peephole brings along, and that `ph.trace` is the function whatever was imported before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# The server, the trainer, the command line and the extras: each is imported when it is used.
HEAVY = {
    "anywidget",
    "lightning",
    "lightning_fabric",
    "starlette",
    "tensorboard",
    "typer",
    "uvicorn",
    "xarray",
}

ORDERS = {
    "package first": "import peephole as ph; import peephole.trace.recording",
    "folder first": "import peephole.trace; import peephole as ph",
    "module first": "import peephole.trace.recording; import peephole as ph",
    "from a module": "from peephole.trace.trace import Trace; import peephole as ph",
    "through the explorer": "import peephole.explorer.payload; import peephole as ph",
}


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", ["import peephole", "import peephole; peephole.open_run"])
def test_importing_brings_no_server_no_trainer_and_no_extra(code: str) -> None:
    modules = json.loads(python(f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"))
    assert "peephole" in modules
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_trace_is_the_function_in_any_order_of_imports(order: str) -> None:
    use = "output, trace = ph.trace(torch.nn.LSTM(2, 3), torch.zeros(4, 1, 2))"
    assert python(f"{order}\nimport torch\n{use}\nprint(type(trace).__name__)").strip() == "Trace"
