"""Pickles read as data: an interpreter of the opcodes that builds values and runs nothing.

Python's own unpickler is a machine that calls functions; this one only keeps the names of functions, and
``calls.py`` says what a call of a known one gives. Opcodes are taken apart by ``pickletools``, whose reading of
an argument never takes more than the file has.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable

from peephole.errors import InterchangeError
from peephole.interchange.pytorch.calls import Calls, checked_global
from peephole.interchange.pytorch.values import Items, Opaque

OPCODES = 600_000
"""How many a pickle may have: a large network's has some ten thousand, a vocabulary of 100,000 words 400,000."""


def unpickle(stream: io.BytesIO, calls: Calls) -> object:
    """Reads one pickle as data.

    Args:
        stream: at the pickle's beginning; afterwards behind its end.
        calls: what calls and persistent names give.

    Returns:
        None, a bool, int, float, str, bytes, list or tuple, or one of the values of ``values.py``.

    Raises:
        InterchangeError: no pickle, a malformed one, one with too many opcodes, or one that names a program.
    """
    machine = _Machine(calls)
    count = 0
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            count += 1
            if count > OPCODES:
                raise InterchangeError(
                    f"its pickle has more than {OPCODES:,} opcodes: it holds more than weights"
                )
            _OPCODES[opcode.name](machine, argument)
        return machine.result()
    except InterchangeError:
        raise
    except KeyError as error:
        raise InterchangeError(f"its pickle has the opcode {error.args[0]}, which no weights need") from error
    except IndexError as error:
        raise InterchangeError("its pickle is malformed: it takes from an empty stack") from error
    except (ValueError, OverflowError) as error:
        raise InterchangeError(f"its pickle is malformed or ends too early, after {count} opcodes") from error


class _Machine:
    """The stack, the marks on it and the memo of one pickle."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.stopped = False

    def result(self) -> object:
        if not self.stopped:
            raise InterchangeError("its pickle has no end")
        return self.stack.pop()

    def since_mark(self) -> list[object]:
        values, self.stack = self.stack, self.below.pop()
        return values

    def stop(self, _: object) -> None:
        self.stopped = True

    def nothing(self, _: object) -> None:
        pass

    def constant(self, argument: object) -> None:
        if isinstance(argument, int) and argument.bit_length() > 128:
            argument = Opaque("a very large number")  # its digits alone would be work
        self.stack.append(argument)

    def mark(self, _: object) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop(self, _: object) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def pop_mark(self, _: object) -> None:
        self.since_mark()

    def dup(self, _: object) -> None:
        self.stack.append(self.stack[-1])

    def put(self, index: object) -> None:
        if not isinstance(index, int) or not 0 <= index < 2**32:
            raise InterchangeError("its pickle numbers its memo beyond 32 bits")
        self.memo[index] = self.stack[-1]

    def memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, index: object) -> None:
        if not isinstance(index, int) or index not in self.memo:
            raise InterchangeError("its pickle is malformed: it asks its memo for what was never put there")
        self.stack.append(self.memo[index])

    def tuple_of(self, number: int) -> None:
        if len(self.stack) < number:
            raise IndexError
        at = len(self.stack) - number
        self.stack[at:] = [tuple(self.stack[at:])]

    def marked_tuple(self, _: object) -> None:
        values = self.since_mark()
        self.stack.append(tuple(values))

    def marked_list(self, _: object) -> None:
        values = self.since_mark()
        self.stack.append(values)

    def marked_dict(self, _: object) -> None:
        values = self.since_mark()
        self.stack.append(Items(_pairs(values)))

    def append(self, _: object) -> None:
        value = self.stack.pop()
        self._extend([value])

    def appends(self, _: object) -> None:
        values = self.since_mark()
        self._extend(values)

    def _extend(self, values: list[object]) -> None:
        into = self.stack[-1]
        if isinstance(into, Opaque):
            into = into.elements
        if not isinstance(into, list):
            raise InterchangeError("its pickle is malformed: it appends to what is no list")
        into.extend(values)

    def set_item(self, _: object) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([key, value])

    def set_items(self, _: object) -> None:
        values = self.since_mark()
        self._update(values)

    def _update(self, values: list[object]) -> None:
        into = self.stack[-1]
        if not isinstance(into, Items | Opaque):
            raise InterchangeError("its pickle is malformed: it puts keys and values into what is no mapping")
        into.pairs.extend(_pairs(values))

    def global_(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self.stack.append(checked_global(module, name))

    def stack_global(self, _: object) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise InterchangeError("its pickle is malformed: it names a function by something else than text")
        self.stack.append(checked_global(module, name))

    def reduce(self, _: object) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.stack.append(self.calls.call(function, arguments))

    def new_object(self, _: object) -> None:
        _, made_of = self.stack.pop(), self.stack.pop()
        self.stack.append(self.calls.new(made_of))

    def new_object_with_keywords(self, _: object) -> None:
        self.stack.pop()
        self.new_object(None)

    def marked_object(self, _: object) -> None:
        made_of = self.since_mark()[0]
        self.stack.append(self.calls.new(made_of))

    def instance(self, argument: object) -> None:
        self.since_mark()
        self.global_(argument)
        self.stack.append(self.calls.new(self.stack.pop()))

    def build(self, _: object) -> None:
        state = self.stack.pop()
        self.calls.build(self.stack[-1], state)

    def persistent(self, _: object) -> None:
        self.stack.append(self.calls.persistent(self.stack.pop()))

    def persistent_text(self, argument: object) -> None:
        self.stack.append(self.calls.persistent(argument))


def _pairs(values: list[object]) -> list[tuple[object, object]]:
    """Keys and values that stand in turn."""
    if len(values) % 2:
        raise InterchangeError("its pickle is malformed: a key without a value")
    return list(zip(values[::2], values[1::2], strict=True))


_Step = Callable[[_Machine, object], None]


def _pushing(make: Callable[[], object]) -> _Step:
    return lambda machine, _: machine.stack.append(make())


_CONSTANTS = """INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES
    BINBYTES8 BYTEARRAY8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT"""
_OPCODES: dict[str, _Step] = {
    **dict.fromkeys(_CONSTANTS.split(), _Machine.constant),
    "NONE": _pushing(lambda: None),
    "NEWTRUE": _pushing(lambda: True),
    "NEWFALSE": _pushing(lambda: False),
    "EMPTY_TUPLE": _pushing(tuple),
    "EMPTY_LIST": _pushing(list),
    "EMPTY_SET": _pushing(list),
    "EMPTY_DICT": _pushing(Items),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": _Machine.marked_tuple,
    "LIST": _Machine.marked_list,
    "FROZENSET": _Machine.marked_list,
    "DICT": _Machine.marked_dict,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "ADDITEMS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.dup,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.global_,
    "STACK_GLOBAL": _Machine.stack_global,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.new_object,
    "NEWOBJ_EX": _Machine.new_object_with_keywords,
    "OBJ": _Machine.marked_object,
    "INST": _Machine.instance,
    "BUILD": _Machine.build,
    "PERSID": _Machine.persistent_text,
    "BINPERSID": _Machine.persistent,
    "PROTO": _Machine.nothing,
    "FRAME": _Machine.nothing,
    "STOP": _Machine.stop,
}
