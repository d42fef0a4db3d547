"""``Signal``: numbers over time from a file of a person's own, for a network that reads numbers.

A file is a table (``signal_tables.py``), a NumPy array (``signal_arrays.py``) or a recording (``signal_waves.py``).
Nothing in it is trusted: sizes are compared with the file before anything is made of them. Knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from peephole.data.signal_arrays import MAGIC, read_array
from peephole.data.signal_tables import read_table
from peephole.data.signal_waves import is_wave, read_wave
from peephole.errors import DataError, DataNotFoundError

MOST_BYTES = 2**28
"""Of a file."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Signal:
    """Numbers over time.

    Attributes:
        values: (time, feature), of the file's own type.
        names: of the features, where the file has some.
        labels: of the steps, such as time stamps, where the file has some.
        seconds_per_step: how long a step is; None where the file does not say.
        samples_per_step: samples of a recording that one step holds; None for what is no recording.
    """

    values: npt.NDArray[np.generic]
    names: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    seconds_per_step: float | None = None
    samples_per_step: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    def fitted(self, features: int) -> Signal:
        """The same with ``features`` numbers a step, float32.

        Of a recording each step is then a frame of so many consecutive samples; what is left of them at the end is
        dropped.

        Raises:
            DataError: it has another number of features, a number is not finite, or it is shorter than one frame.
        """
        values, seconds, samples = self.values, self.seconds_per_step, self.samples_per_step
        if samples is not None and features > 1:
            frames = len(values) // features
            if not frames:
                raise DataError(
                    f"the recording has {len(values)} samples and the network reads frames of {features}: "
                    "take a longer one"
                )
            values = values[: frames * features].reshape(frames, features)
            seconds = None if seconds is None else seconds * features
            samples = features
        if values.shape[1] != features:
            raise DataError(
                f"it has {_count(values.shape[1], 'number')} a step and the network reads {features}: "
                f"give it a file with {_count(features, 'number')} a step"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = values.astype(np.float32)
        wrong = np.argwhere(~np.isfinite(numbers))
        if len(wrong):
            step, feature = wrong[0].tolist()
            raise DataError(
                f"step {step}, feature {feature} is {values[step, feature]}, not a finite number in single precision: "
                "repair it or cut the file there"
            )
        return Signal(
            values=numbers,
            names=self.names,
            labels=self.labels,
            seconds_per_step=seconds,
            samples_per_step=samples,
        )

    def ids(self, symbols: int) -> npt.NDArray[np.int64]:
        """The same as (time,) ids of symbols.

        Raises:
            DataError: it has several numbers a step, or one that is no whole number from 0 to ``symbols`` − 1.
        """
        if self.values.shape[1] != 1 or self.samples_per_step is not None:
            raise DataError(
                "the network reads one symbol's number a step: give it a file with one whole number a step"
            )
        values = self.values[:, 0].astype(np.float64)
        with np.errstate(invalid="ignore"):
            fits = (values >= 0) & (values < symbols) & (np.floor(values) == values)
        if not fits.all():
            step = int(np.argmin(fits))
            raise DataError(
                f"step {step} is {values[step]:g}, and the network reads symbols 0 to {symbols - 1}: "
                "give it whole numbers in that range"
            )
        return values.astype(np.int64)


def read_signal(path: str | Path) -> Signal:
    """The numbers of a file: a CSV, ``.npy`` or ``.wav``.

    Raises:
        DataNotFoundError: it is not there.
        DataError: it cannot be used; the message says where and why.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise DataNotFoundError(f"{path} is not there: check the name")
        if not path.is_file():
            raise DataError(f"{path} is not a regular file: save the numbers to a file first")
        if path.stat().st_size > MOST_BYTES:
            raise _too_large(str(path), path.stat().st_size)
        return signal_from(path.read_bytes(), str(path))
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def signal_from(content: bytes, name: str) -> Signal:
    """The numbers that the bytes of a file are.

    Args:
        content: its bytes.
        name: what it is called; its ending counts where there is one.

    Raises:
        DataError: it cannot be used; the message says where and why.
    """
    if len(content) > MOST_BYTES:
        raise _too_large(name, len(content))
    ending = name.lower().rpartition(".")[2]
    if ending == "npy" or content.startswith(MAGIC):
        return Signal(values=read_array(content, name))
    if ending == "wav" or is_wave(content):
        samples, rate = read_wave(content, name)
        return Signal(values=samples[:, None], seconds_per_step=1 / rate, samples_per_step=1)
    table = read_table(content, name)
    return Signal(values=table.values, names=table.names, labels=table.labels)


def _too_large(name: str, size: int) -> DataError:
    return DataError(
        f"{name} has {size:,} bytes and at most {MOST_BYTES:,} are read: take a shorter stretch of it"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
