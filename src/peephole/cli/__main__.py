"""``python -m peephole.cli``."""

from __future__ import annotations

from peephole.cli import main

main()
