"""One run from files to files: what it reads, what it writes, and with which settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from nst_client.contract import numbered
from nst_client.jobs.settings import Settings

ROLE = re.compile("content|(style|mask|style_mask)(_[0-9]+)?|strength|init_image")  # a key of `Sources.by_role`


class Sources(NamedTuple):
    """The picture files that a run reads."""

    content: Path
    styles: tuple[Path, ...]  # one or more
    masks: tuple[Path, ...] = ()  # of the content: see regions.py
    style_masks: tuple[Path, ...] = ()  # none, or one for each style
    strength: Path | None = None  # how much each place may change
    init: Path | None = None  # the picture to start from

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return tuple(self.by_role().values())

    @property
    def masks_by_role(self) -> dict[str, Path]:
        """What says where to paint: mask, mask_2, ..., style_mask, ..., strength."""
        roles = [
            *zip(numbered("mask", len(self.masks)), self.masks, strict=True),
            *zip(numbered("style_mask", len(self.style_masks)), self.style_masks, strict=True),
        ]
        return dict(roles) if self.strength is None else {**dict(roles), "strength": self.strength}

    def by_role(self) -> dict[str, Path]:
        """All of them by what they are for: content, style, style_2, ..., then the masks, and init_image."""
        styles = zip(numbered("style", len(self.styles)), self.styles, strict=True)
        init = {} if self.init is None else {"init_image": self.init}
        return {"content": self.content, **dict(styles), **self.masks_by_role, **init}

    @property
    def title(self) -> str:
        """What a person calls the run."""
        return f"{self.content.name} in the manner of {' and '.join(style.name for style in self.styles)}"


class Job(NamedTuple):
    """A run, before anything is read."""

    sources: Sources
    output: Path  # its folder need not exist yet
    settings: Settings
