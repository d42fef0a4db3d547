"""``peephole shapes``: its options, and the tables that it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from peephole.nn.shapes import Shapes

_LSTM = "LSTM"


def shapes(
    input_size: Annotated[int, typer.Argument(min=1, metavar="INPUT", help="Features of the input.")],
    hidden_size: Annotated[int, typer.Argument(min=1, metavar="HIDDEN", help="Units.")],
    cell: Annotated[Literal["lstm", "gru", "rnn"], typer.Option(help="The cell.")] = "lstm",
    no_bias: Annotated[bool, typer.Option("--no-bias", help="Without biases.")] = False,
    peephole: Annotated[
        Literal["diagonal", "full"] | None,
        typer.Option(rich_help_panel=_LSTM, help="Let the gates see the cell.", show_default="none"),
    ] = None,
    proj_size: Annotated[
        int, typer.Option(min=0, rich_help_panel=_LSTM, help="Project h to so many features; 0: not.")
    ] = 0,
    coupled: Annotated[
        bool, typer.Option("--coupled", rich_help_panel=_LSTM, help="Forget gate 1 − input gate.")
    ] = False,
    no_input_gate: Annotated[
        bool, typer.Option("--no-input-gate", rich_help_panel=_LSTM, help="1 in its place.")
    ] = False,
    no_forget_gate: Annotated[
        bool, typer.Option("--no-forget-gate", rich_help_panel=_LSTM, help="1 in its place.")
    ] = False,
    no_output_gate: Annotated[
        bool, typer.Option("--no-output-gate", rich_help_panel=_LSTM, help="1 in its place.")
    ] = False,
    full_gate_recurrence: Annotated[
        bool,
        typer.Option(
            "--full-gate-recurrence", rich_help_panel=_LSTM, help="Let the gates see the last gates."
        ),
    ] = False,
    reset_before: Annotated[
        bool,
        typer.Option(
            "--reset-before", rich_help_panel="GRU", help="The reset gate acts on h before the product."
        ),
    ] = False,
    layer_norm: Annotated[bool, typer.Option("--layer-norm", help="Normalise the sums.")] = False,
) -> None:
    """Explain the matrices of a recurrent layer: what is read, what is made, and in which order.

    Examples:

        peephole shapes 50 60                     an LSTM with 50 inputs and 60 units

        peephole shapes 50 60 --peephole full     its gates see the cell

        peephole shapes 50 60 --cell gru
    """
    from rich.console import Console

    from peephole.nn.shapes import shapes as explained

    result = explained(
        input_size,
        hidden_size,
        cell=cell,
        bias=not no_bias,
        peephole=peephole,
        proj_size=proj_size,
        coupled=coupled,
        input_gate=not no_input_gate,
        forget_gate=not no_forget_gate,
        output_gate=not no_output_gate,
        full_gate_recurrence=full_gate_recurrence,
        reset_after=not reset_before,
        layer_norm=layer_norm,
    )
    console = Console(highlight=False)
    console.print(result.title, style="bold", markup=False)
    console.print(_gates(result))
    for reason in result.reasons:
        console.print(f"• {reason}", markup=False)
    console.print(_counts(result))
    console.print(_layouts(result))


def _gates(result: Shapes) -> Table:
    """What each gate reads and makes."""
    from rich.table import Table
    from rich.text import Text

    table = Table("", "gate", "reads", "matrix", "besides")
    for gate in result.gates:
        besides = [f"[{gate.units}]∘{seen}" for seen in gate.elementwise]
        besides += [f"bias [{gate.units}]"] if result.equations.bias else []
        cells = (gate.letter, gate.name, gate.reads_in_words, str(list(gate.matrix)), ", ".join(besides))
        table.add_row(*map(Text, cells))
    table.add_section()
    table.add_row("", "all", "x and h, gates side by side", Text(str(list(result.stacked)), style="bold"), "")
    return table


def _counts(result: Shapes) -> Table:
    """How many parameters there are."""
    from rich.table import Table

    table = Table("parameters", "one bias", "two biases (PyTorch, Peephole)")
    for column in table.columns[1:]:
        column.justify = "right"
    for count in result.counts:
        style = "bold" if count.chosen else None
        table.add_row(count.variant, f"{count.one_bias:,}", f"{count.two_biases:,}", style=style)
    return table


def _layouts(result: Shapes) -> Table:
    """The arrays of every framework."""
    from rich.table import Table
    from rich.text import Text

    table = Table("framework", "order of the gates", "arrays", "parameters", show_lines=True)
    table.columns[-1].justify = "right"
    for layout in result.layouts:
        if layout.lacks:
            table.add_row(layout.framework, "", Text(layout.told, style="dim"), "")
        else:
            arrays = "\n".join(f"{array.name} {array.told}" for array in layout.arrays)
            table.add_row(layout.framework, layout.order, Text(arrays), f"{layout.parameters:,}")
    return table
