"""Numbers and names as a person reads them on a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len

GAP = "  "  # between the parts of a line of the live display


def rate_in_words(iterations_per_second: float) -> str:
    """1.2/s; the other way round where that is less than one."""
    if iterations_per_second >= 1:
        return f"{iterations_per_second:.1f}/s"
    return f"{1 / iterations_per_second:.1f} s/iteration"


def time_in_words(seconds: float) -> str:
    """67 s, 2 min 5 s, 1 h 12 min, 3 d 4 h: more than two units would be more than an estimate knows."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes < 60:
        return f"{minutes} min {whole % 60} s"
    return f"{hours} h {minutes % 60} min" if hours < 24 else f"{days} d {hours % 24} h"


def clock_in_words(seconds: float) -> str:
    """0:07, 12:30, 1:02:03, as a stopwatch shows it."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bytes_in_words(count: float) -> str:
    """580 kB, 1.9 MB, 2.25 GB: three digits, in powers of a thousand."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} bytes"


def size_in_words(size: tuple[int, int]) -> str:
    """At 128 x 96: width and height, as everybody names them."""
    return f"at {size[0]} x {size[1]}"


def losses_in_words(losses: Mapping[str, float]) -> list[str]:
    """Each loss after its name, always with three digits so that they do not jump about."""
    return [f"{name.replace('_', ' ')} {f'{loss:#.3g}'.rstrip('.')}" for name, loss in losses.items()]


def printable(text: str) -> str:
    """The text on one line; what a file name may contain and a terminal would obey becomes a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)


def shortened(name: str, width: int) -> str:
    """The name in at most `width` columns; its beginning and its end, where numbers and suffixes are, stay."""
    if cell_len(name) <= width:
        return name
    if width <= 3:
        return "." * max(width, 0)
    end = (width - 3) // 2
    return f"{_beginning(name, width - 3 - end)}...{_beginning(name[::-1], end)[::-1]}"


def packed(parts: Iterable[str], width: int) -> list[str]:
    """The parts on as few lines of `width` columns as they fit on, none of them broken."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1] + GAP + part) <= width:
            lines[-1] += GAP + part
        else:
            lines.append(part)
    return [shortened(line, width) for line in lines]


def _beginning(text: str, width: int) -> str:
    taken = ""
    for character in text:
        if cell_len(taken + character) > width:
            break
        taken += character
    return taken
