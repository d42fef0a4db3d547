"""The files of Keras 2 and 3, each as its architecture and its arrays. Knows nothing of what layers mean.

whole model, HDF5       attribute ``model_config``, group ``model_weights``
weights alone, HDF5     attribute ``layer_names``; the architecture may stand in a JSON file beside
.keras                  a zip of ``metadata.json``, ``config.json`` and ``model.weights.h5``
.weights.h5             groups ``layers/<kind of layer>/…/vars``; the architecture beside, as above
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from peephole.errors import DataNotFoundError, InterchangeError
from peephole.interchange.keras import hdf5
from peephole.interchange.zips import bounded_archive

JSON_BYTES = 16 << 20  # of an architecture; those of large networks have a few hundred thousand
ENTRIES = 10_000  # of a .keras archive
EXPANSION = 8  # bytes that a byte of an archive may unpack to; Keras does not compress …
SLACK = 1 << 20  # … but others may, and small texts pack well
OPTIMIZER = ("optimizer_weights", "optimizer")
ATTRIBUTES = ("model_config", "keras_version", "layer_names", "weight_names", "name")


@dataclass(frozen=True)
class KerasFile:
    """A file before its layers are understood.

    Attributes:
        what: in words: "whole model (HDF5)".
        version: of the Keras that wrote it; "" where nothing tells.
        architecture: the model as Keras describes it; None where there are weights alone.
        contents: attributes and arrays.
        notes: where the architecture came from, if not from the file.
    """

    what: str
    version: str
    architecture: Mapping[str, Any] | None
    contents: hdf5.Contents
    notes: tuple[str, ...] = ()


def read(path: Path, config: Path | None) -> KerasFile:
    """Reads a file of any of these kinds.

    Args:
        path: of the file.
        config: of a JSON file with the architecture; None looks for one beside weights that come alone.

    Raises:
        DataNotFoundError: there is no such file.
        InterchangeError: it is none of these kinds, is damaged or would unpack to far more than it is.
    """
    for wanted in (path, config):
        if wanted is not None and not wanted.is_file():
            raise DataNotFoundError(f"there is no file {wanted}")
    with path.open("rb") as file:
        if file.peek(4)[:4] == b"PK\x03\x04":
            return _archive(file, path, config)
        contents = hdf5.read(file, path.name, skip=OPTIMIZER, attributes=ATTRIBUTES)
    return _hdf5(contents, path, config)


def _hdf5(contents: hdf5.Contents, path: Path, config: Path | None) -> KerasFile:
    attributes = contents.groups[""]
    inside = "model_weights" in contents.groups
    version = attributes.get("keras_version") or contents.groups.get("model_weights", {}).get("keras_version")
    version = version if isinstance(version, str) else ""
    architecture: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()
    if "model_config" in attributes:
        architecture = parsed(str(attributes["model_config"]), f"{path.name}: attribute 'model_config'")
        what = "whole model (HDF5)"
    else:
        architecture, notes = _beside(path, config)
        what = "weights (HDF5)"
    if architecture is not None and not version:
        version = str(architecture.get("keras_version") or "")
    legacy = inside or any(name.startswith("layer_names") for name in attributes)
    if not legacy and not any(is_store(group) for group in contents.groups):
        raise InterchangeError(
            f"{path.name} is an HDF5 file and not Keras's: it has neither 'layer_names' nor a group 'layers'"
        )
    if not version and not legacy:
        version = "2" if any("_layer_checkpoint_dependencies" in group for group in contents.groups) else "3"
    return KerasFile(what, version, architecture, contents, notes)


def is_store(group: str) -> bool:
    """Whether a group is the root of Keras 3's layout."""
    return group in ("layers", "_layer_checkpoint_dependencies")


def _archive(file: IO[bytes], path: Path, config: Path | None) -> KerasFile:
    """A .keras file."""
    most = file.seek(0, 2) * EXPANSION + SLACK
    try:
        with bounded_archive(file) as archive:
            if len(archive.infolist()) > ENTRIES:
                raise InterchangeError(
                    f"{path.name} has more than {ENTRIES:,} entries; a .keras file has three"
                )
            metadata = _entry(archive, "metadata.json", path.name, min(JSON_BYTES, most))
            text = _entry(archive, "config.json", path.name, min(JSON_BYTES, most))
            weights = _entry(archive, "model.weights.h5", path.name, most)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        ValueError,
    ) as error:
        if isinstance(error, InterchangeError):
            raise
        raise InterchangeError(f"{path.name} is a damaged .keras archive: {plain(error)}") from error
    version = parsed(metadata, f"{path.name}: metadata.json").get("keras_version")
    if config is not None:
        architecture: Mapping[str, Any] = _read_json(config)
    else:
        architecture = parsed(text, f"{path.name}: config.json")
    contents = hdf5.read(weights, "model.weights.h5", skip=OPTIMIZER, attributes=ATTRIBUTES)
    return KerasFile(
        "whole model (.keras)", version if isinstance(version, str) else "3", architecture, contents
    )


def _entry(archive: zipfile.ZipFile, name: str, file: str, most: int) -> bytes:
    """An entry's bytes.

    Raises:
        InterchangeError: it is not there or unpacks to more than ``most`` bytes.
    """
    if name not in archive.namelist():
        raise InterchangeError(
            f"{file} has no entry {name!r}: a .keras file has metadata.json, config.json and weights"
        )
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InterchangeError(
            f"{file}: {name!r} is packed in another way than Keras packs; only deflate is read"
        )
    with archive.open(name) as entry:
        data = entry.read(most + 1)
    if len(data) > most:
        raise InterchangeError(
            f"{file}: {name!r} unpacks to more than {most:,} bytes, far more than it should"
        )
    return data


def _beside(path: Path, config: Path | None) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """The architecture that belongs to weights, and where it was found."""
    if config is not None:
        return _read_json(config), (f"The architecture is that of {config.name}.",)
    stem = path.name.removesuffix(path.suffix)
    for name in dict.fromkeys([stem, stem.removesuffix(".weights"), "model", "config"]):
        candidate = path.with_name(f"{name}.json")
        if candidate.is_file() and candidate.stat().st_size <= JSON_BYTES:
            try:
                found = _read_json(candidate)
            except InterchangeError:
                continue  # some other JSON file that happens to lie there
            return found, (f"The architecture is that of {candidate.name}, which lies beside it.",)
    return None, ()


def _read_json(path: Path) -> Mapping[str, Any]:
    """An architecture from a file of its own."""
    with path.open("rb") as file:
        data = file.read(JSON_BYTES + 1)
    found = parsed(data, path.name)
    if not isinstance(found.get("class_name"), str) or "config" not in found:
        raise InterchangeError(
            f"{path.name} is no architecture of Keras: it has no 'class_name' and 'config'"
        )
    return found


def parsed(text: str | bytes, where: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InterchangeError: it is none, is too long, or is nested too deep; names ``where``.
    """
    if len(text) > JSON_BYTES:
        raise InterchangeError(f"{where} has {len(text):,} bytes; an architecture has at most {JSON_BYTES:,}")
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise InterchangeError(f"{where} is nested too deep to be an architecture") from error
    except ValueError as error:
        raise InterchangeError(f"{where} is no JSON: {plain(error)}") from error
    if not isinstance(found, dict):
        raise InterchangeError(f"{where} is JSON but no object, it is a {type(found).__name__}")
    return found


def plain(value: object) -> str:
    """Something from the file in a short printable line."""
    text = " ".join(str(value).split())
    return "".join(c if c.isprintable() else "?" for c in text)[:200]
