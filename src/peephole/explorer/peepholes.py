"""The same network with its peepholes shut, to see what the gates do differently. Knows nothing of runs or the page."""

from __future__ import annotations

from copy import deepcopy

import torch

from peephole.explorer.models import Model
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words


def without_peepholes(network: Model) -> Model:
    """A copy whose peephole weights are 0; everything else is as it was learned.

    Raises:
        Refusal: it has none.
    """
    if network.config.peephole is None:
        raise Refusal(
            Words("this network has no peepholes to shut", "该网络没有可关闭的窥孔"),
            do=Words("Choose a network with peepholes.", "请选择带窥孔的网络。"),
            status=422,
        )
    shut = deepcopy(network)
    with torch.no_grad():
        for name, weight in shut.named_parameters():
            if "weight_peephole" in name:
                weight.zero_()
    return shut
