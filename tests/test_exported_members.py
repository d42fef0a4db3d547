"""The public names are those of `peephole.__all__`, no more and no fewer."""

from __future__ import annotations

from importlib.metadata import version
from types import ModuleType

import peephole


def test_every_exported_name_is_there() -> None:
    for name in peephole.__all__:
        assert hasattr(peephole, name), name


def test_every_class_and_function_of_ours_in_the_package_is_exported() -> None:
    ours = {
        name
        for name, value in vars(peephole).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", "").startswith("peephole")
    }
    assert ours <= set(peephole.__all__)


def test_exported_names_are_sorted_and_named_once() -> None:
    # Constants, classes, the rest: the order that the linter keeps, so here only that no name stands twice.
    assert len(set(peephole.__all__)) == len(peephole.__all__)
    assert dir(peephole) == sorted(peephole.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(peephole, "Lstm")


def test_the_version_is_that_of_the_installed_package() -> None:
    assert peephole.__version__ == version("peephole")
