"""What would be otherwise: how a network goes on with a text with something held, and what each unit is worth."""

from __future__ import annotations

import torch
from torch import Tensor

from peephole.analysis.ablation import ablations
from peephole.analysis.clamping import Clamp, continuations
from peephole.explorer.asked import Asked
from peephole.explorer.desk import Desk
from peephole.explorer.held import units_of
from peephole.explorer.material import Material
from peephole.explorer.models import network_of
from peephole.explorer.opened import OpenRun
from peephole.explorer.payload import Json
from peephole.explorer.refusal import Refusal
from peephole.explorer.task import Task, task_in
from peephole.explorer.words import Words
from peephole.trace.beside import one_thread

MOST_ADDED = 400
MOST_READ = 4096
"""Most symbols of a text that are read again before it is gone on with: held ones are read slowly."""
MOST_RUNS = 2**17
"""Most steps, over all units that are held in turn, that an ablation runs."""


def go_on(desk: Desk, asked: Asked) -> Json:
    """What a network puts after a text, and what it puts there with something held and the same luck.

    Of several lines the last is gone on with. Of a long text, the last ``MOST_READ`` symbols are read again.
    """
    opened = desk.catalog.open(asked["run"])
    task = task_in(opened, desk.files, asked)
    length = asked.whole("length", most=MOST_ADDED, otherwise=MOST_ADDED // 2)
    temperature = asked.real("temperature", least=0, most=100, otherwise=1.0)
    seed = asked.whole("seed", most=2**31 - 1, otherwise=0)
    if opened.target != "next" or opened.vocabulary is None:
        raise Refusal(
            Words("this network does not say which symbol comes next", "该网络不预测下一个符号"),
            do=Words("Choose one that learned a text.", "请选择学习文本的网络。"),
            status=422,
        )
    prompt, clamps = _last_line(task)
    network = network_of(
        opened.version(task.frame, peepholes=task.peepholes).network,
        Words("going on with a text", "续写文本"),
    )
    unknown = opened.vocabulary.unknown
    with opened.lock, one_thread():
        found = continuations(
            network,
            prompt,
            length,
            clamps,
            temperature=temperature,
            seed=seed,
            never=() if unknown is None else (unknown,),
        )
    names = opened.vocabulary.symbols
    return {
        "plain": [names[symbol] for symbol in found.unclamped.tolist()],
        "clamped": [names[symbol] for symbol in found.clamped.tolist()] if task.clamps else None,
        "agree": found.agree,
    }


def ablate(desk: Desk, asked: Asked) -> Json:
    """By how many bits a step the surprise rises where each unit is held at 0 throughout, most first.

    Of a long text the beginning is measured; "steps" says how much of it counts.
    """
    opened = desk.catalog.open(asked["run"])
    task = task_in(opened, desk.files, asked)
    layer, direction = asked.whole("layer"), asked.text("direction")
    network = network_of(
        opened.version(task.frame, peepholes=task.peepholes).network,
        Words("what each unit is worth", "各单元的价值"),
    )
    quantity = asked.text("quantity")
    units = units_of(network, layer, direction, quantity)
    if task.clamps:
        raise Refusal(
            Words("what a unit is worth is measured with nothing else held", "衡量单元的作用时不能另有固定"),
            do=Words("Let go of what is held first.", "请先放开所有固定。"),
        )
    inputs, outcomes, lengths = _beginning(opened, task.material, units)
    known = outcomes >= 0
    with opened.lock, one_thread():
        found = ablations(
            network,
            inputs,
            outcomes.clamp(min=0),
            layer=layer,
            direction=direction,
            quantity=quantity,
            weight=known.float(),
            lengths=lengths,
        )
    cost = found.cost.tolist()
    return {
        "units": [{"unit": unit, "bits": cost[unit]} for unit in found.ranking.units],
        "bits": found.baseline,
        "steps": int(known.sum()),
    }


def _last_line(task: Task) -> tuple[Tensor, list[Clamp]]:
    """The end of the last sequence, (step,) ids, and what is held in it, counted from there and going on beyond."""
    material = task.material
    length = int(material.lengths[-1])
    read = min(length, MOST_READ)
    start = int(material.lengths.sum()) - read
    clamps = []
    for held in task.clamps:
        first = max(held.first - start, 0)
        end = None if held.last is None else held.last + 1 - start
        if end is None or end > 0:
            clamps.append(Clamp(held.unit, held.value, slice(first, end)))
    return material.inputs[length - read : length, -1], clamps


def _beginning(opened: OpenRun, material: Material, units: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs, right outputs (−1 where unknown or past a sequence's end) and lengths, as much as can be measured."""
    if opened.target in ("value", "output", "none"):
        raise Refusal(
            Words(
                "this network says numbers, which have no surprise in bits",
                "该网络输出数值，没有以比特计的意外度",
            ),
            do=Words("Choose one that says symbols or labels.", "请选择输出符号或标签的网络。"),
            status=422,
        )
    batch = material.inputs.shape[1]
    steps = min(len(material.inputs), max(2, MOST_RUNS // (units * batch)))
    lengths = material.lengths.clamp(max=steps)
    inside = torch.arange(steps).unsqueeze(1) < lengths
    outcomes = material.targets[:steps].where(inside, -1)
    if not (outcomes >= 0).any():
        raise Refusal(
            Words("nobody has said which outputs are right here", "这里没有给出正确的输出"),
            do=Words("Choose one of the network's samples.", "请选择该网络的一个样本。"),
            status=422,
        )
    return material.inputs[:steps], outcomes, lengths if batch > 1 else None
