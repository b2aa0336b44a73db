"""An outline as a drawing: Mermaid, which GitHub and many editors show, or SVG, which browsers show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from nst_export.errors import SavedModelError
from nst_export.toolkit.outline import Part

COLOURS = {"signature": "#0b6e4f", "function": "#30475e", "loop": "#b3541e", "branch": "#6b5b95", "again": "#888888"}
SHAPES = {"signature": '(["{}"])', "function": '["{}"]', "loop": '{{{{"{}"}}}}', "branch": '>"{}"]', "again": '["{}"]'}

ROW, STEP, MARGIN = 22, 24, 12  # pixels: height of a row, indentation of a level, around the drawing
LETTER = 7.3  # pixels: more than the mean width of a letter in the drawing's font
STYLE = "text{font:13px system-ui,sans-serif}.ops{fill:#777}path{fill:none;stroke:#bbb;shape-rendering:crispEdges}"


def write_drawing(file: Path, title: str, parts: Sequence[Part]) -> None:
    """Writes an outline in the format that the file's suffix names.

    Raises:
        SavedModelError: there is no such format, or the file cannot be written.
    """
    draw = FORMATS.get(file.suffix.lower())
    if draw is None:
        raise SavedModelError(
            f"{file}: no drawing has this suffix.", f"Name a file that ends in {' or '.join(FORMATS)}."
        )
    try:
        file.write_text(draw(title, parts), encoding="utf-8")
    except OSError as error:
        raise SavedModelError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error


def mermaid(title: str, parts: Sequence[Part]) -> str:
    """A flow chart, from left to right."""
    lines = ["---", f"title: {_quoted(title)}", "---", "flowchart LR"]
    numbers: dict[int, int] = {}  # by the level, the last part drawn there
    for number, (level, part) in enumerate(_flat(parts)):
        numbers[level] = number
        lines.append(f"  n{number}{SHAPES[part.kind].format(_quoted(_label(part)))}:::{part.kind}")
        if level:
            lines.append(f"  n{numbers[level - 1]} --> n{number}")
    lines += [f"  classDef {kind} stroke:{colour}" for kind, colour in COLOURS.items()]
    return "\n".join(lines) + "\n"


def svg(title: str, parts: Sequence[Part]) -> str:
    """A tree, a row for each part."""
    rows = list(_flat(parts))
    longest = max([len(title), *(level * STEP / LETTER + len(_label(part)) for level, part in rows)])
    width, height = round(2 * MARGIN + longest * LETTER), 2 * MARGIN + ROW * (len(rows) + 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 14}" font-weight="bold">{escape(title)}</text>',
    ]
    above: dict[int, int] = {}  # by the level, the middle of the last row there
    for number, (level, part) in enumerate(rows, start=1):
        x, middle = MARGIN + level * STEP, MARGIN + number * ROW + ROW // 2
        above[level] = middle
        if level:
            lines.append(f'<path d="M{x - STEP + 4} {above[level - 1] + 7}V{middle}H{x - 4}"/>')
        ops = f'<tspan class="ops" dx="8">{escape(_details(part))}</tspan>'
        lines.append(f'<text x="{x}" y="{middle + 4}" fill="{COLOURS[part.kind]}">{escape(part.title)}{ops}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


FORMATS: Mapping[str, Callable[[str, Sequence[Part]], str]] = {".svg": svg, ".mmd": mermaid, ".mermaid": mermaid}


def _flat(parts: Sequence[Part], level: int = 0) -> Iterator[tuple[int, Part]]:
    for part in parts:
        yield level, part
        yield from _flat(part.parts, level + 1)


def _label(part: Part) -> str:
    return f"{part.title}: {_details(part)}"


def _details(part: Part) -> str:
    if part.kind == "again":
        return "see above"
    return f"{part.nodes} {'op' if part.nodes == 1 else 'ops'}{f', {part.ops}' if part.ops else ''}"


def _quoted(text: str) -> str:
    """Without what ends a text in Mermaid."""
    return text.replace('"', "#quot;").replace("\n", " ").replace("<", "#lt;")
