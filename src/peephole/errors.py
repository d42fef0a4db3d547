"""Every error that Peephole raises on purpose.

    PeepholeError
    ├── OptionError            (ValueError)         an option out of range, or two that exclude each other
    ├── DataError              (ValueError)         a text, table or image set that cannot be used
    │   └── DataNotFoundError  (FileNotFoundError)  … because it is not there
    ├── RunError               (ValueError)         a run folder that cannot be used
    │   ├── RunNotFoundError   (FileNotFoundError)  … because it is not there
    │   └── RunExistsError     (FileExistsError)    … because it would be overwritten
    ├── InterchangeError       (ValueError)         another framework's file that cannot be taken in or written
    ├── TrainingError          (RuntimeError)       a training run that cannot go on
    ├── TraceError             (ValueError)         a trace that cannot be made, read or saved
    │   └── MissingQuantityError (AttributeError, KeyError)  a gate or state that this record does not hold
    ├── ServerError            (RuntimeError)       the explorer's server cannot start or answer
    └── NotInstalledError      (ImportError)        what was asked for needs a package that is not installed

Each also is the builtin that a caller would expect. A message is one line that says what was wrong, what was
received, and what to do; the command line prints it as it stands. Where ``torch.nn`` raises an error for a
mistake in a call of a layer, our layers raise that same builtin type and not one of these.
"""

from __future__ import annotations


class PeepholeError(Exception):
    """Base of all errors that this package raises on purpose."""


class OptionError(PeepholeError, ValueError):
    """An option is out of range, or excludes another one."""


class DataError(PeepholeError, ValueError):
    """A text, table or image set cannot be used."""


class DataNotFoundError(DataError, FileNotFoundError):
    """A text, table or image set is not there."""


class RunError(PeepholeError, ValueError):
    """A run folder cannot be used."""


class RunNotFoundError(RunError, FileNotFoundError):
    """A run folder is not there."""


class RunExistsError(RunError, FileExistsError):
    """A run folder is there already and would be overwritten."""


class InterchangeError(PeepholeError, ValueError):
    """A file or module of another framework cannot be taken in, or a network cannot be written for one."""


class TrainingError(PeepholeError, RuntimeError):
    """A training run cannot go on."""


class TraceError(PeepholeError, ValueError):
    """A trace cannot be made, read or saved."""


class MissingQuantityError(TraceError, AttributeError, KeyError):
    """A gate or state was asked for that this record does not hold."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument; this message is a sentence.
        return str(self.args[0]) if self.args else ""


class ServerError(PeepholeError, RuntimeError):
    """The explorer's server cannot start, or cannot answer."""


class NotInstalledError(PeepholeError, ImportError):
    """What was asked for needs an optional package that is not installed."""
