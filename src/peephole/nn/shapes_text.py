"""The words and the plain-text tables of ``shapes``. Knows no sizes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from peephole.nn.gru import GRUEquations

if TYPE_CHECKING:
    from peephole.nn.shapes import Count, Shapes

_WIDTH = 100


def reasons(shapes: Shapes) -> Iterator[str]:
    """Why a gate's matrix is neither [input, hidden] nor [input, input + hidden], a sentence or two each."""
    e = shapes.equations
    x, h, units = e.input_size, e.output_size, e.hidden_size
    yield (
        f"You hand the cell x_t, {x} numbers. It puts its own h_{{t-1}}, {h} numbers, beside it by itself: "
        f"{x} + {h} = {x + h} numbers are read. Nobody concatenates them for it."
    )
    yield (
        f"Not [{x}, {units}]: that is the part for x_t alone. With it the step would not see h_{{t-1}}, and the "
        "layer would have no memory of what it returned."
    )
    unit_by_unit = (
        ", so that a gate can be multiplied with the state, unit by unit" if len(e.rows) > 1 else ""
    )
    yield (
        f"Not [{x}, {x + h}]: {x + h} is how many numbers are read, so it counts rows. Columns count what is made: "
        f"{units} numbers, one a unit{unit_by_unit}."
    )
    if wide := [gate for gate in shapes.gates if {"c_{t-1}", "c_t"} & set(gate.reads)]:
        letters, sizes = ", ".join(gate.letter for gate in wide), wide[0].reads.values()
        yield (
            f"A full peephole lets {letters} read the {units} cells too: {' + '.join(map(str, sizes))} = "
            f"{sum(sizes)}. The candidate g does not see the cell."
        )
    if isinstance(e, GRUEquations) and e.reset_after:
        yield (
            "The candidate n multiplies its two parts apart, W_n x_t and r_t∘(R_n h_{t-1} + b_hn): so b_hn cannot "
            "be merged with the other bias, and is counted with one bias too."
        )


def lines(shapes: Shapes) -> Iterator[str]:
    """Everything, line by line."""
    e = shapes.equations
    yield shapes.title
    yield ""
    yield (
        "Each gate reads x and h side by side, and makes one number a unit:"
        if len(shapes.gates) > 1
        else "The step:"
    )
    yield from _table(
        [
            [
                f"  {gate.letter}",
                gate.name,
                gate.reads_in_words,
                _shape(gate.matrix),
                "".join(f" + {_shape((gate.units,))}∘{seen}" for seen in gate.elementwise)
                + (f" + bias {_shape((gate.units,))}" if e.bias else ""),
            ]
            for gate in shapes.gates
        ]
    )
    yield f"  all over x and h, side by side: {_shape(shapes.stacked)}"
    yield from ("", "Why these shapes:")
    for reason in reasons(shapes):
        yield from wrap(reason, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield from ("", "Parameters:")
    yield from _table(
        [["", "one bias", "two biases (PyTorch, this project)"], *map(_count_row, shapes.counts)]
    )
    yield from ("", "Layouts, gates in the order in which they are stacked:")
    for layout in shapes.layouts:
        yield f"  {layout.framework}: {layout.told}"
        yield from _table([[f"    {a.name}", a.told] for a in layout.arrays])


def _count_row(count: Count) -> list[str]:
    mark = " ←" if count.chosen else ""
    return [f"  {count.variant}", f"{count.one_bias:,}", f"{count.two_biases:,}{mark}"]


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Columns of one width, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
