"""Imported networks in the explorer: what is shown is what the network computes, and what does not apply is refused."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from browsing import command
from imported_runs import KINDS, chain_of, write_imported
from safetensors.numpy import load

import peephole as ph
from peephole.errors import DataError, OptionError, ServerError
from peephole.explorer import server, surveyed
from peephole.explorer.carrying import carried
from peephole.explorer.catalog import Catalog
from peephole.explorer.demonstrations import demonstration, titles
from peephole.explorer.input_files import InputFiles
from peephole.nn.chain_network import Chain
from peephole.nn.models import Network

NUMBERS = ("silent", "plain", "voiced", "single", "wide", "two")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of every kind."""
    folder = tmp_path_factory.mktemp("imported")
    for kind in KINDS:
        write_imported(folder / kind, kind)
    return folder


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A table of three columns with names and labels, an array of ids, and a recording."""
    rows = numbers_of(3)
    table = "when,wind,gate,growing\n" + "".join(
        f"day {step},{','.join(map(str, row))}\n" for step, row in enumerate(rows.tolist())
    )
    (tmp_path / "three.csv").write_text(table)
    np.save(tmp_path / "ids.npy", np.array([3, 0, 8, 1, 0, 2, 5]))
    samples = np.arange(-40, 41, dtype="<i2") * 300
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", samples.nbytes)
    (tmp_path / "tone.wav").write_bytes(
        b"RIFF" + struct.pack("<I", len(body) + samples.nbytes) + body + samples.tobytes()
    )
    return [tmp_path / name for name in ("three.csv", "ids.npy", "tone.wav")]


@pytest.fixture
def client(runs: Path, files: list[Path], connect: Callable[..., Any]) -> Any:
    return connect([runs], inputs=files)


def numbers_of(features: int, steps: int = 30) -> npt.NDArray[np.float32]:
    values = np.random.default_rng(4).standard_normal((steps, features)).round(3)
    return values.astype(np.float32)


def sent(values: npt.NDArray[np.generic], name: str = "x.npy") -> dict[str, object]:
    """A file as the page sends it."""
    file = BytesIO()
    np.save(file, values)
    return {"opened": {"name": name, "content": base64.b64encode(file.getvalue()).decode()}}


@pytest.mark.parametrize("kind", NUMBERS)
def test_what_is_shown_of_every_layer_is_what_the_network_does(client: Any, kind: str) -> None:
    chain = chain_of(kind)
    values = numbers_of(chain.config.input_size)
    page = client.json(f"/api/runs/{kind}")
    found = client.trace(kind, **sent(values))
    np.testing.assert_array_equal(found["inputs"], values)
    with torch.no_grad():
        (scores, _), record = ph.trace(chain, torch.from_numpy(values)[:, None])
    places = [
        (place, record.layer(depth, way, module=f"recurrents.{module}"))
        for place, (module, depth, ways) in enumerate(layers_in(chain))
        for way in ways
    ]
    assert [detail["layer"] for detail in page["layers_detail"]] == sorted({place for place, _ in places})
    for place, own in places:
        detail = page["layers_detail"][place]
        assert own.kind == detail["cell"]
        for name in detail["quantities"]:
            got = client.payload(f"/api/traces/{found.facts['trace']}/{place}/{own.direction}/{name}")
            wanted = own["hidden_before_projection" if name == "hidden" and kind == "silent" else name]
            np.testing.assert_allclose(got["values"], wanted[:, 0], atol=2e-3)
    if kind == "silent":
        assert "output" not in found.tensors
    elif kind == "wide":
        np.testing.assert_allclose(found["probabilities5"][:, 0], scores[:, 0].amax(-1), atol=1e-6)
        np.testing.assert_array_equal(found["outputs5"][:, 0], scores[:, 0].argmax(-1))
    elif kind == "two":  # it says one number, at the end
        np.testing.assert_allclose(found["output"][-1], scores[0, 0], atol=1e-6)
    else:
        np.testing.assert_allclose(found["output"], scores[:, 0], atol=1e-6)


def layers_in(chain: Chain) -> list[tuple[int, int, tuple[str, ...]]]:
    """Module, depth in it, and directions of every layer, in order."""
    return [
        (number, depth, layer.directions)
        for number, layer in enumerate(chain.recurrents)
        for depth in range(layer.num_layers)
    ]


def test_a_skipped_symbol_is_left_out_and_changes_nothing(client: Any) -> None:
    found = client.trace("masked", file=1)
    assert found.facts["symbols"] == ["3", "8", "1", "2", "5"]
    with torch.no_grad():
        said, _ = chain_of("masked")(torch.tensor([[3], [0], [8], [1], [0], [2], [5]]))
    np.testing.assert_allclose(found.facts["final"], said[0, 0], atol=1e-6)
    only = client.post("/api/runs/masked/trace", sent(np.zeros(4, dtype=int)))
    assert "every symbol is skipped" in client.refusal(only, 400)


def test_symbols_with_names_are_typed_and_without_names_come_from_files(client: Any) -> None:
    assert client.trace("named", text="abba").facts["symbols"] == list("abba")
    assert client.json("/api/runs/named")["opens_files"] is False
    assert "reads numbers, not text" in client.refusal(
        client.post("/api/runs/masked/trace", {"text": "abc"}), 422
    )


def test_a_network_without_data_is_shown_with_signals_made_up_for_it(client: Any) -> None:
    for kind in KINDS:
        page = client.json(f"/api/runs/{kind}")
        assert page["samples"] == len(page["sample_titles"]) >= 1
        for sample in range(page["samples"]):
            found = client.trace(kind, sample=sample)
            assert found.facts["title"] == page["sample_titles"][sample]
            assert found.facts["lengths"] == [200]
    impulse, step, noise = (demonstration(index, 3, numbers=True).inputs[:, 0] for index in range(3))
    assert (int(impulse.count_nonzero()), float(impulse[20].sum())) == (3, 3.0)
    assert (float(step[49].sum()), float(step[50:].sum())) == (0.0, 450.0)
    assert float(noise.std(correction=0)) == pytest.approx(1, abs=1e-5)
    assert len(titles(numbers=True)) == 3


def test_names_labels_and_times_of_a_file_reach_the_page(client: Any) -> None:
    table = client.trace("plain", file=0).facts
    assert table["feature_names"] == ["wind", "gate", "growing"]
    assert (table["symbols"][:2], table["seconds"], table["frame_size"]) == (["day 0", "day 1"], None, None)
    frames = client.trace("plain", file=2).facts
    assert (frames["lengths"], frames["frame_size"], set(frames["symbols"])) == ([27], 3, {""})
    assert frames["seconds"] == pytest.approx(3 / 8000)
    samples = client.trace("single", file=2)
    assert (samples.facts["lengths"], samples.facts["frame_size"]) == ([81], 1)
    np.testing.assert_allclose(samples["inputs"][:, 0], np.arange(-40, 41) * 300 / 2**15, rtol=1e-6)


def test_a_file_that_does_not_fit_is_refused_with_how_many_are_read(client: Any) -> None:
    for asked in ({"file": 0}, sent(numbers_of(3))):
        said = client.refusal(client.post("/api/runs/wide/trace", asked), 422)
        assert "3 numbers a step and this network reads 40" in said
    assert "there is no file 3" in client.refusal(client.post("/api/runs/wide/trace", {"file": 3}), 404)
    broken = {"opened": {"name": "a.wav", "content": base64.b64encode(b"RIFF").decode()}}
    assert "is no WAV file" in client.refusal(client.post("/api/runs/plain/trace", broken), 422)
    assert "not base64" in client.refusal(
        client.post("/api/runs/plain/trace", {"opened": {"name": "a.npy", "content": "!"}}), 400
    )
    large = {"opened": {"name": "a.npy", "content": "A" * (11_500_000)}}
    assert "larger than" in client.refusal(client.post("/api/runs/plain/trace", large), 413)


def test_a_unit_is_correlated_with_each_input(client: Any) -> None:
    found = client.trace("plain", file=0)
    unit = client.payload(f"/api/traces/{found.facts['trace']}/0/forward/unit/2")
    wanted = [np.corrcoef(unit["cell"], column)[0, 1] for column in found["inputs"].T]
    np.testing.assert_allclose(unit["with_feature"], wanted, atol=1e-5)
    follows = client.json(f"/api/traces/{found.facts['trace']}/0/forward/follows")
    assert {"input_0", "input_1", "input_2"} <= set(follows["indicators"])


def test_a_unit_of_the_second_part_is_held_where_the_page_says(client: Any) -> None:
    values = numbers_of(3)
    held = [{"unit": "l1.hidden.4", "value": 0.75, "from": 10, "to": 12}]
    found = client.trace("two", **sent(values), clamps=held)
    got = client.payload(f"/api/traces/{found.facts['trace']}/1/forward/unit/4")["hidden"]
    np.testing.assert_array_equal(got[10:13], np.full(3, 0.75, dtype=np.float32))
    chain = chain_of("two")
    with (
        torch.no_grad(),
        ph.intervene(chain, {"recurrents.1.l0.hidden.4": 0.75}, steps=slice(10, 13)),
    ):
        _, record = ph.trace(chain, torch.from_numpy(values)[:, None])
    wanted = record.layer(0, module="recurrents.1")["hidden"][:, 0, 4]
    np.testing.assert_allclose(got, wanted, atol=1e-6)
    assert client.json("/api/runs/two")["layers_detail"][1]["address"] == "recurrents.1.l0"


def test_weights_are_those_of_the_layer_that_the_page_numbers(client: Any) -> None:
    state = chain_of("two").state_dict()
    found = client.payload("/api/runs/two/weights/1/forward")
    np.testing.assert_array_equal(found["weight_hh"], state["recurrents.1.weight_hh_l0"])
    back = client.payload("/api/runs/two/weights/0/backward")
    np.testing.assert_array_equal(back["weight_ih"], state["recurrents.0.weight_ih_l0_reverse"])


def test_light_is_there_for_one_stack_with_a_readout_and_refused_with_the_reason_elsewhere(
    client: Any,
) -> None:
    for kind in KINDS:
        trace = client.trace(kind, sample=0).facts["trace"]
        answers = [
            client.post(f"/api/traces/{trace}/light", {"step": 30}),
            client.get(f"/api/traces/{trace}/lags"),
        ]
        if client.json(f"/api/runs/{kind}")["one_stack"]:
            assert [answer.status_code for answer in answers] == [200, 200]
            continue
        why = "it has 2 recurrent parts" if kind == "two" else "not one plain recurrent stack"
        for answer in answers:
            assert why in client.refusal(answer, 422)
        worth = {"sample": 0, "layer": 0, "direction": "forward", "quantity": "hidden"}
        assert why in client.refusal(client.post(f"/api/runs/{kind}/ablate", worth), 422)
    assert {kind for kind in KINDS if client.json(f"/api/runs/{kind}")["one_stack"]} == {
        *("plain", "single", "wide", "named"),
    }


def test_light_is_the_derivative_of_the_output_before_its_function(client: Any) -> None:
    values = torch.from_numpy(numbers_of(3))[:, None].requires_grad_()
    trace = client.trace("plain", **sent(values.detach()[:, 0].numpy())).facts["trace"]
    found = client.payload(f"/api/traces/{trace}/light", {"step": 20, "output": 1})
    said, _ = chain_of("plain")(values)
    torch.logit(said)[20, 0, 1].backward()
    assert values.grad is not None
    np.testing.assert_allclose(found["input"], values.grad[:, 0].norm(dim=-1), atol=1e-5)


def test_a_simple_chain_is_shown_as_a_network_that_computes_the_same(runs: Path) -> None:
    for kind in ("plain", "single", "wide", "named"):
        opened = Catalog([runs]).open(kind)
        assert isinstance(opened.network, Network)
        assert opened.shown is not None
        size = chain_of(kind).config.input_size
        inputs = torch.tensor([[0], [3], [1]]) if kind == "named" else torch.randn(20, 1, size)
        with torch.no_grad():
            torch.testing.assert_close(
                opened.shown.said(opened.network(inputs)[0]), chain_of(kind)(inputs)[0], atol=1e-6, rtol=1e-5
            )


def test_the_card_says_where_it_came_from_and_the_page_what_was_understood(client: Any) -> None:
    cards = {card["id"]: card for card in client.json("/api/home")["runs"]}
    assert set(cards) == set(KINDS)
    assert (cards["two"]["problem"], cards["two"]["source"], cards["two"]["layers"]) == (
        *("imported", "two.bin"),
        2,
    )
    page = client.json("/api/runs/two")
    assert [row["name"] for row in page["understood"]["rows"]] == ["first", "between", "second", "out"]
    assert page["siblings"] == []


def test_a_long_recording_is_surveyed(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveyed, "SURVEYED_FROM", 600)
    values = numbers_of(1, 700)
    found = client.trace("single", **sent(values))
    assert found.facts["long"]["span"] == surveyed.SPAN
    np.testing.assert_array_equal(found["inputs"], values)
    trace = found.facts["trace"]
    while client.json(f"/api/traces/{trace}/share")["share"] < 1:
        pass
    with torch.no_grad():
        _, record = ph.trace(chain_of("single"), torch.from_numpy(values)[:, None])
    window = client.payload(f"/api/traces/{trace}/0/forward/hidden/window/512/700")
    np.testing.assert_allclose(window["values"], record.layer()["hidden"][512:, 0], atol=2e-3)


def test_an_exported_page_holds_the_given_inputs_alone(runs: Path, files: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    subprocess.run(
        command("export", runs / "two", "--input", files[0], "--input", files[2], "-o", page),
        check=True,
        capture_output=True,
    )
    text = page.read_text(encoding="utf-8")
    packed = re.search(r'id="data">([^<]*)<', text)
    assert packed is not None
    content = zlib.decompress(base64.b64decode(packed[1]))
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    facts = json.loads(header["__metadata__"]["json"])["runs"]["two"]
    assert [one["title"]["en"] for one in facts["materials"]] == ["three.csv", "tone.wav"]
    assert facts["network"] is None
    assert facts["materials"][0]["axis"]["feature_names"] == ["wind", "gate", "growing"]
    assert load(content)["two/0/inputs"].shape == (30, 3)


def test_numbers_for_runs_that_read_none_are_refused(zoo: Path, files: list[Path]) -> None:
    with pytest.raises(OptionError, match="none reads numbers"):
        carried(Catalog([zoo / "text"]), ["text"], inputs=InputFiles(files[:1]))
    with pytest.raises(DataError, match=r"gone\.csv is not there"):
        InputFiles([files[0].with_name("gone.csv")])


def test_a_file_that_the_one_run_cannot_read_is_refused_before_anything_is_served(
    runs: Path, zoo: Path, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STATIC", tmp_path)  # what is not refused ends with another error
    table = files[:1]
    with pytest.raises(ServerError, match="3 numbers a step and this network reads 40"):
        server.serve([runs / "wide"], inputs=table, open_browser=False)
    with pytest.raises(OptionError, match=r"plain reads numbers: leave three\.csv out, or use --input"):
        server.serve([runs / "plain"], texts=table, open_browser=False)
    with pytest.raises(OptionError, match=r"text reads text: leave three\.csv out, or use --text"):
        server.serve([zoo / "text"], inputs=table, open_browser=False)
    for paths in ([runs / "plain"], [runs / "plain", runs / "wide"]):  # several runs: the page tells
        with pytest.raises(ServerError, match="front end is not built"):
            server.serve(paths, inputs=table, open_browser=False)


@pytest.mark.parametrize("kind", ["series", "digits"])
def test_runs_that_were_trained_on_numbers_read_files_too(
    zoo: Path, connect: Callable[..., Any], kind: str
) -> None:
    client = connect([zoo])
    values = np.abs(numbers_of({"series": 1, "digits": 28}[kind], 28)) / 4
    found = client.trace(kind, **sent(values))
    if kind == "digits":  # nobody says which digit it is
        np.testing.assert_allclose(found["inputs"], values, rtol=1e-6)
        assert np.isnan(found["surprise"]).all()
        return
    about = ph.open_run(zoo / "series").description
    standard = (values - about["mean"]) / about["deviation"]
    np.testing.assert_allclose(found["inputs"], standard, rtol=1e-5)
    error = np.abs(found["inputs"][1:, 0] - found["forecast"][:-1, 0])
    np.testing.assert_allclose(found["surprise"][1:], error, atol=1e-5)
