"""The client's errors are one tree, drawn at the top of its module."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import nst_client
from nst_client import StyleClient, errors
from nst_client.errors import NstError
from tests.client.proxy import NOWHERE


def drawn_tree(drawing: str) -> dict[str, str]:
    """The parent of every class in a drawing, by their names."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in drawing.splitlines():
        match = re.match(r"((?:[|` ][- ] )*)([A-Z]\w+)", line)
        if match:
            depth = len(match[1]) // 3
            path[depth:] = [match[2]]
            if depth:
                parents[match[2]] = path[depth - 1]
    return parents


def subclasses(kind: type[NstError]) -> Iterator[type[NstError]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_the_drawing_is_the_tree():
    (top,) = NstError.__bases__
    assert top is Exception
    defined = {
        each.__name__: each.__bases__[0].__name__ for each in subclasses(NstError) if each.__module__ == errors.__name__
    }
    _, drawing = errors.__doc__.split("\n\n")
    assert drawn_tree(drawing) == defined


def test_no_other_module_of_the_client_defines_an_error():
    for module in pkgutil.walk_packages(nst_client.__path__, "nst_client."):
        if module.name != "nst_client.__main__":  # importing it runs the command
            importlib.import_module(module.name)
    strangers = {f"{each.__module__}.{each.__name__}" for each in subclasses(NstError)} - {
        f"{errors.__name__}.{name}" for name in vars(errors)
    }
    assert not {name for name in strangers if name.startswith("nst_client.")}


def test_an_error_carries_what_happened_what_to_do_and_what_it_is_about():
    error = errors.RequestRefused("size: must be 0 or more, got -1.", "Use 0.", input="size")
    assert (str(error), error.remedy, error.input) == ("size: must be 0 or more, got -1.", "Use 0.", "size")
    assert errors.ServerBusy("It is busy.", "Wait.").input is None


def test_a_refused_state_names_the_part_in_which_it_differs():
    error = errors.StateRefused("It is another run's.", "Begin anew.", differs_in="style")
    assert (error.input, error.differs_in) == ("state_bytes", "style")


PICTURE = np.zeros((40, 40, 3), np.uint8)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("server", lambda: StyleClient([])),
        ("server", lambda: StyleClient("localhost")),
        ("version", lambda: StyleClient(NOWHERE, version=2**63)),
        ("content", lambda: StyleClient(NOWHERE).stylize(PICTURE[0], PICTURE)),
        ("style", lambda: StyleClient(NOWHERE).stylize(PICTURE, PICTURE / 255)),
        ("iterations", lambda: StyleClient(NOWHERE).stylize(PICTURE, PICTURE, iterations=2.5)),
        ("iterations", lambda: StyleClient(NOWHERE).watch(PICTURE, PICTURE, iterations=0)),
        ("deadline", lambda: StyleClient(NOWHERE).stylize(PICTURE, PICTURE, deadline_seconds=0)),
    ],
)
def test_what_the_client_itself_refuses_is_named_too(name: str, call: Callable[[], object]):
    with pytest.raises(errors.RequestRefused) as caught:
        call()
    assert caught.value.input == name
    assert str(caught.value).startswith(f"{name}: ")
