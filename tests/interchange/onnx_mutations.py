"""Damage that suits ONNX models: field by field, so that what comes out is a model still."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import onnx
from google.protobuf.message import DecodeError, EncodeError, Message
from interchange.mutations import NASTY, Mutation, flipped


def in_message(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """One to four fields of the model's messages get other values, or come twice, or go."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return flipped(chance, data, others)
    messages = _messages(model)
    for _ in range(chance.randint(1, 4)):
        _change(chance, chance.choice(messages), messages)
    try:
        return model.SerializeToString()
    except EncodeError:  # a model within itself
        return flipped(chance, data, others)


def _messages(message: Message) -> list[Message]:
    """A message and all within it."""
    found = [message]
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                found += _messages(inner)
    return found


def _change(chance: Random, message: Message, messages: Sequence[Message]) -> None:
    fields = [field for field, _ in message.ListFields()] or list(message.DESCRIPTOR.fields)
    if chance.random() < 0.15:
        fields = list(message.DESCRIPTOR.fields)
    field = chance.choice(fields)
    if chance.random() < 0.15:
        message.ClearField(field.name)
        return
    if field.message_type is not None:
        _change_message(chance, message, field, messages)
        return
    value = _value(chance, field, messages)
    if not field.is_repeated:
        setattr(message, field.name, value)
        return
    entries = getattr(message, field.name)
    if entries and chance.random() < 0.7:
        entries[chance.randrange(len(entries))] = value
    else:
        entries.append(value)


def _change_message(chance: Random, message: Message, field: Any, messages: Sequence[Message]) -> None:
    """Puts another message of the same kind there, or takes one away."""
    same = [
        other for other in messages if other.DESCRIPTOR is field.message_type and other.ByteSize() < 5_000
    ]
    if not field.is_repeated:
        if same:
            copied = type(chance_of := chance.choice(same))()
            copied.CopyFrom(chance_of)
            getattr(message, field.name).CopyFrom(copied)
        return
    entries = getattr(message, field.name)
    if entries and chance.random() < 0.4:
        del entries[chance.randrange(len(entries))]
    elif same:
        copied = type(chance_of := chance.choice(same))()
        copied.CopyFrom(chance_of)
        entries.append(copied)


_WORDS = [
    *(
        "",
        "W",
        "R",
        "B",
        "P",
        "X",
        "w",
        "a",
        "b",
        "Y",
        "LSTM",
        "GRU",
        "RNN",
        "If",
        "Loop",
        "Identity",
        "Concat",
    ),
    *(
        "Transpose",
        "Slice",
        "Reshape",
        "Expand",
        "ConstantOfShape",
        "Cast",
        "Gather",
        "Gemm",
        "MatMul",
        "Constant",
    ),
    *(
        "forward",
        "REVERSE",
        "bidirectional",
        "Tanh",
        "softsign",
        "Nothing",
        "mine",
        "Call",
        "ai.onnx",
        "axis",
    ),
    *(
        "hidden_size",
        "activations",
        "clip",
        "perm",
        "axes",
        "value",
        "../up",
        "/etc/passwd",
        "line\nbreak",
        "\x1b[31m",
    ),
]


def _value(chance: Random, field: Any, messages: Sequence[Message]) -> Any:
    if field.enum_type is not None:
        return chance.choice([value.number for value in field.enum_type.values])
    number = chance.choice([*range(-3, 22), *NASTY, *(-other for other in NASTY)])
    match field.cpp_type:
        case field.CPPTYPE_STRING:
            words = chance.choice(
                [chance.choice(_WORDS), *(getattr(m, "name", "") for m in chance.choices(messages, k=3))]
            )
            if field.type != field.TYPE_BYTES:
                return words
            return chance.choice(
                [words.encode(), b"\xff\xfe", bytes(chance.randrange(64)), b"tanh", b"reverse"]
            )
        case field.CPPTYPE_FLOAT | field.CPPTYPE_DOUBLE:
            return chance.choice([0.0, -1.0, 0.5, float("nan"), float("inf"), -float("inf"), 1e-45, 3.4e38])
        case field.CPPTYPE_INT32:
            return (number + 2**31) % 2**32 - 2**31
        case field.CPPTYPE_UINT64:
            return number % 2**64
        case _:
            return (number + 2**63) % 2**64 - 2**63


FIELDS: list[Mutation] = [in_message]
