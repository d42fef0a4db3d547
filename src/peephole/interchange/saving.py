"""An imported network as a run that the explorer opens: the one place that writes such a run.

Everything is made and checked before the first byte is written; ``config.json`` comes last, and while it is not there
the folder is no run.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import safetensors.torch

from peephole import __version__
from peephole.data.vocabulary import UNKNOWN, Unit, Vocabulary
from peephole.errors import DataError, DataNotFoundError, OptionError, TrainingError
from peephole.interchange.imported import Imported
from peephole.nn.chain import ChainConfig
from peephole.train import run as layout
from peephole.train.files import replace_bytes, replace_json, writing
from peephole.train.folders import remove_run, require_free
from peephole.train.run import Run


def save_run(
    network: Imported,
    folder: str | Path,
    *,
    vocabulary: Vocabulary | None = None,
    name: str | None = None,
    overwrite: bool = False,
) -> Run:
    """Writes a run.

    Args:
        network: imported, with a chain.
        folder: of the run; it must not be there, or be empty.
        vocabulary: the symbols that it reads; None names them by their ids, "0", "1", ….
        name: of the run; None is the folder's.
        overwrite: whether a run that is there is replaced.

    Raises:
        InterchangeError: the network has no chain, so that nothing can be run.
        OptionError: a vocabulary for a network that reads numbers, or of another size.
        RunExistsError: something is there.
        TrainingError: it cannot be written.
    """
    folder = Path(folder)
    chain = network.wired()
    config = chain.config
    symbols = _symbols(config, vocabulary)
    require_free(folder, overwrite=overwrite, resumable=False)
    weights = safetensors.torch.save({n: v.contiguous() for n, v in chain.state_dict().items()})
    understood = network.understood
    described = {
        "format": layout.FORMAT,
        "peephole": __version__,
        "name": name or folder.resolve().name,
        "network": config.to_json(),
        "problem": {"kind": layout.IMPORTED, "file": understood.file, "from": understood.kind},
        "training": None,
        "result": {},
    }
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            remove_run(folder)
        replace_bytes(folder / layout.WEIGHTS, weights)
        if symbols is not None:
            replace_json(folder / layout.VOCABULARY, symbols.to_json())
        replace_json(folder / layout.IMPORT, understood.to_json())
        replace_json(folder / layout.CONFIG, described)
    except TrainingError as error:
        with suppress(OSError):
            remove_run(folder)
        cause = error.__cause__
        reason = (cause.strerror or str(cause)) if isinstance(cause, OSError) else str(error)
        raise TrainingError(
            f"{folder} could not be written: {reason}; make room or rights there, or choose another folder by -o"
        ) from error
    return Run.open(folder)


def read_vocabulary(path: str | Path) -> Vocabulary:
    """Symbols from a file: a JSON list of texts, or one symbol a line; a symbol's id is its place.

    Where every symbol is one character, a text is read character by character, else word by word.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: it holds something else, or a symbol that is empty or there twice.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataNotFoundError(f"{path} is not there: name a file of symbols") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}") from error
    entries = _json_list(path, text) if text.lstrip()[:1] in ("[", "{") else _lines(text)
    symbols = []
    for place, symbol in enumerate(entries):
        if not isinstance(symbol, str) or not symbol:
            raise DataError(f"{path}: symbol {place} must be a text that is not empty, got {symbol!r}")
        symbols.append(symbol)
    try:
        unknown = symbols.index(UNKNOWN) if UNKNOWN in symbols else None
        unit: Unit = "char" if all(len(symbol) == 1 for symbol in symbols) else "word"
        return Vocabulary(tuple(symbols), unit, unknown)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _lines(text: str) -> list[object]:
    return list(text.removesuffix("\n").split("\n"))


def _json_list(path: Path, text: str) -> list[object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip()[:1] == "[" and "\n" in text.strip():
            return _lines(text)  # a line that begins with a bracket
        raise DataError(f"{path} is no JSON list of symbols: {error}") from error
    if not isinstance(found, list):
        raise DataError(f"{path} must hold a JSON list of symbols, or one symbol a line; it holds an object")
    return found


def _symbols(config: ChainConfig, vocabulary: Vocabulary | None) -> Vocabulary | None:
    """What the network's inputs are called; None for numbers."""
    if config.input == "numbers":
        if vocabulary is not None:
            raise OptionError("the network reads numbers, which have no vocabulary: leave it out")
        return None
    if vocabulary is None:
        return Vocabulary(tuple(map(str, range(config.input_size))), "word")
    if len(vocabulary) != config.input_size:
        raise OptionError(
            f"the network reads {config.input_size} symbols and the vocabulary has {len(vocabulary)}: give one for "
            "each id, in order"
        )
    return vocabulary
