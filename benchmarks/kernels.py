"""The kernels beside their peers: every figure of the table, at each shape, number of threads and malloc.

    python benchmarks/kernels.py                                    # everything, about an hour
    python benchmarks/kernels.py --rows forward train --shapes 100,32,256,256 --threads 1 --malloc default --quick
    python benchmarks/kernels.py --read FILE.csv … --markdown benchmarks/README.md     # a table of earlier figures

A figure is the peer's time over ours: medians, taken in turns in one process, after both were seen to give the same.
``benchmarks/README.md`` says more.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import get_args

from kernel_speed import judging, machine, measuring, results
from kernel_speed.results import Result
from kernel_speed.shapes import SHAPES, Shape
from kernel_speed.works import WORKS, Work

from peephole.nn.ways import WayName

BEGIN, END = "<!-- kernels -->\n", "<!-- /kernels -->"


def main() -> None:
    """Measures what is asked for, prints the table and writes the files."""
    options = _options()
    print(machine.described())
    found = {result.key: result for path in options.read for result in results.read(path)}
    for plan in [] if options.read and not options.rows else _plans(options):
        for result in measuring.measured(plan):
            print(result.line(), flush=True)
            found[result.key] = result
            if options.csv:
                results.write(options.csv, found.values())
    _tell(list(found.values()), options)


def _options() -> argparse.Namespace:
    names = [work.name for work in WORKS]
    parser = argparse.ArgumentParser(
        description=str(__doc__).splitlines()[0],
        epilog=f"The rows: {', '.join(names)}. The shapes: {' '.join(map(str, SHAPES))}.",
    )
    parser.add_argument(
        "--rows", nargs="+", metavar="NAME", default=[], help="rows, or patterns like 'peak-*'"
    )
    parser.add_argument(
        "--shapes", nargs="+", type=Shape.parse, metavar="T,B,I,H", help="instead of each row's own"
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="threads (default 1 2)")
    parser.add_argument(
        "--malloc", nargs="+", choices=list(measuring.MALLOCS), default=list(measuring.MALLOCS)
    )
    parser.add_argument(
        "--way", choices=get_args(WayName), help="how our layers run (default: as they choose)"
    )
    parser.add_argument("--quick", action="store_true", help="fewer samples: to see where one stands")
    parser.add_argument(
        "--read", nargs="+", type=Path, default=[], metavar="CSV", help="figures measured earlier"
    )
    parser.add_argument("--csv", type=Path, help="write all figures here")
    parser.add_argument("--plot", type=Path, help="draw them here (.png, .svg)")
    parser.add_argument(
        "--markdown", type=Path, help="write the table here, or between the marks of a file that has them"
    )
    options = parser.parse_args()
    for pattern in options.rows:
        if not any(fnmatch(name, pattern) for name in names):
            parser.error(f"there is no row {pattern!r}; the rows are {', '.join(names)}")
    return options


def _plans(options: argparse.Namespace) -> list[measuring.Plan]:
    """A process for each malloc and number of threads."""
    works = [
        work for work in WORKS if not options.rows or any(fnmatch(work.name, row) for row in options.rows)
    ]
    jobs = tuple((work.name, str(shape)) for work in works for shape in _shapes(work, options.shapes))
    return [
        measuring.Plan(jobs, threads, malloc, options.quick, options.way)
        for malloc in options.malloc
        for threads in options.threads
    ]


def _shapes(work: Work, chosen: Sequence[Shape] | None) -> Sequence[Shape]:
    """A row that has but one shape keeps it."""
    return work.shapes if chosen is None or len(work.shapes) == 1 else chosen


def _tell(measured: Sequence[Result], options: argparse.Namespace) -> None:
    """Prints the table and writes it where that is wanted."""
    judged = judging.verdicts(measured)
    print(judging.text(judged))
    if options.csv:
        results.write(options.csv, measured)
    if options.plot:
        from kernel_speed.plot import draw

        draw(measured, options.plot, machine.described())
    if options.markdown:
        _put(options.markdown, f"{machine.described()}.\n\n{judging.markdown(judged, measured)}")


def _put(path: Path, table: str) -> None:
    """Between the marks of the file where it has them; else it is all of the file."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    path.write_text(f"{before}{begin}\n{table}\n{end}{after}" if begin and end else table, encoding="utf-8")


if __name__ == "__main__":
    main()
