"""Pictures decoded once: small uint8 arrays in one file, with a table of what they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from training.errors import TrainingError

LONGEST_SIDE = 640  # pixels: crops come from all scales below it
SHORTEST_SIDE = 96  # a smaller picture holds no crop
FLATTEST = 6.0  # pixel levels: with less spread than this there is nothing to see
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tga", ".bmp", ".dds")

ARRAYS = "pictures.u8"
TABLE = "pictures.json"


class Source(NamedTuple):
    """A folder of pictures of one kind."""

    folder: Path
    share: float  # of the crops, in proportion to the other sources'


class Entry(NamedTuple):
    """Where a picture lies in the file."""

    source: int
    offset: int  # bytes
    height: int
    width: int
    channels: int  # 3, or 4 with an opacity


class Pictures:
    """A cache to read from: `pictures[i]` is uint8[height, width, 3 or 4]."""

    def __init__(self, folder: Path) -> None:
        """Maps the file into memory; processes that do so share it."""
        try:
            table = json.loads((folder / TABLE).read_text(encoding="utf-8"))
            self._bytes = np.memmap(folder / ARRAYS, np.uint8, "r")
        except (OSError, ValueError) as error:
            remedy = "Make it with `python -m training pictures`."
            raise TrainingError(f"{folder} holds no picture cache: {error}.", remedy) from error
        self.shares: list[float] = table["shares"]
        self.names: list[str] = table["names"]
        self.entries = [Entry(*entry) for entry in table["entries"]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.entries)

    def __getitem__(self, index: int) -> np.ndarray:
        """One picture: uint8[height, width, 3 or 4]."""
        entry = self.entries[index]
        shape = entry.height, entry.width, entry.channels
        return self._bytes[entry.offset : entry.offset + int(np.prod(shape))].reshape(shape)


class Report(NamedTuple):
    """What became of the files."""

    kept: list[int]  # pictures by source
    unreadable: list[str]  # a sentence each


def write_pictures(
    folder: Path, sources: Sequence[Source], *, most: int, drawn: Iterable[np.ndarray] = (), drawn_share: float = 0.0
) -> Report:
    """Decodes every source's pictures into `folder`; a file that cannot be read is named and skipped.

    Args:
        folder: of the cache, made if there is none.
        sources: the folders, searched in depth.
        most: pictures taken of a source, evenly spread over its sorted files.
        drawn: uint8[height, width, 3] pictures that come from no file.
        drawn_share: theirs, as in `Source`.

    Raises:
        TrainingError: a source has no picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    unreadable: list[str] = []
    kept = []
    with (folder / f"{ARRAYS}.part").open("wb") as file:
        for number, source in enumerate(sources):
            before = len(entries)
            for picture in _decoded(source.folder, most, unreadable):
                _append(file, entries, number, picture)
            if len(entries) == before:
                raise TrainingError(f"{source.folder} holds no picture.", f"Name folders of {', '.join(SUFFIXES)}.")
            kept.append(len(entries) - before)
        for picture in drawn:
            _append(file, entries, len(sources), picture)
    shares = [source.share for source in sources] + [drawn_share] * (len(entries) > sum(kept))
    names = [str(source.folder) for source in sources] + ["drawn"] * (len(entries) > sum(kept))
    (folder / TABLE).write_text(json.dumps({"shares": shares, "names": names, "entries": entries}), encoding="utf-8")
    (folder / f"{ARRAYS}.part").replace(folder / ARRAYS)
    return Report(kept, unreadable)


def _append(file: BinaryIO, entries: list[Entry], source: int, picture: np.ndarray) -> None:
    offset = file.tell()
    file.write(np.ascontiguousarray(picture).tobytes())
    entries.append(Entry(source, offset, *picture.shape))


def _decoded(folder: Path, most: int, unreadable: list[str]) -> Iterator[np.ndarray]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    for place in np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int)):
        try:
            picture = decoded_picture(files[place])
        except Exception as error:  # noqa: BLE001  (Pillow raises a dozen kinds for damaged files)
            unreadable.append(f"{files[place]} cannot be read and is left out: {error}")
            continue
        if min(picture.shape[:2]) >= SHORTEST_SIDE and picture[..., :3].std() >= FLATTEST:
            yield picture


def whole_picture(file: Path) -> np.ndarray:
    """uint8[height, width, 3] at its own size.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{file} cannot be read: {error}.", "Name a picture.") from error


def decoded_picture(file: Path) -> np.ndarray:
    """uint8[height, width, 3], or 4 where part of it is transparent, no side above `LONGEST_SIDE`."""
    with Image.open(file) as image:
        image.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        whole = image.convert("RGBA" if image.has_transparency_data else "RGB")
    factor = min(1.0, LONGEST_SIDE / max(whole.size))
    size = max(1, round(whole.width * factor)), max(1, round(whole.height * factor))
    picture = np.asarray(whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
    if picture.shape[2] == 4 and picture[..., 3].min() > 250:
        return picture[..., :3]
    return picture
