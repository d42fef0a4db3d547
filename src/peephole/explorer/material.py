"""What a network is given to read, as one batch: a sample of its own data, or what somebody typed or drew.

Knows samples and vocabularies, nothing of networks, traces or the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from peephole.data.batches import Sample, text_sample
from peephole.data.signals import Signal
from peephole.data.vocabulary import Vocabulary
from peephole.errors import DataError
from peephole.explorer.drawing import pixels_in
from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words

MOST_SYMBOLS = 1_000_000
"""Most symbols of one text."""
MOST_CHARACTERS = 8_000_000
"""Most characters of a text whose symbols are words."""
MOST_PADDED = 200_000
"""Most symbols of several lines; what pads them to the length of the longest counts too."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """Sequences to read, as one batch.

    Attributes:
        title: one line that says what they are; None for what somebody typed or drew.
        inputs: (time, batch) int64 ids or (time, batch, feature) float32 numbers, padded.
        targets: (time, batch) int64, the right output at each step, −1 where it is not known, or
            (time, batch, 1) float32, NaN where it is not known; padded.
        lengths: (batch,) int64 steps in each sequence.
        symbols: what each step reads, sequence after sequence, as it is to be shown.
        unknown: the symbols that the network does not know and that were replaced, in order of appearance.
        features: names of the numbers of a step, where they have some.
        seconds: how long a step is, where that is known.
        frame: samples of a recording in one step; None for what is no recording.
    """

    title: Words | None
    inputs: Tensor
    targets: Tensor
    lengths: Tensor
    symbols: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    seconds: float | None = None
    frame: int | None = None

    @cached_property
    def digest(self) -> str:
        """Names the contents: the same for equal materials, in every process."""
        facts = repr(
            (self.title, self.symbols, self.lengths.tolist(), self.features, self.seconds, self.frame)
        )
        numbers = self.inputs.numpy().tobytes() + self.targets.numpy().tobytes()
        return sha256(facts.encode("utf-8", "surrogatepass") + numbers).hexdigest()


def typed(text: str, vocabulary: Vocabulary, *, follows: bool) -> Material:
    """What somebody typed. A network of texts reads it as one sequence, a network of a task each line as one.

    Args:
        text: as it was typed.
        vocabulary: the symbols that the network knows.
        follows: the right output is the symbol that follows; otherwise nobody has said which is right.

    Raises:
        Refusal: there is nothing to read, too much, or a symbol that the network cannot read.
    """
    if not text.strip("\n"):
        raise Refusal(
            Words("there is nothing to read in an empty text", "文本为空，没有可读的内容"),
            do=Words("Type or paste something.", "请输入或粘贴一些内容。"),
        )
    # Before it is split, which takes longer than to count.
    most = MOST_CHARACTERS if vocabulary.unit == "word" else MOST_SYMBOLS
    _require_few(len(text), Words("characters", "个字符"), most)
    try:
        sample = text_sample(text, vocabulary, title="", chinese="")
    except DataError as error:
        symbols = " ".join(vocabulary.symbols)
        unknown = next((symbol for symbol in text if symbol not in {*vocabulary.symbols, "\n"}), "")
        raise Refusal(
            Words(str(error), f"该网络不认识符号“{unknown}”"),
            do=Words(f"Type only what this network knows: {symbols}", f"只能输入该网络认识的符号：{symbols}"),
            status=422,
        ) from error
    material = sampled(sample)
    known = set(vocabulary.symbols)
    return Material(
        title=None,
        inputs=material.inputs,
        targets=material.targets if follows else torch.full_like(material.targets, -1),
        lengths=material.lengths,
        symbols=material.symbols,
        unknown=tuple(dict.fromkeys(symbol for symbol in material.symbols if symbol not in known)),
    )


def sampled(sample: Sample) -> Material:
    """A sample as one batch.

    Raises:
        Refusal: it is too large.
    """
    lengths = torch.tensor([len(sequence) for sequence in sample.sequences])
    if len(lengths) == 1:
        _require_few(int(lengths[0]), Words("symbols", "个符号"), MOST_SYMBOLS)
    else:
        # One long line among many short ones, all padded to its length, is many times its size.
        _require_few(
            int(lengths.max()) * len(lengths),
            Words("symbols, once every line is as long as the longest,", "个符号（所有行补齐到最长一行后）"),
            MOST_PADDED,
        )
    return Material(
        title=Words(sample.title, sample.chinese),
        inputs=pad_sequence([torch.from_numpy(sequence) for sequence in sample.sequences]),
        targets=pad_sequence([torch.from_numpy(target) for target in sample.targets]),
        lengths=lengths,
        symbols=tuple(label for labels in sample.labels for label in labels),
    )


def measured(
    signal: Signal, features: int, title: Words | None, *, labels: bool = False, follows: bool = False
) -> Material:
    """Numbers over time.

    Args:
        signal: the numbers.
        features: how many the network reads a step.
        title: what they are.
        labels: the right outputs are labels, and nobody has said which.
        follows: the right output is the number that follows; otherwise nobody has said which is right.

    Raises:
        DataError: they do not fit the network.
        Refusal: there are too many.
    """
    fitted = signal.fitted(features)
    _require_few(len(fitted), Words("steps", "步"), MOST_SYMBOLS)
    numbers = torch.from_numpy(fitted.values).unsqueeze(1)
    targets = torch.full((len(fitted), 1), -1) if labels else torch.full((len(fitted), 1, 1), torch.nan)
    if follows:
        targets[:-1] = numbers[1:]
    return Material(
        title=title,
        inputs=numbers,
        targets=targets,
        lengths=torch.tensor([len(fitted)]),
        symbols=fitted.labels or ("",) * len(fitted),
        features=fitted.names or (),
        seconds=fitted.seconds_per_step,
        frame=fitted.samples_per_step,
    )


def counted(signal: Signal, symbols: int, title: Words | None, *, never: int | None) -> Material:
    """Whole numbers as symbols without names, whose right outputs nobody has said.

    Args:
        signal: the numbers.
        symbols: how many symbols the network knows.
        title: what they are.
        never: the symbol that the network skips; it is left out.

    Raises:
        DataError: they are no symbols of the network.
        Refusal: there are too many, or none is left.
    """
    ids = torch.from_numpy(signal.ids(symbols))
    ids = ids if never is None else ids[ids != never]
    if not len(ids):
        raise _all_skipped()
    _require_few(len(ids), Words("symbols", "个符号"), MOST_SYMBOLS)
    return Material(
        title=title,
        inputs=ids.unsqueeze(1),
        targets=torch.full((len(ids), 1), -1),
        lengths=torch.tensor([len(ids)]),
        symbols=tuple(map(str, ids.tolist())),
    )


def without(material: Material, never: int) -> Material:
    """A text without the symbol that its network skips.

    Raises:
        Refusal: nothing is left.
    """
    kept = [place for place, symbol in enumerate(material.inputs.flatten().tolist()) if symbol != never]
    if not kept:
        raise _all_skipped()
    return replace(
        material,
        inputs=material.inputs[kept],
        targets=material.targets[kept],
        lengths=torch.tensor([len(kept)]),
        symbols=tuple(material.symbols[place] for place in kept),
    )


def drawn(pixels: str) -> Material:
    """A digit that somebody drew, a row a step; nobody has said which it is.

    Raises:
        Refusal: it is no drawing.
    """
    rows = pixels_in(pixels)
    return Material(
        title=None,
        inputs=rows.unsqueeze(1),
        targets=torch.full((len(rows), 1), -1),
        lengths=torch.tensor([len(rows)]),
        symbols=tuple(str(row + 1) for row in range(len(rows))),
    )


def too_long(length: int, what: Words, most: int) -> Refusal:
    """The refusal of something longer than can be shown."""
    return Refusal(
        Words(
            f"this has {length:,} {what.en} and at most {most:,} can be shown at once",
            f"此内容有 {length:,} {what.zh}，一次最多能显示 {most:,}",
        ),
        do=Words("Take a shorter stretch of it.", "请取较短的一段。"),
        status=413,
    )


def _all_skipped() -> Refusal:
    return Refusal(
        Words("there is nothing to read: every symbol is skipped", "没有可读的内容：所有符号都被跳过"),
        do=Words("Choose something else.", "请选择其他内容。"),
    )


def _require_few(length: int, what: Words, most: int) -> None:
    if length > most:
        raise too_long(length, what, most)
