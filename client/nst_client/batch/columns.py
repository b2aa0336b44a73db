"""The columns of a batch's table."""

from __future__ import annotations

from nst_client.contract import MAX_REGIONS, MAX_STYLES, OPTIONS, numbered

REQUIRED = ("content", "style")
WHOLE = {"iterations": 1, "size": 0}  # the smallest that means something; a model may refuse more
OPTION_COLUMNS = tuple(name for name, option in OPTIONS.items() if not option.is_array)

# Those of which there may be several: style, style_2, ...
SERIES = {
    name: numbered(name, most)
    for name, most in {"style": MAX_STYLES, "mask": MAX_REGIONS, "style_mask": MAX_STYLES}.items()
}
COLUMNS = frozenset(
    ("content", *(name for names in SERIES.values() for name in names), "strength", "output", *WHOLE, *OPTION_COLUMNS)
)


def columns_in_words() -> str:
    """All of them, as a sentence names them."""
    series = [f"{name}, {names[1]} to {names[-1]}" for name, names in SERIES.items()]
    return ", ".join(["content", *series, "strength", "output", *WHOLE, *OPTION_COLUMNS])
