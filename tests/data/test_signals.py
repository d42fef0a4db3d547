"""Files of numbers: what a table, an array and a recording hold is what is read, and nothing in them is trusted."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.data.signals import Signal, read_signal, signal_from
from peephole.errors import DataError, DataNotFoundError


def table(text: str) -> Signal:
    return signal_from(text.encode(), "table.csv")


def npy(values: npt.NDArray[np.generic]) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=values.dtype.hasobject)
    return file.getvalue()


def wav(samples: npt.NDArray[np.int64], *, bits: int = 16, channels: int = 1, rate: int = 8000) -> bytes:
    """Written by Python's own module; ``samples`` (time × channel,) in the file's units."""
    shift = 128 if bits == 8 else 0
    data = b"".join(int(one + shift).to_bytes(bits // 8, "little", signed=bits > 8) for one in samples)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(bits // 8)
        out.setframerate(rate)
        out.writeframes(data)
    return file.getvalue()


def raw_wav(coding: int, bits: int, data: bytes, *, channels: int = 1, rate: int = 8000) -> bytes:
    """A recording in any coding."""
    form = struct.pack(
        "<HHIIHH", coding, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits
    )
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_header_names_the_features_and_a_first_column_of_text_labels_the_steps(separator: str) -> None:
    rows = [["when", "load", "heat"], ["Mon 9:00", "1", "-2.5"], ["Mon 9:10", "3e2", "4"]]
    found = table("\n".join(separator.join(row) for row in rows) + "\n")
    assert found.names == ("load", "heat")
    assert found.labels == ("Mon 9:00", "Mon 9:10")
    np.testing.assert_array_equal(found.values, [[1, -2.5], [300, 4]])


def test_a_table_of_bare_numbers_has_neither_names_nor_labels() -> None:
    found = table("1,2\n3,4\n\n")
    assert (found.names, found.labels) == (None, None)
    np.testing.assert_array_equal(found.values, [[1, 2], [3, 4]])
    labelled = table("a,1\nb,2\n")
    assert (labelled.names, labelled.labels) == (None, ("a", "b"))
    assert table("speed\n1\n2\n").names == ("speed",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n3,north\n", "table.csv, line 3, column 'y' is 'north', not a finite number"),
        ("1,2\n3,inf\n", "table.csv, line 2, column 2 is 'inf', not a finite number"),
        ("1,2\n3,1_000\n", "line 2, column 2 is '1_000'"),
        ("x,y\n1,\n", "table.csv, line 2, column 'y' is empty: fill the gap"),
        ("x,y\n1,2\n3\n", "line 3 has 1 fields, its first line has 2"),
        ("x\n1\n\n2\n", "line 3 is blank"),
        ("x,y\n", "has a header but no numbers"),
        ("", "is empty"),
        ('x\n"1\n', "is not valid CSV"),
    ],
)
def test_what_is_no_number_in_a_table_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        table(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["f8", "<f4", ">f4", "i2", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_read_in_any_type_and_order(kind: str, order: str) -> None:
    values = np.array([[0, 1], [1, 1], [1, 0]], dtype=kind, order=order)
    np.testing.assert_array_equal(signal_from(npy(values), "a.npy").fitted(2).values, values.astype("f4"))
    np.testing.assert_array_equal(
        signal_from(npy(values[:, 0]), "a.npy").fitted(1).values[:, 0], values[:, 0]
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((2, 3, 4)), "save one sequence of the batch"),
        (np.zeros(()), "(time,) or (time, feature)"),
        (np.zeros((0, 3)), "there is nothing to read"),
        (np.array([object()]), "Python objects"),
        (np.zeros(3, dtype="c8"), "not real numbers"),
        (np.array(["a"]), "not real numbers"),
        (np.zeros(3, dtype=[("x", "f4")]), "not real numbers"),
    ],
)
def test_an_array_that_is_no_sequence_of_numbers_is_refused(
    values: npt.NDArray[np.generic], said: str
) -> None:
    with pytest.raises(DataError, match=r"a\.npy") as caught:
        signal_from(npy(values), "a.npy")
    assert said in str(caught.value)


def test_an_array_whose_header_promises_more_than_the_file_holds_is_refused() -> None:
    honest = npy(np.zeros((10, 3), dtype="f4"))
    for content in (honest[:-1], honest + b"\0", honest.replace(b"(10, 3)", b"(9999999999, 3)")):
        with pytest.raises(DataError, match=r"truncated or damaged|can be read"):
            signal_from(content, "a.npy")


def test_pickled_objects_in_an_array_are_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return Path.touch, (tmp_path / "ran",)

    with pytest.raises(DataError, match="Python objects"):
        signal_from(npy(np.array([Trap()], dtype=object)), "a.npy")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_a_recording_is_read_from_minus_one_to_one(bits: int) -> None:
    most = 2 ** (bits - 1)
    samples = np.array([0, most - 1, -most, most // 2, -1])
    found = signal_from(wav(samples, bits=bits), "a.wav")
    np.testing.assert_allclose(found.values[:, 0], samples / most, rtol=1e-6)
    assert found.seconds_per_step == 1 / 8000


@pytest.mark.parametrize("bits", [32, 64])
def test_a_recording_in_floating_point_is_read_as_it_is(bits: int) -> None:
    samples = np.array([0, 0.25, -1, 0.125], dtype=f"<f{bits // 8}")
    np.testing.assert_array_equal(
        signal_from(raw_wav(3, bits, samples.tobytes()), "a.wav").values[:, 0], samples
    )


def test_channels_are_averaged() -> None:
    found = signal_from(wav(np.array([100, 300, -50, 50]), channels=2), "a.wav")
    np.testing.assert_allclose(found.values[:, 0] * 2**15, [200, 0])


def test_a_network_with_several_inputs_reads_a_recording_in_frames() -> None:
    frames = signal_from(wav(np.arange(11)), "a.wav").fitted(4)
    np.testing.assert_array_equal(frames.values * 2**15, [[0, 1, 2, 3], [4, 5, 6, 7]])
    assert frames.samples_per_step == 4
    assert frames.seconds_per_step == pytest.approx(4 / 8000)
    with pytest.raises(DataError, match="11 samples and the network reads frames of 12"):
        signal_from(wav(np.arange(11)), "a.wav").fitted(12)


def test_a_truncated_recording_is_refused_wherever_it_ends() -> None:
    whole = wav(np.arange(20), bits=24)
    for end in range(len(whole)):
        with pytest.raises(DataError):
            signal_from(whole[:end], "a.wav")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (raw_wav(2, 4, bytes(8)), "format 2"),
        (raw_wav(1, 12, bytes(8)), "integers of 12 bits"),
        (raw_wav(3, 16, bytes(8)), "floats of 16 bits"),
        (raw_wav(1, 16, b""), "nothing to read"),
        (raw_wav(1, 16, bytes(3)), "within a sample"),
        (raw_wav(1, 16, bytes(4), channels=0), "0 channels"),
        (raw_wav(1, 16, bytes(4), rate=0), "0 samples a second"),
        (b"OggS" + bytes(60), "is no WAV file"),
    ],
)
def test_a_recording_in_another_coding_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(DataError) as caught:
        signal_from(content, "a.wav")
    assert said in str(caught.value)


def test_a_file_with_another_number_of_features_is_refused_with_how_many_are_read() -> None:
    with pytest.raises(
        DataError, match="2 numbers a step and the network reads 3: give it a file with 3 numbers"
    ):
        table("1,2\n3,4\n").fitted(3)
    with pytest.raises(DataError, match="step 1, feature 0 is nan"):
        signal_from(npy(np.array([[1.0], [np.nan]])), "a.npy").fitted(1)
    with pytest.raises(DataError, match="not a finite number in single precision"):
        table("1e300\n").fitted(1)


def test_whole_numbers_are_read_as_symbols_and_others_are_refused() -> None:
    np.testing.assert_array_equal(table("0\n4\n2\n").ids(5), [0, 4, 2])
    for text in ("0\n5\n", "0\n-1\n", "0\n1.5\n", "0,1\n"):
        with pytest.raises(DataError):
            table(text).ids(5)


def test_a_file_is_told_by_its_ending_and_else_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "numbers").write_bytes(npy(np.arange(3)))
    (tmp_path / "sound").write_bytes(wav(np.arange(3)))
    (tmp_path / "table.csv").write_text("1\n2\n")
    assert [len(read_signal(tmp_path / name)) for name in ("numbers", "sound", "table.csv")] == [3, 3, 2]
    with pytest.raises(DataNotFoundError):
        read_signal(tmp_path / "gone.csv")
    with pytest.raises(DataError, match="not a regular file"):
        read_signal(tmp_path)


@given(st.binary(max_size=300), st.sampled_from(["a.npy", "a.wav", "a.csv"]), st.booleans())
def test_whatever_the_bytes_are_they_are_read_or_refused(content: bytes, name: str, headed: bool) -> None:
    begin = {"a.npy": b"\x93NUMPY\x01\x00", "a.wav": b"RIFF\0\0\0\0WAVEfmt ", "a.csv": b"x,y\n"}[name]
    said = ""
    try:
        signal_from(begin * headed + content, name)
    except DataError as error:
        said = str(error)
    assert "\n" not in said
