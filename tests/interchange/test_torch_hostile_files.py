"""Files of PyTorch's made to do harm: each is refused in one line that says why, and nothing of it is run."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from peephole.errors import DataNotFoundError, InterchangeError, OptionError
from peephole.interchange.pytorch import reader as torch_reader


def refusal(data: bytes, path: Path) -> str:
    """What is said of a file with these bytes, which must be one line that begins with its name."""
    path.write_bytes(data)
    with pytest.raises(InterchangeError) as refused:
        torch_reader.read(path)
    text = str(refused.value)
    assert text.isprintable()
    assert text.startswith(f"'{path.name}': ")
    return text


def zipped(entries: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, data in entries.items():
            archive.writestr(f"archive/{name}", data)
    return stream.getvalue()


def state_dict() -> bytes:
    stream = io.BytesIO()
    torch.save(nn.LSTM(3, 2).state_dict(), stream)
    return stream.getvalue()


class Touching:
    """Pickles as a call that makes a file."""

    def __init__(self, path: Path, function: Callable[..., Any]) -> None:
        self.path, self.function = path, function

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        if self.function is os.system:
            return os.system, (f"touch {self.path}",)
        if self.function is exec:
            return exec, (f"open({str(self.path)!r}, 'w').close()",)
        return self.function, (self.path,)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("function", "named"), [(os.system, "system"), (exec, "exec"), (os.mkdir, "mkdir")], ids=str
)
def test_a_pickle_that_calls_functions_is_refused_by_their_names_and_runs_none(
    function: Callable[..., Any], named: str, protocol: int, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    harmful = pickle.dumps({"weight_ih_l0": Touching(proof, function)}, protocol=protocol)
    for data in (harmful, zipped({"data.pkl": harmful, "version": b"3"})):
        text = refusal(data, tmp_path / "file.pt")
        assert named in text
        assert "nothing of it was run" in text
        assert not proof.exists()
    pickle.loads(harmful)  # and this is what it would have done
    assert proof.exists()


class Unknown:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("proof"),)


def test_a_call_of_any_other_function_is_left_out_by_its_name_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"net": nn.GRU(3, 2).state_dict(), "extra": Unknown()}, tmp_path / "file.pt")
    found = torch_reader.read(tmp_path / "file.pt")
    assert [part.part.name for part in found.parts] == ["net"]
    assert [left.name for left in found.left_out] == ["extra"]
    assert "nothing of it was run" in found.left_out[0].reason
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]


def push(value: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value


MALFORMED = {
    "a memo index of 2^31": (b"\x80\x02}r\xff\xff\xff\x7f.", "no tensor is named"),
    "a memo index of 10^30": (b"\x80\x02}p1000000000000000000000000000000\n.", "beyond 32 bits"),
    "a memo that is empty": (b"\x80\x02h\x05.", "never put there"),
    "bytes longer than the file": (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.", "ends too early"),
    "text longer than the file": (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fab.", "ends too early"),
    "a number of 2^31 bytes": (b"\x80\x02\x8b\xff\xff\xff\x7fab.", "ends too early"),
    "text of 4 GB": (b"\x80\x02X\xff\xff\xff\xffab.", "ends too early"),
    "a frame longer than the file": (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f].", "no tensor is named"),
    "no end": (b"\x80\x02]", "ends too early"),
    "nothing on the stack": (b"\x80\x02R.", "empty stack"),
    "an extension's opcode": (b"\x80\x02\x82\x01.", "EXT1"),
    "an unknown opcode": (b"\x80\x02\xff.", "malformed"),
    "a storage in a plain pickle": (
        b"\x80\x02(" + push(b"storage") + b"ctorch\nFloatStorage\n" + push(b"0") + push(b"cpu") + b"K\x04tQ.",
        "has none",
    ),
    "a number of a million digits": (b"\x80\x02I" + b"9" * 1_000_000 + b"\n.", "malformed"),
    "a great number": (
        b"\x80\x02\x8b" + struct.pack("<I", 1_000_000) + b"\x7f" * 1_000_000 + b".",
        "no tensor is named",
    ),
    "more opcodes than weights need": (b"\x80\x02(" + b"]" * 700_000 + b"l.", "more than 600,000 opcodes"),
    "copies of the top": (b"\x80\x02]" + b"2" * 700_000 + b".", "more than 600,000 opcodes"),
    "marks alone": (b"\x80\x02" + b"(" * 700_000 + b".", "more than 600,000 opcodes"),
    "a list in a list, 200,000 deep": (b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".", "no tensor is named"),
    "tuples that double": (b"\x80\x02]" + b"2\x86" * 250_000 + b".", "no tensor is named"),
    "a list that holds itself": (b"\x80\x02]q\x00h\x00a.", "no tensor is named"),
    "a key that is a list": (b"\x80\x02}]Ns.", "no tensor is named"),
    "a key without a value": (b"\x80\x02}(Nu.", "a key without a value"),
    "values for what is no mapping": (b"\x80\x02N(NNu.", "no mapping"),
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_pickle_is_refused(name: str, tmp_path: Path) -> None:
    data, reason = MALFORMED[name]
    assert reason in refusal(data, tmp_path / "file.pkl")


@pytest.mark.timeout(20)
def test_one_text_encoded_a_thousand_times_is_refused(tmp_path: Path) -> None:
    text = push(b"a" * 100_000) + b"q\x00" + push(b"latin1") + b"\x86q\x01"
    again = b"c_codecs\nencode\nh\x01R"
    assert "several times the file's size" in refusal(
        b"\x80\x02" + text + again * 1_000 + b".", tmp_path / "file.pkl"
    )


@pytest.mark.timeout(20)
def test_one_long_list_of_pairs_copied_a_thousand_times_is_refused(tmp_path: Path) -> None:
    pairs = b"](" + b"NN\x86" * 50_000 + b"e\x85q\x00"
    again = b"ccollections\nOrderedDict\nh\x00R"
    assert "several times the file's size" in refusal(
        b"\x80\x02" + pairs + again * 1_000 + b".", tmp_path / "file.pkl"
    )


def rebuilt(size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0, count: int = 4) -> bytes:
    """A pickle of {"weight_ih_l0": tensor, "weight_hh_l0": tensor} over one storage with these claims."""
    names = {"weight_ih_l0": size, "weight_hh_l0": size}
    out = b"\x80\x02}("
    for name in names:
        out += push(name.encode()) + b"ctorch._utils\n_rebuild_tensor_v2\n("
        out += (
            b"("
            + push(b"storage")
            + b"ctorch\nFloatStorage\n"
            + push(b"0")
            + push(b"cpu")
            + number(count)
            + b"tQ"
        )
        out += (
            number(offset) + b"(" + b"".join(map(number, size)) + b"t(" + b"".join(map(number, stride)) + b"t"
        )
        out += b"\x89ccollections\nOrderedDict\n)RtR"
    return out + b"u."


def number(value: int) -> bytes:
    return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)


CLAIMS: dict[str, tuple[bytes, str]] = {
    "strides beyond the storage": (rebuilt((4, 1), (4, 1)), "reaches to number 13 of a storage of 4"),
    "an offset beyond the storage": (rebuilt((4, 1), (1, 1), 3), "reaches to number 7"),
    "a size beyond the storage": (rebuilt((2**40, 1), (1, 1)), "of a storage of 4"),
    "expanded to 2^40 numbers": (rebuilt((2**20, 2**20), (0, 0)), "it was expanded"),
    "a negative size": (rebuilt((-4, 1), (1, 1)), "something else than a storage, a shape and strides"),
    "a negative stride": (rebuilt((4, 1), (-1, 1)), "something else than a storage, a shape and strides"),
    "a size of 2^60": (rebuilt((2**60, 1), (1, 1)), "something else than a storage, a shape and strides"),
    "a storage longer than its bytes": (rebuilt((4, 1), (1, 1), count=2**40), "has 16 bytes where"),
    "other strides than sizes": (rebuilt((4, 1), (1,)), "with strides (1,)"),
    "nothing in it": (rebuilt((0, 1), (1, 1)), "has no numbers"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_tensor_that_claims_more_than_its_storage_is_refused(name: str, tmp_path: Path) -> None:
    data, reason = CLAIMS[name]
    archive = zipped({"data.pkl": data, "data/0": bytes(16)})
    assert reason in refusal(archive, tmp_path / "file.pt")


def test_tensors_that_all_share_one_storage_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    one = torch.zeros(256, 64)
    many = {f"weight_{side}_l{layer}": one for layer in range(200) for side in ("ih", "hh")}
    stream = io.BytesIO()
    torch.save(many, stream)
    assert "several times the file's size" in refusal(stream.getvalue(), tmp_path / "file.pt")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zipped({"data.pkl": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    tracemalloc.start()
    text = refusal(bomb, tmp_path / "file.pt")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "would unfold to 50,000,000 bytes" in text
    assert peak < 5_000_000


def test_entries_that_claim_less_than_they_unfold_to_are_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"data.pkl": bytes(100_000)}, zipfile.ZIP_DEFLATED))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    text = refusal(bytes(data), tmp_path / "file.pt")
    assert "damaged" in text or "malformed" in text


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"data.pkl": b"\x80\x02}.", "data/0": bytes(64)}))
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    assert "overlap" in refusal(bytes(data), tmp_path / "file.pt")


def test_a_directory_of_a_great_length_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"data.pkl": b"\x80\x02}."}))
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", 2**31)
    assert "directory claims 2,147,483,648 bytes" in refusal(bytes(data), tmp_path / "file.pt")


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    data = zipped({"data.pkl": b"\x80\x02}.", "data.pkx": b"\x80\x02}."}).replace(b"data.pkx", b"data.pkl")
    assert "two entries" in refusal(data, tmp_path / "file.pt")


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"data.pkl": b"\x80\x02}."}))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(bytes(data), tmp_path / "file.pt")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("way", ["new", "old", "safetensors", "pickle"])
def test_a_file_that_is_cut_off_is_refused(way: str, kept: float, tmp_path: Path) -> None:
    values = nn.LSTM(30, 20).state_dict()
    stream = io.BytesIO()
    if way == "safetensors":
        stream.write(save(values))
    elif way == "pickle":
        stream.write(pickle.dumps({name: value.numpy() for name, value in values.items()}))
    else:
        torch.save(values, stream, _use_new_zipfile_serialization=way == "new")
    whole = stream.getvalue()
    text = refusal(whole[: int(kept * len(whole))], tmp_path / "file.bin")
    assert any(word in text for word in ("cut off", "too early", "empty", "no file of PyTorch's"))


OTHERS = {
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "begins with the bytes 89 48 44 46"),
    "ELF": (b"\x7fELF" + bytes(100), "begins with the bytes 7f 45 4c 46"),
    "text": (b"Dear reader, these are no weights.", "no file of PyTorch's"),
    "an archive of something else": (zipped({"readme.txt": b"hello"}), "no data.pkl"),
    "tar": (b"\0" * 257 + b"ustar\0" + bytes(300), "tar archive"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_refused(name: str, tmp_path: Path) -> None:
    data, reason = OTHERS[name]
    assert reason in refusal(data, tmp_path / "file.pt")


def test_a_safetensors_header_of_a_great_length_is_refused(tmp_path: Path) -> None:
    whole = save({"weight_ih_l0": torch.zeros(4, 4)})
    text = refusal(struct.pack("<Q", 2**62) + whole[8:], tmp_path / "file.safetensors")
    assert "no header that fits its size" in text
    grown = struct.pack("<Q", 9 << 20) + b"{" + b" " * (10 << 20)
    assert "header claims 9,437,184 bytes" in refusal(grown, tmp_path / "file.safetensors")
    deep = b'{"a":' * 100_000
    nested = struct.pack("<Q", len(deep)) + deep + bytes(16)
    assert "damaged or cut off" in refusal(nested, tmp_path / "file.safetensors")


def test_tensors_that_overlap_in_a_safetensors_file_are_refused(tmp_path: Path) -> None:
    header = (
        b'{"weight_ih_l0":{"dtype":"F32","shape":[4,1],"data_offsets":[0,16]},'
        b'"weight_hh_l0":{"dtype":"F32","shape":[4,1],"data_offsets":[0,16]}}'
    )
    data = struct.pack("<Q", len(header)) + header + bytes(16)
    assert "damaged or cut off" in refusal(data, tmp_path / "file.safetensors")


def test_names_that_would_act_in_a_terminal_are_shown_as_text(tmp_path: Path) -> None:
    torch.save(
        {"net": nn.GRU(3, 2).state_dict(), "\x1b[2J": torch.zeros(3), "a\nb": torch.zeros(2)},
        tmp_path / "f.pt",
    )
    found = torch_reader.read(tmp_path / "f.pt")
    assert [left.name for left in found.left_out] == [r"\x1b[2J", r"a\nb"]


def test_arrays_of_objects_are_not_made(tmp_path: Path) -> None:
    values = {"weight_ih_l0": np.array([print], dtype=object), "weight_hh_l0": np.zeros((4, 1), np.float32)}
    text = refusal(pickle.dumps(values, protocol=2), tmp_path / "file.pkl")
    assert "numpy's type" in text


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.pt", tmp_path):
        with pytest.raises(DataNotFoundError, match="is not there, or is no file"):
            torch_reader.read(path)


def test_options_that_no_layer_has_or_that_shapes_decide_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f.pt").write_bytes(state_dict())
    with pytest.raises(OptionError, match="got 'colour'"):
        torch_reader.read(tmp_path / "f.pt", colour="red")
    with pytest.raises(OptionError, match="hidden_size follows from the shapes"):
        torch_reader.read(tmp_path / "f.pt", hidden_size=3)
    with pytest.raises(OptionError, match="cell must be"):
        torch_reader.read(tmp_path / "f.pt", cell="transformer")
    with pytest.raises(OptionError, match="nonlinearity is no option of LSTM"):
        torch_reader.read(tmp_path / "f.pt", nonlinearity="relu")
    with pytest.raises(InterchangeError, match=r"4 blocks of 2 rows.*cell='gru' was given"):
        torch_reader.read(tmp_path / "f.pt", cell="gru")


def test_nothing_is_written_beside_a_file(tmp_path: Path) -> None:
    (tmp_path / "f.pt").write_bytes(state_dict())
    torch_reader.read(tmp_path / "f.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["f.pt"]


def test_subclasses_of_dict_are_read_like_dicts(tmp_path: Path) -> None:
    nested = collections.defaultdict(dict, {"a": collections.OrderedDict(nn.GRU(3, 2).state_dict())})
    torch.save([nested, (1, 2.5, None, "text", b"bytes", {3, 4})], tmp_path / "f.pt")
    assert [part.part.name for part in torch_reader.read(tmp_path / "f.pt").parts] == ["0.a"]
