"""Light sent backwards: what one output rests on, and how far back the network feels.

light  for each layer and direction <layer>.<direction>.c_road, .h_road, .hidden and, where there is a cell, .cell;
       all F32 (step,): what each step hands back by each road, and ‖∂y/∂h_t‖, ‖∂y/∂c_t‖; input F32 (step,)
       ‖∂y/∂x_t‖; and where a unit was named unit.hidden and unit.cell F32 (step,), |∂y/∂h_t| and |∂y/∂c_t| of it.
       Steps that y cannot rest on have 0; steps further back than ``FURTHEST`` have NaN.
lags   for each layer <layer>.sensitivity F32 (lag,), and where it has gates that keep <layer>.gates F32 (lag,),
       the mean over units of ∏f; NaN at lags that no step has behind it
"""

from __future__ import annotations

import torch
from torch import Tensor

from peephole.analysis.lag import lag_curve
from peephole.analysis.outputs import Output
from peephole.analysis.sensitivity import LayerSensitivity, sensitivities
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk, lane_of
from peephole.explorer.excerpts import excerpt, windows
from peephole.explorer.models import network_of
from peephole.explorer.payload import Json, Payload
from peephole.explorer.refusal import Refusal
from peephole.explorer.sessions import Session
from peephole.explorer.words import Words
from peephole.nn.models import Network
from peephole.trace.beside import one_thread

FURTHEST = 2048
"""Most steps that light goes back."""
MOST_LAGS = 1000
WORK = 2**30
"""About how many multiplications a lag curve may cost; more steps are averaged where they are cheap."""
MOST_AVERAGED = 256


def light(desk: Desk, asked: Asked) -> Payload:
    """What one output at one step rests on: y is its score before the softmax, or the number that is said."""
    session = desk.session(asked)
    network = network_of(session.network, Words("backward light", "反向光"))
    step = asked.whole("step")
    sequence, time = session.place(step)
    length = int(session.material.lengths[sequence])
    causal = not network.config.bidirectional
    if not causal and length > FURTHEST:
        raise Refusal(
            Words(
                f"this network reads both ways, and light goes through at most {FURTHEST:,} steps",
                f"该网络双向读取，回溯最多经过 {FURTHEST:,} 步",
            ),
            do=Words("Take a shorter stretch of it.", "请取较短的一段。"),
            status=413,
        )
    begin = max(0, time + 1 - FURTHEST) if causal else 0
    seen = excerpt(session.reading.trace, sequence, begin, time + 1 if causal else length)
    scores = _scores(network, session, sequence, time)
    output = _output(asked, session, scores)
    with one_thread():
        found = sensitivities(network, seen, Output(output), time - begin)
    first = step - time  # where the sequence starts

    def placed(values: Tensor) -> Tensor:
        """(step,) over all sequences."""
        everywhere = torch.zeros(len(session.material.symbols))
        everywhere[first : first + begin] = torch.nan
        everywhere[first + begin : first + begin + len(values)] = values.float()
        return everywhere

    tensors = {"input": placed(found.inputs[:, 0].norm(dim=-1))}
    for lane in found.layers:
        name = f"{lane.layer}.{lane.direction}"
        tensors[f"{name}.c_road"] = placed(lane.c_road[:, 0])
        tensors[f"{name}.h_road"] = placed(lane.h_road[:, 0])
        tensors |= {f"{name}.{state}": placed(v[:, 0].norm(dim=-1)) for state, v in _states(lane)}
    if "unit" in asked.fields:
        named = lane_of(session, asked.whole("layer"), asked.text("direction"))
        unit = named.existing(asked.whole("unit"))
        lane = found.layer(named.record.layer, named.record.direction)
        tensors |= {f"unit.{state}": placed(v[:, 0, unit].abs()) for state, v in _states(lane)}
    names = session.opened.outputs
    facts: Json = {
        "output": output if names else None,
        "name": names[output] if names else None,
        "probability": float(scores.softmax(-1)[output]) if names else None,
        "step": step,
        "from": first + begin,
    }
    return Payload(tensors, facts)


def lags(desk: Desk, asked: Asked) -> Payload:
    """How ‖∂h_t/∂(state at t−k)‖ falls with k, h_t being the whole hidden state of the last layer.

    Averaged over steps spread evenly over the text, as many as can be had in a second or two; "averaged" says how many.
    """
    session = desk.session(asked)
    network = network_of(session.network, Words("sensitivity against lag", "灵敏度与滞后"))
    record = session.reading.trace.layer()
    if network.config.bidirectional:
        raise Refusal(
            Words(
                "a network that reads both ways has no lag: its states know what comes as well",
                "双向读取的网络没有滞后可言：它的状态也知道后文",
            ),
            do=Words("Choose a network that reads forward.", "请选择只向前读取的网络。"),
            status=422,
        )
    longest = int(session.material.lengths.max()) - 1
    most = min(asked.queried("lags", 100, MOST_LAGS), longest)
    sizes = record.initial["hidden"].shape[-1]
    layers = network.config.layers
    # A way back for each unit of h_t, through every gate, from the last layer to each.
    cost = 4 * sizes**3 * (most + 1) * layers * (layers + 1) // 2
    seen, steps = windows(session.reading.trace, most, max(1, min(MOST_AVERAGED, WORK // cost)))
    tensors: dict[str, Tensor] = {}
    with one_thread():
        for layer in range(layers):
            curve = lag_curve(network, seen, lags=most, steps=steps, layer=layer)
            tensors[f"{layer}.sensitivity"] = curve.sensitivity.float()
            if curve.gates is not None:
                tensors[f"{layer}.gates"] = curve.gates.mean(-1).float()
    facts: Json = {"kind": record.kind, "lags": most, "averaged": int(steps.sum())}
    return Payload(tensors, facts)


def _states(lane: LayerSensitivity) -> list[tuple[str, Tensor]]:
    cell = [] if lane.cell is None else [("cell", lane.cell)]
    return [("hidden", lane.hidden), *cell]


def _scores(network: Network, session: Session, sequence: int, time: int) -> Tensor:
    """(output,) what the readout says after one step."""
    records = session.reading.trace.records
    last = max(record.layer for record in records)
    hidden = [record["hidden"][time, sequence] for record in records if record.layer == last]
    with torch.no_grad():
        scores: Tensor = network.readout(torch.cat(hidden))
    return scores


def _output(asked: Asked, session: Session, scores: Tensor) -> int:
    """Which output is asked for: the one that is named, else the likeliest."""
    if asked.fields.get("output") is None:
        return int(scores.argmax())
    return asked.whole("output", most=len(scores) - 1)
