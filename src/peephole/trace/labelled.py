"""A record as labelled arrays, the way out to the scientific stack: axes time, batch and unit (needs xarray)."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from torch import Tensor

from peephole.errors import TraceError
from peephole.trace.trace import LayerRecord, Trace

if TYPE_CHECKING:
    import xarray


def dataset(record: LayerRecord) -> xarray.Dataset:
    """One record: a variable a quantity, of axes (time, batch, unit), and ``initial_{state}`` (batch, unit).

    A projected hidden state has fewer units than the gates; theirs are the axis ``inner_unit`` then. Masks stand
    beside the quantities: those held over the run without time, the input's over ``input``, the weights' over ``row``.
    """
    units = record["hidden"].shape[-1]

    def labelled(*axes: str, values: Tensor) -> tuple[tuple[str, ...], object]:
        last = "unit" if values.shape[-1] == units else "inner_unit"
        return (*axes, last), values.detach().cpu().numpy()

    variables = {name: labelled("time", "batch", values=v) for name, v in record.quantities.items()}
    variables |= {f"initial_{name}": labelled("batch", values=v) for name, v in record.initial.items()}
    for name, mask in record.masks.items():
        axes = ("time", "batch") if mask.dim() == 3 else ("row",) if name == "weight_mask" else ("batch",)
        axis, values = labelled(*axes, values=mask)
        variables[name] = ((*axes, "input") if name == "input_mask" else axis), values
    if record.lengths is not None:
        variables["lengths"] = ("batch",), record.lengths.cpu().numpy()
    names = ("module", "call", "layer", "direction", "kind")
    built: xarray.Dataset = _xarray().Dataset(
        variables, attrs={name: getattr(record, name) for name in names}
    )
    return built


def tree(trace: Trace) -> xarray.DataTree:
    """Every record of a trace, at ``/{module}/call{n}/layer{n}/{direction}``; "model" is the model itself."""
    paths = {f"/{r.module or 'model'}/call{r.call}/layer{r.layer}/{r.direction}": dataset(r) for r in trace}
    built: xarray.DataTree = _xarray().DataTree.from_dict(paths)
    return built


def _xarray() -> ModuleType:
    try:
        import xarray
    except ImportError as error:
        raise TraceError("to_xarray needs xarray: pip install 'peephole[xarray]'") from error
    return xarray
