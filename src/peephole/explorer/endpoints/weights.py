"""The weights of one layer in one direction, under their names in torch without layer and direction.

weights  weight_ih F32 (gates·unit, feature), weight_hh F32 (gates·unit, unit), and what else the cell has: bias_ih,
         bias_hh, weight_peephole
"""

from __future__ import annotations

from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.models import layers_of
from peephole.explorer.payload import Payload
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words, lane


def weights(desk: Desk, asked: Asked) -> Payload:
    """Of the finished network or, with ``frame`` in the query, of a frame of its film.

    Raises:
        Refusal: there is no such layer or frame.
    """
    frame = asked.frame
    network = desk.catalog.open(asked["run"]).version(frame).network
    layer, direction = asked.number("layer"), asked["direction"]
    known = {one.number: one for one in layers_of(network)}
    if layer not in known or direction not in known[layer].directions:
        wrong = lane(layer, direction)
        raise Refusal(
            Words(f"there is no {wrong.en}", f"没有{wrong.zh}"),
            do=Words("Choose a layer on the page.", "请在页面上选择一层。"),
            status=404,
        )
    found = known[layer]
    second = direction == "backward" and len(found.directions) == 2
    suffix = f"_l{found.depth}" + ("_reverse" if second else "")
    own = {
        name.removesuffix(suffix): value.detach()
        for name, value in network.get_submodule(found.module).named_parameters()
        if name.endswith(suffix)
    }
    return Payload(own, {"frame": frame})
