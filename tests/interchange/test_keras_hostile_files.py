"""Files made to harm: each is refused by the name of what is wrong, and nothing of it is read or run."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from interchange.hostile import campaign
from interchange.keras2_files import Layer, architecture, write

from peephole.errors import InterchangeError
from peephole.interchange.keras import hdf5
from peephole.interchange.keras import reader as keras_reader

UNITS = 3
CONFIG = {
    "name": "lstm",
    "units": UNITS,
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "return_sequences": True,
}
ARRAYS = [np.ones((2, 4 * UNITS)), np.ones((UNITS, 4 * UNITS)), np.ones(4 * UNITS)]
NAMES = ["lstm/kernel:0", "lstm/recurrent_kernel:0", "lstm/bias:0"]
LAYERS = [Layer("LSTM", CONFIG, list(zip(NAMES, ARRAYS, strict=True)))]
INSIDE = "model_weights/lstm/lstm"


def _whole(folder: Path) -> Path:
    return write(folder / "model.h5", LAYERS)


def _archive(
    folder: Path, *, config: str | None = None, how: int = zipfile.ZIP_STORED, **others: bytes
) -> Path:
    """A .keras file."""
    store = folder / "inner.h5"
    with h5py.File(store, "w") as file:
        for number, array in enumerate(ARRAYS):
            file.create_dataset(f"layers/lstm/cell/vars/{number}", data=array)
    entries = {
        "metadata.json": b'{"keras_version": "3.5.0"}',
        "config.json": (config or json.dumps(architecture(LAYERS))).encode(),
        "model.weights.h5": store.read_bytes(),
    }
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in (
            entries | {key.replace("__", "."): value for key, value in others.items()}
        ).items():
            archive.writestr(name, data)
    store.unlink()
    return path


def test_the_files_are_good_before_they_are_spoilt(tmp_path: Path) -> None:
    assert keras_reader.read(_whole(tmp_path)).chain == ("lstm",)
    assert keras_reader.read(_archive(tmp_path)).chain == ("lstm",)


def _soft(file: h5py.File) -> None:
    file[f"{INSIDE}/again"] = h5py.SoftLink("/model_weights")


def _loop(file: h5py.File) -> None:
    file[f"{INSIDE}/again"] = h5py.SoftLink(f"/{INSIDE}/again")


def _hard_loop(file: h5py.File) -> None:
    file[f"{INSIDE}/again"] = file["model_weights"]


def _twice(file: h5py.File) -> None:
    file[f"{INSIDE}/again"] = file[f"{INSIDE}/bias:0"]


def _external_link(file: h5py.File) -> None:
    del file[f"{INSIDE}/bias:0"]
    file[f"{INSIDE}/bias:0"] = h5py.ExternalLink("/etc/passwd", "/secret")


def _external_storage(file: h5py.File) -> None:
    del file[f"{INSIDE}/bias:0"]
    file.create_dataset(f"{INSIDE}/bias:0", (12,), "f8", external=[("/etc/passwd", 0, 96)])


def _virtual(file: h5py.File) -> None:
    del file[f"{INSIDE}/bias:0"]
    layout = h5py.VirtualLayout(shape=(12,), dtype="f8")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "bias", shape=(12,))
    file.create_virtual_dataset(f"{INSIDE}/bias:0", layout)


def _packed(file: h5py.File) -> None:
    file.create_dataset(
        f"{INSIDE}/bomb",
        (3_000, 3_000),
        "f4",
        data=np.zeros((3_000, 3_000), "f4"),
        chunks=(1_000, 3_000),
        compression="gzip",
    )


def _packed_chunk(file: h5py.File) -> None:
    data = np.zeros((8, 8), "f4")
    file.create_dataset(
        f"{INSIDE}/bomb",
        (8, 8),
        "f4",
        data=data,
        chunks=(4096, 4096),
        maxshape=(None, None),
        compression="gzip",
    )


def _filled(file: h5py.File) -> None:
    file.create_dataset(f"{INSIDE}/bomb", (1 << 20, 1 << 20), "f8", fillvalue=1.0)


def _filled_chunks(file: h5py.File) -> None:
    bomb = file.create_dataset(f"{INSIDE}/bomb", (1 << 30,), "f8", chunks=(16,), fillvalue=1.0)
    bomb[:16] = 1


def _text(file: h5py.File) -> None:
    file.create_dataset(f"{INSIDE}/words", data=["a", "b"])


def _references(file: h5py.File) -> None:
    file.create_dataset(f"{INSIDE}/references", data=[file.ref], dtype=h5py.ref_dtype)


def _compound(file: h5py.File) -> None:
    file.create_dataset(f"{INSIDE}/pairs", data=np.zeros(4, [("a", "f4"), ("b", "i4")]))


def _type(file: h5py.File) -> None:
    file[f"{INSIDE}/type"] = np.dtype("f8")


def _szip_like(file: h5py.File) -> None:
    file.create_dataset(f"{INSIDE}/scaled", data=np.ones(64, "i4"), chunks=(16,), scaleoffset=4)


def _deep(file: h5py.File) -> None:
    file.create_group(f"{INSIDE}/" + "/".join("abcdefgh" * 8))


def _names(file: h5py.File) -> None:
    file["model_weights/lstm"].attrs["weight_names"] = [b"lstm/kernel:0", b"lstm/gone:0"]


def _names_numbers(file: h5py.File) -> None:
    file["model_weights/lstm"].attrs["weight_names"] = [1, 2, 3]


def _integers(file: h5py.File) -> None:
    del file[f"{INSIDE}/bias:0"]
    file[f"{INSIDE}/bias:0"] = np.ones(12, "i1")


def _shape(file: h5py.File) -> None:
    del file[f"{INSIDE}/kernel:0"]
    file[f"{INSIDE}/kernel:0"] = np.ones((2, 11))


def _group_in_place(file: h5py.File) -> None:
    del file[f"{INSIDE}/kernel:0"]
    file.create_group(f"{INSIDE}/kernel:0")


SPOILT: list[tuple[Callable[[h5py.File], None], str]] = [
    (_soft, f"'{INSIDE}/again' is a soft link"),
    (_loop, f"'{INSIDE}/again' is a soft link"),
    (_hard_loop, f"'{INSIDE}/again' stands in the file under another name"),
    (_twice, "stands in the file under another name"),
    (_external_link, f"'{INSIDE}/bias:0' is an external link"),
    (_external_storage, f"'{INSIDE}/bias:0' has external storage"),
    (_virtual, f"'{INSIDE}/bias:0' is virtual"),
    (_packed, f"'{INSIDE}/bomb' .* would unpack"),
    (_packed_chunk, f"'{INSIDE}/bomb' .* would unpack"),
    (_filled, f"'{INSIDE}/bomb' .* no values in the file"),
    (_filled_chunks, f"'{INSIDE}/bomb' .* would unpack"),
    (_text, f"'{INSIDE}/words' holds object, not numbers"),
    (_references, f"'{INSIDE}/references' holds object"),
    (_compound, f"'{INSIDE}/pairs' holds"),
    (_type, f"'{INSIDE}/type' is a Type"),
    (_szip_like, f"'{INSIDE}/scaled' is packed by filter 6"),
    (_deep, "more than 32 groups deep"),
    (_names, "'lstm/gone:0' and does not hold it"),
    (_names_numbers, "'weight_names' of 'model_weights/lstm' is not text"),
    (_integers, "'lstm/bias:0' holds int8"),
    (_shape, r"'lstm/kernel:0' has the shape \(2, 11\)"),
    (_group_in_place, "'lstm/kernel:0' and does not hold it"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[spoil.__name__.strip("_") for spoil, _ in SPOILT])
def test_what_is_not_plain_in_an_hdf5_file_is_refused_by_name(
    spoil: Callable[[h5py.File], None], said: str, tmp_path: Path
) -> None:
    path = _whole(tmp_path)
    with h5py.File(path, "r+") as file:
        spoil(file)
    with pytest.raises(InterchangeError, match=said) as caught:
        keras_reader.read(path)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("model.h5: ")


@pytest.mark.parametrize("kept", [0, 7, 8, 100, 900, 2_000])
def test_a_truncated_file_is_refused(kept: int, tmp_path: Path) -> None:
    path = _whole(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InterchangeError, match=r"model\.h5"):
        keras_reader.read(path)


def test_a_library_that_crashes_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crashing = tmp_path / "worker.py"
    crashing.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", encoding="utf-8")
    monkeypatch.setattr(hdf5, "WORKER", crashing)
    with pytest.raises(InterchangeError, match="crashed"):
        keras_reader.read(_whole(tmp_path))
    with pytest.raises(InterchangeError, match="crashed"):
        keras_reader.read(_archive(tmp_path))


def test_a_library_that_hangs_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "worker.py"
    hanging.write_text("import time\ntime.sleep(1000)\n", encoding="utf-8")
    monkeypatch.setattr(hdf5, "WORKER", hanging)
    monkeypatch.setattr(hdf5, "SECONDS", 0.2)
    with pytest.raises(InterchangeError, match="hung"):
        keras_reader.read(_whole(tmp_path))


def test_a_worker_that_says_too_much_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "worker.py"
    endless.write_text(
        "import sys\nwhile True:\n    sys.stdout.buffer.write(bytes(1 << 20))\n", encoding="utf-8"
    )
    monkeypatch.setattr(hdf5, "WORKER", endless)
    with pytest.raises(InterchangeError, match="came out of a file"):
        keras_reader.read(_whole(tmp_path))


def test_the_limits_of_the_worker_are_in_force(tmp_path: Path) -> None:
    """Measured by a worker's own process that tries to pass them."""
    import subprocess

    tries = (
        "import sys, resource, signal\n"
        f"sys.path.insert(0, {str(Path(hdf5.__file__).parent)!r})\n"
        "import hdf5_worker\n"
        "hdf5_worker.limit(1000)\n"
        "print(resource.getrlimit(resource.RLIMIT_FSIZE)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
        "try:\n    bytes(1 << 28)\nexcept MemoryError:\n    print('memory')\n"
        "sys.stdout.flush()\n"
        "while True: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", tries], capture_output=True, text=True)
    assert done.stdout.split() == ["0", "0", "memory"]
    assert done.returncode < 0


def _config(**changes: Any) -> str:
    return json.dumps(architecture([Layer("LSTM", {**CONFIG, **changes})]))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[" * 200_000, "nested too deep|no JSON"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deep|no JSON"),
        ("{", "no JSON"),
        ("[]", "no object"),
        ('"LSTM"', "no object"),
        ("{}", "class None"),
        ('{"class_name": "Functional", "config": []}', "no list of layers"),
        ('{"class_name": "Sequential"}', "no list of layers"),
        ('{"class_name": "Sequential", "config": {"layers": [1]}}', "no list of layers"),
        ('{"class_name": "Mine", "config": {"layers": []}}', "class 'Mine'"),
        ('{"class_name": "Functional", "config": {"layers": []}}', "no recurrent layer"),
        (_config(units=10**400), "shape|'units'"),
        (_config(units=1e300), "shape|'units'"),
        (_config(units=True), "'units' is True"),
        (_config(activation={"class_name": "__lambda__", "config": {}}), "never run"),
        (_config(activation={"value": ["4wEA", None, None]}), "never run"),
        (_config(activation={"module": "os", "class_name": "function", "config": "system"}), "author's own"),
        (_config(activation="os.system"), "'os.system'"),
        (_config(activation=["tanh"]), "not a name"),
        (_config(name="\x1b[31m"), "no name that can be printed"),
        (_config(name=3), "no name"),
    ],
    ids=range(21),
)
def test_an_archives_description_that_is_not_one_is_refused(config: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InterchangeError, match=said) as caught:
        keras_reader.read(_archive(tmp_path, config=config))
    assert str(caught.value).isprintable()


def test_models_inside_models_without_end_are_refused(tmp_path: Path) -> None:
    model: dict[str, Any] = architecture(LAYERS)
    for _ in range(40):
        model = {"class_name": "Sequential", "config": {"name": "m", "layers": [model]}}
    with pytest.raises(InterchangeError, match="deep"):
        keras_reader.read(_archive(tmp_path, config=json.dumps(model)))


def test_an_archives_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    bomb = b'{"class_name": "' + b" " * 30_000_000 + b'"}'
    with pytest.raises(InterchangeError, match=r"'config\.json' unpacks to more than"):
        keras_reader.read(_archive(tmp_path, how=zipfile.ZIP_DEFLATED, config__json=bomb))
    weights = b"\x89HDF\r\n\x1a\n" + bytes(30_000_000)
    with pytest.raises(InterchangeError, match=r"'model\.weights\.h5' unpacks to more than"):
        keras_reader.read(_archive(tmp_path, how=zipfile.ZIP_DEFLATED, model__weights__h5=weights))


def test_an_archive_that_somebody_packed_is_read(tmp_path: Path) -> None:
    assert keras_reader.read(_archive(tmp_path, how=zipfile.ZIP_DEFLATED)).chain == ("lstm",)


def test_an_archive_packed_in_an_odd_way_is_refused(tmp_path: Path) -> None:
    """Unpacking LZMA takes the memory that its header asks for."""
    with pytest.raises(InterchangeError, match="packed in another way"):
        keras_reader.read(_archive(tmp_path, how=zipfile.ZIP_LZMA))


def test_a_reader_that_cannot_start_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = tmp_path / "worker.py"
    failing.write_text("import there_is_no_such_module\n", encoding="utf-8")
    monkeypatch.setattr(hdf5, "WORKER", failing)
    with pytest.raises(InterchangeError, match="exit code 1"):
        keras_reader.read(_whole(tmp_path))


def test_an_archive_without_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", "{}")
    with pytest.raises(InterchangeError, match=r"no entry 'model\.weights\.h5'"):
        keras_reader.read(path)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(100), b"GIF89a", b"\x89HDF\r\n\x1a\n"]
)
def test_what_is_no_file_of_keras_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.keras"
    path.write_bytes(data)
    with pytest.raises(InterchangeError, match=r"odd\.keras"):
        keras_reader.read(path)


def test_an_hdf5_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["temperatures"] = np.ones(3)
    with pytest.raises(InterchangeError, match="not Keras's"):
        keras_reader.read(path)


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    """A hundred or so; the soak has tens of thousands."""
    seeds = {"model.h5": _whole(tmp_path).read_bytes(), "model.keras": _archive(tmp_path).read_bytes()}
    work = tmp_path / "work"
    work.mkdir()
    allowed = ("subprocess.", "os.posix_spawn", "os.fork")
    campaign("peephole.interchange.keras.reader:read", seeds, work, mutations=100, allowed=allowed)


def test_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    keras_reader.read(_archive(tmp_path))
    keras_reader.read(_whole(tmp_path))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["model.h5", "model.keras"]
