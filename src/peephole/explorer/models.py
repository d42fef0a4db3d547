"""The networks that the explorer shows, and their layers as the page numbers them.

A ``Network`` is shown as it is. An imported ``Chain`` is first made to say something at every step, before the function
that it ends with; one that is then no more than a ``Network`` is shown as one, and so has every view. Knows
nothing of runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words
from peephole.nn.activations import Activation, function
from peephole.nn.chain import ActivationPart, ChainConfig, DensePart, EmbeddingPart, Part, RecurrentPart
from peephole.nn.chain_network import Chain
from peephole.nn.models import Network, NetworkConfig
from peephole.nn.watched import WatchedLayer, watched_layers
from peephole.trace.trace import LayerRecord, Trace

Model = Network | Chain
Says = Literal["next", "tag", "class", "value", "output", "none"]
"""What outputs mean: as for a problem's ``Target``; numbers of an imported network; nothing."""

SHOWN = (
    *("input_gate", "forget_gate", "candidate", "output_gate", "reset_gate", "update_gate"),
    *("cell", "hidden"),
)
"""The quantities that the page has names for."""
_PLAIN = {"input_size", "hidden_size", "num_layers", "bidirectional", "dropout", "forget_bias"}


@dataclass(frozen=True, eq=False)
class Shown:
    """An imported chain as the explorer runs it.

    Attributes:
        model: computes what the chain computes, but for the function that it ends with, at every step.
        activation: that function.
        says: whether anything comes after the chain's recurrent parts; else it says nothing.
        everywhere: whether it says something at every step; else at the end alone.
        never: the symbol that the chain skips and ``model`` does not: it must not be given it.
    """

    model: Model
    activation: Activation
    says: bool
    everywhere: bool
    never: int | None

    @property
    def target(self) -> Says:
        """What the outputs mean."""
        if not self.says:
            return "none"
        return "tag" if self.activation == "softmax" and self.everywhere else "output"

    def said(self, scores: Tensor) -> Tensor:
        """What the chain returns, from what ``model`` returns."""
        if self.activation == "softmax":
            return scores.softmax(-1)
        return function(self.activation)(scores)


def shown_chain(chain: Chain) -> Shown:
    """A chain as the explorer runs it; parameters are copied where another module computes with them."""
    config = chain.config
    last = config.parts[-1]
    says = not isinstance(last, RecurrentPart)
    everywhere = chain.can_answer_everywhere
    changed = ChainConfig(tuple(_bare(config, part, everywhere=everywhere) for part in config.parts))
    model: Model = chain.float()  # what is given to read is
    if changed != config:
        model = Chain(changed)
        model.load_state_dict(chain.state_dict())
    simple = _simple(changed)
    if simple is not None:
        model = _as_network(simple, chain)
    return Shown(model.eval(), config.output_activation, says, everywhere, config.masked)


def _bare(config: ChainConfig, part: Part, *, everywhere: bool) -> Part:
    """A part without what is done elsewhere: the masked symbol is never read, the last function comes later."""
    if isinstance(part, EmbeddingPart):
        return replace(part, masked=None)
    if part is config.recurrent[-1] and everywhere and isinstance(part, RecurrentPart):
        # A flipped last part would put its answers in the order in which it read, which is not the page's.
        return replace(part, returns="sequence", flipped=False)
    if part is config.parts[-1] and isinstance(part, DensePart | ActivationPart):
        return replace(part, activation="identity")
    return part


def _simple(config: ChainConfig) -> NetworkConfig | None:
    """The ``Network`` that a chain is no more than; None where it is more."""
    parts = list(config.parts)
    if isinstance(parts[0], EmbeddingPart):
        parts.pop(0)
    if len(parts) != 2:
        return None
    stack, readout = parts
    if not isinstance(stack, RecurrentPart) or not isinstance(readout, DensePart):
        return None
    options = dict(stack.options)
    if options.get("bias", True) is not True or options.get("peephole") not in (None, "diagonal"):
        return None
    if not isinstance(options["hidden_size"], int) or stack.flipped or stack.returns != "sequence":
        return None
    defaults = {"bias": True, "peephole": options.get("peephole"), "nonlinearity": "tanh"}
    more = {name for name, value in options.items() if name not in _PLAIN and value != defaults.get(name)}
    if more:
        return None
    return NetworkConfig(
        cell=stack.cell,
        input=config.input,
        input_size=config.input_size,
        output_size=readout.outputs,
        embedding=config.embedding,
        hidden=options["hidden_size"],
        layers=len(stack.widths),
        bidirectional=stack.bidirectional,
        peephole=options.get("peephole"),
    )


def _as_network(config: NetworkConfig, chain: Chain) -> Network:
    network = Network(config)
    names = {"recurrents.0.": "recurrent.", "readout.0.": "readout."}
    state = dict(chain.state_dict())
    for old, new in names.items():
        state = {name.replace(old, new, 1) if name.startswith(old) else name: v for name, v in state.items()}
    state.setdefault("readout.bias", torch.zeros(config.output_size))
    network.load_state_dict(state)
    return network


def reads_forward(model: Model) -> bool:
    """Whether what comes later changes nothing before."""
    config = model.config
    return config.causal if isinstance(config, ChainConfig) else not config.bidirectional


def network_of(model: Model, what: Words) -> Network:
    """The model, where it is one recurrent stack with a readout.

    Args:
        model: it.
        what: what cannot be had of another.

    Raises:
        Refusal: it is another.
    """
    if isinstance(model, Network):
        return model
    parts = len(model.config.recurrent)
    why = (
        Words(f"it has {parts} recurrent parts", f"它有 {parts} 个循环部分")
        if parts > 1
        else Words("it is not one plain recurrent stack with a readout", "它不是带读出层的单个普通循环堆叠")
    )
    raise Refusal(
        Words(f"{what.en} is not there for this network: {why.en}", f"该网络没有{what.zh}：{why.zh}"),
        do=Words("Choose another view.", "请选择其他视图。"),
        status=422,
    )


def layers_of(model: Model) -> tuple[WatchedLayer, ...]:
    """Its layers, numbered as the page does."""
    return watched_layers(model)


def address_of(model: Model, layer: WatchedLayer) -> str:
    """What stands before the quantity in ``ph.intervene``'s address of a unit read forward: "l0", "recurrents.1.l0"."""
    several = len({one.module for one in watched_layers(model)}) > 1
    return f"{layer.module}.l{layer.depth}" if several else f"l{layer.depth}"


def lanes_of(model: Model, trace: Trace) -> tuple[LayerRecord, ...]:
    """The records of a trace as the page shows them: layers by their number, quantities that it has names for."""
    numbers = {(layer.module, layer.depth): layer.number for layer in watched_layers(model)}
    return tuple(
        replace(plain(record), layer=numbers[record.module, record.layer]) for record in trace.records
    )


def plain(record: LayerRecord) -> LayerRecord:
    """The record with the quantities that a page has names for, all of them of the same units."""
    own = dict(record.quantities)
    units = own["cell" if "cell" in own else "hidden"].shape[-1]
    initial: Mapping[str, Tensor] = record.initial
    if own["hidden"].shape[-1] != units:  # what leaves a projection has units of its own
        own["hidden"] = own["hidden_before_projection"]
        initial = {**initial, "hidden": initial["cell"].new_zeros(initial["cell"].shape)}
    return replace(
        record,
        quantities={name: own[name] for name in SHOWN if name in own},
        initial={name: values for name, values in initial.items() if name in ("hidden", "cell")},
    )
