"""One run from files to files: what it reads, what it writes, and with which settings."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nst_client.jobs.settings import Settings


def numbered(name: str, count: int) -> list[str]:
    """What several of a kind are called: style, style_2, ..."""
    return [name if number == 1 else f"{name}_{number}" for number in range(1, count + 1)]


class Sources(NamedTuple):
    """The picture files that a run reads."""

    content: Path
    styles: tuple[Path, ...]  # one or more
    masks: tuple[Path, ...] = ()
    init: Path | None = None  # the picture to start from

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.content, *self.styles, *self.masks, *([] if self.init is None else [self.init]))

    def by_role(self) -> dict[str, Path]:
        """All of them by what they are for: content, style, style_2, ..., mask, mask_2, ..., init_image."""
        styles, masks = numbered("style", len(self.styles)), numbered("mask", len(self.masks))
        names = ["content", *styles, *masks, *([] if self.init is None else ["init_image"])]
        return dict(zip(names, self.files, strict=True))

    @property
    def title(self) -> str:
        """What a person calls the run."""
        return f"{self.content.name} in the manner of {' and '.join(style.name for style in self.styles)}"


class Job(NamedTuple):
    """A run, before anything is read."""

    sources: Sources
    output: Path  # its folder need not exist yet
    settings: Settings
