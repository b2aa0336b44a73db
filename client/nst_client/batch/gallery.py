"""A page to look through a batch, in one file that needs nothing but the pictures beside it."""

from __future__ import annotations

import base64
import codecs
import contextlib
import html
import io
import os
import string
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nst_client.batch.contact_sheet import read_thumbnail
from nst_client.contract import OPTIONS
from nst_client.display.words import printable, time_in_words
from nst_client.errors import FileError
from nst_client.files.written import check_can_write, replacing
from nst_client.jobs.job import Job
from nst_client.jobs.settings import Settings

NAME = "index.html"
THUMBNAIL = 240  # pixels of the longest side: two beside each other on a phone
MARK = '<meta name="generator" content="nst batch">'  # of a page that may be overwritten
QUALITY = 80  # of the thumbnails' JPEG: 15 kB each; Pillow's own 75 shows blocks in flat strokes


class Entry(NamedTuple):
    """A picture that is done."""

    job: Job
    seconds: float | None = None  # that it took; None where that is not recorded


class Failure(NamedTuple):
    """A picture that could not be made."""

    job: Job
    reason: str


# The page may load nothing: whatever a file is called, no script runs and nothing is fetched.
HEAD = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
$mark
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>
:root { --paper: #fff; --ink: #222; --faint: #666; --line: #ddd; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181b; --ink: #e6e6e6; --faint: #a0a4aa; --line: #383c42; --accent: #8ab8ff; }
}
body { margin: 0 auto; max-width: 100rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.4 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
a { color: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.pictures { display: grid; gap: .75rem .25rem; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  list-style: none; margin: 1rem -.5rem; padding: 0; }
@media (min-width: 40rem) {
  .pictures { grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
}
.pictures li { content-visibility: auto; contain-intrinsic-size: auto 18rem; padding: .5rem; }
figure { margin: 0; }
figure a { display: block; }
img { display: block; width: 100%; height: auto; max-height: 15rem; object-fit: contain; object-position: left; }
.unreadable { margin: 0; overflow-wrap: anywhere; padding: .75rem; border: 1px dashed var(--faint); }
figcaption { margin-top: .4rem; font-size: .875rem; overflow-wrap: anywhere; }
figcaption span { display: block; color: var(--faint); font-size: .8125rem; }
.failures { padding-left: 1.25rem; }
.failures li { margin-bottom: .5rem; overflow-wrap: anywhere; }
footer { border-top: 1px solid var(--line); color: var(--faint); font-size: .875rem; margin-top: 2rem;
  padding-top: .5rem; }
</style>
</head>
<body>
<header>
<h1>$title</h1>
""")


def check_page_is_ours(folder: Path) -> None:
    """Refuses a folder with a page that no batch wrote, or in which none can be written.

    Raises:
        FileError: it is such a folder.
    """
    file = folder / NAME
    check_can_write(file, (file.suffix,), "a page")
    with contextlib.suppress(FileNotFoundError, IsADirectoryError), file.open("rb") as page:
        if MARK.encode() not in page.read(1000):
            raise FileError(f"{file} is no page of a batch.", "Choose another output folder, or move it away.")


def write_gallery(folder: Path, entries: Iterable[Entry], failures: Sequence[Failure] = ()) -> Path:
    """Writes `index.html`, whole or not at all, and returns its path. One entry is in memory at a time.

    The page has a thumbnail of every result, which leads to the picture itself, and every failure with its
    reason. A result that cannot be read is said to be so.

    Args:
        folder: of the page; links lead from there to the pictures.
        entries: what is done; a generator will do.
        failures: what is not.

    Raises:
        FileError: the page cannot be written, and an older one is as it was.
    """
    file = folder / NAME
    place = folder.resolve()
    with replacing(file) as stream:
        page = codecs.getwriter("utf-8")(stream)
        page.write(HEAD.substitute(mark=MARK, title=_text(f"Pictures in {place.name or place}")))
        if failures:
            page.write(f'<p><a href="#failed">{len(failures)} failed</a></p>\n')
        page.write("</header>\n<main>\n")
        count = 0
        for count, entry in enumerate(entries, 1):
            page.write('<ul class="pictures">\n' if count == 1 else "")  # a list without items is none
            page.write(_entry(entry, place))
        page.write("</ul>\n" if count else "<p>No picture is done.</p>\n")
        if failures:
            page.write('<h2 id="failed">Failed</h2>\n<ul class="failures">\n')
            page.writelines(map(_failure, failures))
            page.write("</ul>\n")
        page.write(f"</main>\n<footer>{count} done, {len(failures)} failed.</footer>\n</body>\n</html>\n")
    return file


def _entry(entry: Entry, place: Path) -> str:
    job = entry.job
    names = _text(job.sources.title)
    try:
        image = read_thumbnail(job.output, THUMBNAIL, THUMBNAIL)
    except FileError as error:
        shown = f'<p class="unreadable">{_text(str(error))}</p>'
    else:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=QUALITY)
        data = base64.b64encode(buffer.getvalue()).decode()
        size = f'width="{image.width}" height="{image.height}"'
        shown = (
            f'<a href="{_link(job.output, place)}"><img src="data:image/jpeg;base64,{data}" {size} alt="{names}"></a>'
        )
    masks = [f"{role.replace('_', ' ')} {file.name}" for role, file in job.sources.masks_by_role.items()]
    words = [*_in_words(job.settings), *masks, *([] if entry.seconds is None else [time_in_words(entry.seconds)])]
    caption = ", ".join(_text(word).replace(" ", "&nbsp;") for word in words)  # a line ends between them
    return f"<li><figure>{shown}\n<figcaption>{names}<span>{caption}</span></figcaption></figure></li>\n"


def _failure(failure: Failure) -> str:
    return f"<li>{_text(failure.job.sources.title)}: {_text(failure.reason)}</li>\n"


def _in_words(settings: Settings) -> list[str]:
    size = f"{settings.size} pixels" if settings.size else "the pictures' own size"
    given: Mapping[str, Any] = {**settings.options}
    options = [f"{name.replace('_', ' ')} {OPTIONS[name].shown(value)}" for name, value in given.items()]
    count = [] if settings.iterations is None else [f"{settings.iterations} iterations"]
    return [*count, size, *options]


def _link(file: Path, place: Path) -> str:
    """From the page to a file, wherever both are moved together."""
    return urllib.parse.quote(os.fsencode(os.path.relpath(file.parent.resolve() / file.name, place)))


def _text(words: str) -> str:
    """Words as a page may have them, also as the value of an attribute."""
    return html.escape(printable(words))
