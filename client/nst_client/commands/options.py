"""The options that several commands share: those of a run, made from the table, and single ones."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_type_hints

import typer

from nst_client.contract import OPTIONS, Option

Command = Callable[..., None]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Deadline = Annotated[
    float | None,
    typer.Option(
        min=0.001,
        help="Repeat a call that takes so many seconds with fewer iterations; give up at one iteration.",
        show_default="by size and iterations",
    ),
]


def run_options(command: Command) -> Command:
    """Gives a command an option for each row of the table; its argument `options` has those that were given."""

    def given(**values: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None}

    return spread(command, "options", [parameter_of(option) for option in OPTIONS.values()], given)


def parameter_of(option: Option) -> inspect.Parameter:
    """A row of the table as a parameter of a command; None is the model's to choose."""
    words = f"{option.meaning.rstrip('.')}, {option.range}." if option.range else option.meaning
    info: dict[str, Any] = {"help": words, "show_default": "the model's"}
    kind = option.type
    if option.is_list:  # a list of typer's own is an option that may be repeated: these values belong together
        info |= {"metavar": "VALUE,...", "parser": option.parsed}
        kind = str
    return keyword(option.name, Annotated[kind | None, typer.Option(**info)], None)


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """A parameter that is passed by its name."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def spread(command: Command, name: str, parameters: Sequence[inspect.Parameter], gather: Callable[..., Any]) -> Command:
    """A command with several parameters in the place of one, as typer reads them.

    Args:
        command: has the one among its parameters that are passed by name.
        name: of the one.
        parameters: in its place.
        gather: what makes the one's value of theirs.
    """
    signature, hints = inspect.signature(command), get_type_hints(command, include_extras=True)
    shown: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        shown += parameters if parameter.name == name else [parameter.replace(annotation=hints[parameter.name])]

    @functools.wraps(command)
    def spread_out(**values: Any) -> None:
        theirs = {parameter.name: values.pop(parameter.name) for parameter in parameters}
        command(**values, **{name: gather(**theirs)})

    spread_out.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    spread_out.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    return spread_out
