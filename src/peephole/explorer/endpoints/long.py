"""What a network does with a text too long for a trace: the same answers, from its survey, and windows of the rest.

text             ids I32 (step,) among the names; or inputs F32 (step, feature) of numbers
window           surprise F32 (step,), outputs5 I32 and probabilities5 F32 (step, 5), or forecast F32 (step, 1)
quantity         F32 (unit,) each field of ``UnitStatistics``, envelope F16 (block, 2, unit): least and greatest value
                 in each 512 steps
quantity window  values F16 (step, unit)
unit             hist.<quantity> F32 (bin,), figures.<quantity> F32 (4,): least, greatest, share saturated low, high;
                 highest.<quantity> F32 and highest_at.<quantity> I32 (8,), and lowest, −1 where there are fewer;
                 and for symbols mean_by_symbol F32 (symbol,), counts F32 (symbol,);
                 with ?around=STEP the window of that step, too
unit window      each quantity F32 (step,)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from peephole.analysis.sketched import sketched_statistics
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.held import FURTHEST
from peephole.explorer.material import Material
from peephole.explorer.payload import Json, Payload
from peephole.explorer.surveyed import SPAN, LongText
from peephole.trace.said import LIKELIEST, Said
from peephole.trace.trace import LayerRecord


def text(long: LongText) -> Payload:
    """What is read, at once, and how far it has been."""
    material, opened = long.task.material, long.opened
    chooses = opened.target not in ("value", "output", "none")
    outputs = opened.network.config.output_size if chooses else 0
    tensors = {"ids": long.symbols.ids}
    if material.inputs.is_floating_point():
        tensors["inputs"] = material.inputs.squeeze(1)
    facts: Json = {
        "trace": long.id,
        "title": None if material.title is None else material.title.to_json(),
        "names": long.symbols.names,
        "lengths": [len(long)],
        "input": opened.network.config.input,
        "target": opened.target,
        "unknown": material.unknown,
        "predicted": opened.outputs,
        "frame": long.task.frame,
        "clamps": [],
        "final": None,
        **axis_of(material),
        "long": {
            "span": SPAN,
            "share": long.share,
            "ranks": LIKELIEST if outputs else 0,
            "forecast": opened.target == "value",
        },
    }
    return Payload(tensors, facts)


def axis_of(material: Material) -> Json:
    """What is known of the steps and features of numbers: names of the features, the length of a step in seconds, and
    of a recording the samples in one step.
    """
    return {
        "feature_names": list(material.features) or None,
        "seconds": material.seconds,
        "frame_size": material.frame,
    }


def share(desk: Desk, asked: Asked) -> Json:
    """How much of the text has been read, 0 to 1."""
    return {"share": desk.long(asked).share}


def window(desk: Desk, asked: Asked) -> Payload:
    """What was said over a stretch."""
    long = desk.long(asked)
    here = slice(asked.number("from"), asked.number("to"))
    return Payload(_said(long.survey.said, here))


def quantity(desk: Desk, asked: Asked) -> Payload:
    """What one quantity of every unit amounts to over the whole text."""
    sketch = desk.sketch(asked).quantity(asked["quantity"])
    statistics = sketched_statistics(sketch, asked["quantity"])
    return Payload({**vars(statistics), "envelope": sketch.envelope})


def quantity_window(desk: Desk, asked: Asked) -> Payload:
    """One quantity of every unit over a stretch."""
    found = desk.sketch(asked)
    found.quantity(asked["quantity"])
    record = found.window(asked.number("from"), asked.number("to"))
    return Payload({"values": record[asked["quantity"]][:, 0].half()})


def unit(desk: Desk, asked: Asked) -> Payload:
    """What every quantity of one unit amounts to, how its values spread, and its mean after each symbol."""
    found = desk.sketch(asked)
    number, survey = found.unit(asked), found.long.survey
    tensors: dict[str, Tensor] = {}
    edges: dict[str, tuple[float, float]] = {}
    for name, sketch in found.sketch.quantities.items():
        ends = sketch.minimum, sketch.maximum, sketch.saturated_low, sketch.saturated_high
        tensors |= {
            f"hist.{name}": sketch.histogram[number].float(),
            f"figures.{name}": torch.stack([end[number] for end in ends]),
            f"highest.{name}": sketch.highest[:, number],
            f"highest_at.{name}": sketch.highest_at[:, number],
            f"lowest.{name}": sketch.lowest[:, number],
            f"lowest_at.{name}": sketch.lowest_at[:, number],
        }
        edges[name] = (float(sketch.histogram_low[number]), float(sketch.histogram_high[number]))
    facts: Json = {"edges": edges}
    means = found.sketch[found.memory].by_symbol
    vocabulary = found.long.opened.vocabulary
    if means is not None and vocabulary is not None:
        # The last row is for all rarer symbols together, which have no name.
        tensors |= {"mean_by_symbol": means[:-1, number], "counts": survey.counts[:-1].float()}
        facts["symbols"] = [vocabulary.symbols[symbol] for symbol in survey.symbols]
    if "around" in asked.query:
        begin = min(asked.queried("around", 0, FURTHEST, least=0), len(found.long) - 1) // SPAN * SPAN
        end = min(begin + SPAN, len(found.long))
        facts["window"] = begin, end
        tensors |= _of_unit(found.window(begin, end), number)
    return Payload(tensors, facts)


def unit_window(desk: Desk, asked: Asked) -> Payload:
    """Every quantity of one unit over a stretch."""
    found = desk.sketch(asked)
    number = found.unit(asked)
    return Payload(_of_unit(found.window(asked.number("from"), asked.number("to")), number))


def _of_unit(record: LayerRecord, unit: int) -> dict[str, Tensor]:
    return {name: values[:, 0, unit] for name, values in record.quantities.items()}


def _said(said: Said, here: slice) -> dict[str, Tensor]:
    """What was said over a stretch, in the form in which a short text's is sent."""
    tensors: dict[str, Tensor] = {}
    if said.outputs is not None and said.probabilities is not None:
        rest = (0, LIKELIEST - said.outputs.shape[1])
        tensors["outputs5"] = functional.pad(said.outputs[here], rest, value=-1)
        tensors["probabilities5"] = functional.pad(said.probabilities[here].float(), rest)
    if said.forecast is not None:
        tensors["forecast"] = said.forecast[here]
    if said.surprise is not None:
        tensors["surprise"] = said.surprise[here].float()
    return tensors
