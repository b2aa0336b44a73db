"""The options that several commands share: those of a run, made from the table, and single ones."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from nst_client import contract
from nst_client.contract import INIT_WORDS, OPTIONS, Options
from nst_client.option import Option

Command = Callable[..., None]

PANEL: dict[str, Any] = {"rich_help_panel": "Recipe"}

Init = Annotated[
    str | None,
    typer.Option(
        metavar="WORD|FILE",
        help=f"What to start from: {', '.join(INIT_WORDS)}, or a picture's file.",
        show_default="the preset's",
        **PANEL,
    ),
]

WHERE: dict[str, Any] = {"metavar": "FILE", "show_default": False, "rich_help_panel": "What goes where"}

Masks = Annotated[
    list[Path],
    typer.Option(
        help="Where to paint: flat colours, light to dark a style each, and the darkest may keep the content; or shades"
        " of grey or transparency for soft edges. Several: one for each style, which takes what is white.",
        **WHERE,
    ),
]
StyleMasks = Annotated[
    list[Path],
    typer.Option(help="One for each style: each colour of the mask takes what has the same colour here.", **WHERE),
]
Strength = Annotated[
    Path | None,
    typer.Option(help="How much each place may change: white freely, black not at all.", **WHERE),
]

DEFAULT_ITERATIONS = f"as published; {contract.DEFAULT_ITERATIONS} for the preset nst"

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

    parameters = [parameter_of(option) for option in OPTIONS.values() if not option.is_array]
    parameters[[one.name for one in parameters].index("init")] = keyword("init", Init, None)
    return spread(command, "options", parameters, given)


def picture_to_start_from(options: Options) -> tuple[Options, Path | None]:
    """Takes apart what --init says: a word that the model knows, or a picture's path, which is no option's value."""
    word = options.get("init")
    if word is None or word in INIT_WORDS:
        return options, None
    rest: Any = {name: value for name, value in options.items() if name != "init"}
    return rest, Path(word)


def parameter_of(option: Option) -> inspect.Parameter:
    """A row of the table as a parameter of a command; None is the model's to choose."""
    rule = f"one of {option.range}" if option.choices else option.range
    words = f"{option.meaning} {rule[:1].upper()}{rule[1:]}." if rule else option.meaning
    kind = "VALUE,..." if option.is_list else "WORD" if option.choices else f"<{option.type.__name__}>"
    info: dict[str, Any] = {"help": words, "show_default": option.default_in_words, "metavar": kind, **PANEL}
    flags = [f"--{option.flag}"] if option.flag else []
    # Not the row's own type: a list of typer's is an option that may be repeated, and these values belong together.
    return keyword(option.name, Annotated[str | None, typer.Option(*flags, parser=parser_of(option), **info)], None)


def parser_of(option: Option) -> Callable[[str], Any]:
    """What reads a row's value; typer would begin a ValueError's text with words of its own."""

    def parsed(text: str) -> Any:
        try:
            return option.parsed(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return parsed


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
