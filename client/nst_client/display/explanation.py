"""What a run would send and cost, as a person reads it at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nst_client.display.words import bytes_in_words, printable, time_in_words

LABEL_WIDTH = 10  # columns
FILE_WIDTH = 10_000  # columns of what is no terminal: nothing is broken

Row = Sequence[str | Text]


def print_explanation(explanation: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints what `stylize.explain.explained` returned; by default to stdout."""
    console = Console(highlight=False) if console is None else console
    if not console.is_terminal:
        console.width = FILE_WIDTH
    for section in _sections(explanation):
        console.print(section)


def _sections(words: Mapping[str, Any]) -> Iterator[RenderableType]:
    longest = max(cell_len(_name(picture["file"])) for picture in (words["content"], *words["styles"]))
    styles = [_style(style) for style in words["styles"]]
    yield _section("content", [_picture(words["content"])], longest)
    yield _section("style" if len(styles) == 1 else "styles", styles, longest)
    if words["regions"]:
        yield _section("regions", [_region(region) for region in words["regions"]])
    if words["strength"]:
        mean, kept = (_percent(words["strength"][name]) for name in ("mean", "kept"))
        row = [_name(words["strength"]["file"]), f"{mean} on average", f"{kept} of the picture is kept exactly"]
        yield _section("strength", [row])
    if words["init_image"]:
        yield _section("start", [[_name(words["init_image"])]])
    if words["options"]:
        yield _section("options", [[", ".join(_option(*option) for option in words["options"].items())]])
    yield _section("plan", [[_size(level["width"], level["height"]), _count(level)] for level in words["plan"]])
    yield _section("request", [[bytes_in_words(words["request_bytes"]), "in each call, beside the state of the run"]])
    memory = f"about {bytes_in_words(words['memory_bytes'])}"
    yield _section("memory", [[memory, f"of features in {words['precision']}, on the server"]])
    yield _section("time", _time(words))


def _section(label: str, rows: Sequence[Row], first_width: int | None = None) -> Table:
    section = Table.grid(padding=(0, 2))
    section.add_column(width=LABEL_WIDTH, style="bold")
    section.add_column(min_width=first_width)
    for number, row in enumerate(rows):
        cells = (cell if isinstance(cell, Text) else Text(cell) for cell in row)  # a plain text would be markup
        section.add_row("" if number else label, *cells)
    return section


def _picture(words: Mapping[str, Any]) -> list[str]:
    sent, stored = words["size"], words["size_in_file"]
    return [_name(words["file"]), _size(*sent), "" if sent == stored else f"of {_size(*stored)} in the file"]


def _style(words: Mapping[str, Any]) -> list[str]:
    return [*_picture(words), "" if words["share"] in (None, 1.0) else _percent(words["share"])]


def _region(words: Mapping[str, Any]) -> list[str | Text]:
    colour = words["color"]
    swatch = Text("") if colour is None else Text("  ", style="on rgb({},{},{})".format(*colour))
    styles = " and ".join(map(_name, words["styles"])) or "keeps the content"
    return [swatch, printable(words["name"]), Text(_percent(words["share"]), justify="right"), styles]


def _time(words: Mapping[str, Any]) -> list[list[str]]:
    operations = [f"{words['operations'] / 1e12:.3g} TFLOP", f"in {words['iterations']} iterations"]
    seconds = words["reference_seconds"]
    if seconds is None:
        return [operations]
    return [[f"about {time_in_words(seconds)}", "on two cores with AVX512-BF16; far less on a GPU"], operations]


def _option(name: str, value: Any) -> str:
    shown = ",".join(f"{one:g}" if isinstance(one, float) else str(one) for one in _listed(value))
    return f"{name.replace('_', ' ')} {printable(shown)}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _count(level: Mapping[str, int]) -> str:
    return f"{level['iterations']} iteration{'' if level['iterations'] == 1 else 's'}"


def _name(file: str) -> str:
    return printable(Path(file).name)


def _size(width: int, height: int) -> str:
    return f"{width} x {height}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
