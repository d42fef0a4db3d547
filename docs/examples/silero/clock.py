"""A clock in silero-vad: which cells of its LSTM count how long somebody has been speaking, and what would refute it.

pip install '.[onnx]' onnxruntime matplotlib         # matplotlib for --figure alone
python docs/examples/silero/clock.py                 # prints the numbers of docs/silero.md
python docs/examples/silero/clock.py --features features.npy --figure clock.png
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from detector import Detector
from sounds import FRAME, RATE, SPEAKERS, Samples, sounds, wheel
from torch import Tensor

import peephole as ph
import peephole.analysis as pa

LEAD, TAIL = 31, 62  # steps of silence before and after a sound: 1 s and 2 s
FLOOR = 10 ** (-63 / 20)  # of the faint noise that is under everything
CONTROLS = ("noise", "music", "silence")
OF_SPEECH = (
    "r, cell and time",
    "r, hidden and time",
    "forget gate, speech",
    "forget gate, 1 s after",
    "cell kept 1 s after",
)
Measured = dict[str, Tensor]  # of one sound: (unit,) each, unless it says otherwise


def measured(detector: Detector, sound: Samples, rng: np.random.Generator) -> Measured:
    """One second of silence, the sound, two seconds of silence: what every cell does."""
    steps = len(sound) // FRAME
    samples = np.pad(sound, (LEAD * FRAME, TAIL * FRAME))
    features, speech = detector.read(samples + FLOOR * rng.standard_normal(len(samples)))
    _, state = detector.opened(features[:LEAD])
    before = state[1].flatten()
    (said, state), trace = ph.trace(detector.opened, features[LEAD : LEAD + steps], state)
    during, after = trace.layer(), ph.trace(detector.opened, features[LEAD + steps :], state)[1].layer()
    if not torch.allclose(said.flatten(), speech[LEAD : LEAD + steps], rtol=0, atol=1e-5):
        raise ArithmeticError("the opened network does not compute what ONNX Runtime does")
    time = [pa.indicator("time", range(steps))]
    return {
        "features": features,
        "cells": torch.cat([before[None], during.cell[:, 0], after.cell[:, 0]]),
        "before": before,
        "r, cell and time": pa.correlations(during, "cell", time).r[:, 0],
        "r, hidden and time": pa.correlations(during, "hidden", time).r[:, 0],
        "rate": (during.cell[-1, 0] - before) / (steps * FRAME / RATE),
        "forget gate, speech": during.forget_gate[:, 0].mean(0),
        "forget gate, 1 s after": after.forget_gate[:LEAD, 0].mean(0),
        "cell kept 1 s after": after.cell[LEAD - 1, 0] / during.cell[-1, 0],
        "P": said.mean(),
    }


def middle(found: list[Measured], name: str) -> Tensor:
    """The median over recordings."""
    return torch.stack([one[name] for one in found]).double().quantile(0.5, dim=0)


def joined(by_speaker: dict[str, dict[str, list[Measured]]]) -> dict[str, list[Measured]]:
    """All speakers' measurements, by kind of sound."""
    found: dict[str, list[Measured]] = {}
    for of_one in by_speaker.values():
        for kind, measurements in of_one.items():
            found[kind] = found.get(kind, []) + measurements
    return found


def clocks_among(found: dict[str, list[Measured]]) -> list[int]:
    """The cells that go with the time and go ten times as fast in speech as in any control. Prints the candidates."""
    r, rates = (
        middle(found["speech"], "r, cell and time"),
        {kind: middle(found[kind], "rate") for kind in found},
    )
    others = torch.stack([rates[kind].abs() for kind in CONTROLS]).amax(0)
    candidates = [u for u in r.abs().argsort(descending=True).tolist() if r[u].abs() >= 0.9]
    clocks = [u for u in candidates if rates["speech"][u].abs() >= 10 * others[u]]
    print(
        f"Chosen on {len(found['speech'])} recordings of one speaker: cells that go with the time; change a second"
    )
    print("cell      r" + "".join(f"{kind:>11}" for kind in found))
    for u in candidates:
        row = "".join(f"{rates[kind][u]:>+11.2f}" for kind in found)
        print(f"{u:>4}  {r[u]:>+.2f}{row}{'   a clock' if u in clocks else ''}")
    return clocks


def print_held_out(by_speaker: dict[str, dict[str, list[Measured]]], unit: int) -> None:
    """Prints what a cell does with the speakers on whom it was not chosen."""
    found = joined(by_speaker)
    rows = [(f"change a second, {name}", kinds["speech"], "rate") for name, kinds in by_speaker.items()]
    rows += [(f"change a second, {kind}", found[kind], "rate") for kind in found]
    rows += [(name, found["speech"], name) for name in OF_SPEECH]
    print(
        f"\nCell {unit}, {len(found['speech'])} recordings of three other speakers: median [least, greatest]"
    )
    for words, measurements, name in rows:
        values = torch.stack([one[name][unit] for one in measurements])
        text = f"{words:<26}{middle(measurements, name)[unit]:>+6.2f}  [{values.min():+.2f}, {values.max():+.2f}]"
        print(f"{text:<54}P(speech) {middle(measurements, 'P'):.2f}" if name == "rate" else text)


def print_need(detector: Detector, found: list[Measured], clocks: list[int]) -> None:
    """Prints by how much P(speech) falls with one cell held where it is in silence, for every cell."""
    features = torch.nn.utils.rnn.pad_sequence([one["features"][:, 0] for one in found])
    ends, times = (
        torch.tensor([len(one["features"]) - TAIL for one in found]),
        torch.arange(len(features))[:, None],
    )
    within, silent = (times >= LEAD) & (times < ends), middle(found, "before")

    def speech(held: dict[str, float]) -> Tensor:
        with ph.intervene(detector.opened, held):
            return detector.opened(features)[0].squeeze(-1)[within].mean()

    whole = speech({})
    falls = torch.stack([whole - speech({f"l0.cell.{u}": float(silent[u])}) for u in range(128)])
    print(f"\nP(speech) in speech {whole:z.3f}. With one cell held where it is in silence it falls by")
    clocks_fall = "".join(f", cell {u}: {falls[u]:z.3f}" for u in clocks)
    print(f"at most {falls.max():z.3f} (cell {int(falls.argmax())}){clocks_fall}")


def print_moments(detector: Detector, one: Measured, unit: int) -> None:
    """Prints what a cell does in one recording: before the onset, a second after it, 0.3 s after the end."""
    _, trace = ph.trace(detector.opened, one["features"])
    print("\nOne recording, in silence, a second into the speech, and 0.3 s after it:")
    for step in (LEAD - 1, 2 * LEAD, len(one["features"]) - TAIL + 9):
        print(f"step {step:>3}: {pa.moment(trace.layer(), unit, step).sentence()}")


def draw(found: dict[str, list[Measured]], clocks: list[int], path: Path) -> None:
    """Draws the clocks: a thin line for each sound, and one recording with the silence after it."""
    from matplotlib import pyplot as plt

    colours = {"speech": "#2563eb", "music": "#d97706", "noise": "#16a34a", "silence": "#6b7280"}
    figure, panels = plt.subplots(1, len(clocks), figsize=(9, 3.4), layout="constrained", squeeze=False)
    for unit, panel in zip(clocks, panels[0], strict=True):
        for kind, colour in colours.items():
            for number, one in enumerate(found[kind]):
                cells = one["cells"][:-TAIL, unit]
                label = kind if number == 0 else None
                panel.plot(
                    np.arange(len(cells)) * FRAME / RATE, cells, color=colour, lw=0.5, alpha=0.5, label=label
                )
        cells = found["speech"][0]["cells"][:, unit]
        panel.plot(
            np.arange(len(cells)) * FRAME / RATE,
            cells,
            color="#111827",
            lw=1.5,
            label="one, and 2 s after it",
        )
        panel.set(title=f"cell {unit}", xlabel="seconds from the onset", ylabel="cell state")
    for line in panels[0, 0].legend(frameon=False, fontsize=8).get_lines():
        line.set(linewidth=1.5, alpha=1)
    figure.savefig(path, dpi=85)


def main() -> None:
    """Measures all and prints it."""
    parser = argparse.ArgumentParser(description="A clock in silero-vad.")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "peephole-examples")
    parser.add_argument("--features", type=Path, help="write what the LSTM reads of one recording: .npy")
    parser.add_argument("--figure", type=Path, help="draw it: .png")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    package = wheel(args.cache, "silero-vad", "6.2.3")
    detector = Detector(package / "silero_vad" / "data" / "silero_vad_16k_sequence.onnx")
    found: dict[str, dict[str, list[Measured]]] = {}
    for number, speaker in enumerate(SPEAKERS):
        rng, found[speaker] = np.random.default_rng(number), {}
        for of_one in sounds(args.cache, speaker):
            for kind, sound in of_one.items():
                found[speaker].setdefault(kind, []).append(measured(detector, sound, rng))
    clocks = clocks_among(found.pop(SPEAKERS[0]))
    for unit in clocks:
        print_held_out(found, unit)
    held_out = joined(found)
    print_moments(detector, held_out["speech"][0], clocks[0])
    print_need(detector, held_out["speech"], clocks)
    if args.features:
        np.save(args.features, held_out["speech"][0]["features"][:, 0].numpy())
    if args.figure:
        draw(held_out, clocks, args.figure)


if __name__ == "__main__":
    main()
