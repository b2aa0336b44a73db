"""The page of a batch shows every result and failure, whatever they are called, and stands on its own."""

from __future__ import annotations

import base64
import io
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from nst_client.batch.gallery import Entry, Failure, write_gallery
from nst_client.errors import FileError
from nst_client.jobs.job import Job
from nst_client.jobs.settings import Settings
from tests.client.batch.journals import job_of

SETTINGS = Settings(200, 512, {"style_weight": 2.5, "tv_weight": 0.0})
WITHOUT_END = {"meta", "img"}


class Element(NamedTuple):
    """An element of a page, with all the text in it."""

    tag: str
    attributes: dict[str, str | None]
    text: list[str]


class Page(HTMLParser):
    """A page whose every element must be closed."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(file.read_text(encoding="utf-8"))
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in WITHOUT_END:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop().tag == tag

    def handle_data(self, data):
        for element in self._open:
            element.text.append(data)

    def texts(self, tag: str) -> list[str]:
        return [" ".join("".join(element.text).split()) for element in self.elements if element.tag == tag]

    def values(self, tag: str, name: str) -> list[str]:
        return [element.attributes.get(name) or "" for element in self.elements if element.tag == tag]


def result(file: Path, size: tuple[int, int] = (400, 300)) -> Job:
    """A job whose result is there."""
    file.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (200, 10, 20)).save(file)
    return job_of(Path("photos/photo.jpg"), Path("wave.png"), file, SETTINGS)


def test_every_result_has_a_thumbnail_a_link_its_names_settings_and_time(tmp_path: Path):
    pairs = [result(tmp_path / "one.png"), result(tmp_path / "sub" / "two.png", (300, 600))]
    file = write_gallery(tmp_path, [Entry(pairs[0], 67.2), Entry(pairs[1]._replace(settings=Settings(1, 0)))])
    assert file == tmp_path / "index.html"
    page = Page(file)
    assert page.values("a", "href") == ["one.png", "sub/two.png"]
    assert page.values("img", "alt") == ["photo.jpg in the manner of wave.png"] * 2
    assert page.texts("figcaption") == [
        "photo.jpg in the manner of wave.png200 iterations, 512 pixels, style weight 2.5, tv weight 0, 67 s",
        "photo.jpg in the manner of wave.png1 iterations, the pictures' own size",
    ]
    assert page.texts("footer") == ["2 done, 0 failed."]
    sizes = list(zip(page.values("img", "width"), page.values("img", "height"), strict=True))
    assert sizes == [("240", "180"), ("120", "240")]
    for source, size in zip(page.values("img", "src"), sizes, strict=True):
        kind, data = source.split(",")
        assert kind == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert (image.format, *map(str, image.size)) == ("JPEG", *size)
            assert all(abs(got - sent) < 10 for got, sent in zip(image.getpixel((5, 5)), (200, 10, 20), strict=True))


def test_failures_are_listed_with_their_reasons_and_found_from_the_top(tmp_path: Path):
    job = result(tmp_path / "one.png")
    page = Page(write_gallery(tmp_path, [], [Failure(job, "There is no file photo.jpg."), Failure(job, "a < b & c")]))
    assert page.texts("a") == ["2 failed"]
    assert page.values("a", "href") == ["#failed"]
    assert page.values("h2", "id") == ["failed"]
    assert page.texts("li") == [
        "photo.jpg in the manner of wave.png: There is no file photo.jpg.",
        "photo.jpg in the manner of wave.png: a < b & c",
    ]
    assert "No picture is done." in page.texts("p")
    assert page.texts("footer") == ["0 done, 2 failed."]


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)<",
        '"><img src=x onerror=alert(1)>',
        "' onload='x",
        "a&amp;b",
        "50% #1? a+b;c=d",
        "javascript:alert(1)",
        "日本 ä",
        "line\nbreak\ttab",
        "\u202egnp.exe",
        "half \udcff",
        "-- $title ${x} {0} %s",
    ],
)
def test_no_name_breaks_the_page_or_its_link(tmp_path: Path, name: str):
    job = result(tmp_path / "out" / f"{name}.png")
    job = job._replace(sources=job.sources._replace(content=Path(f"{name}.jpg")))
    page = Page(write_gallery(tmp_path / "out", [Entry(job, 1)], [Failure(job, name)]))
    tags = [element.tag for element in page.elements]
    assert (tags.count("img"), tags.count("a"), tags.count("script")) == (1, 2, 0)
    assert {key for element in page.elements for key in element.attributes} <= {
        *("lang", "charset", "name", "content", "http-equiv", "class", "id"),
        *("href", "src", "width", "height", "alt"),
    }
    link = page.values("a", "href")[1]
    assert link.isascii()
    parts = urllib.parse.urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert urllib.parse.unquote_to_bytes(parts.path) == f"{name}.png".encode(errors="surrogateescape")
    if name.isprintable():
        assert page.values("img", "alt") == [f"{name}.jpg in the manner of wave.png"]


def test_a_folder_may_have_any_name_and_be_reached_by_a_link(tmp_path: Path):
    folder = tmp_path / "<i>$title & all"
    job = result(folder / "one.png")
    (tmp_path / "link").symlink_to(folder)
    linked = job._replace(output=tmp_path / "link" / "one.png")
    page = Page(write_gallery(tmp_path / "link", [Entry(job), Entry(linked)]))
    assert page.texts("h1") == page.texts("title") == ["Pictures in <i>$title & all"]
    assert page.values("a", "href") == ["one.png", "one.png"]


def test_a_result_that_cannot_be_read_is_said_to_be_so_and_the_others_are_shown(tmp_path: Path):
    broken, missing, whole = (result(tmp_path / f"{name}.png") for name in ("broken", "missing", "whole"))
    broken.output.write_text("a diary")
    missing.output.unlink()
    page = Page(write_gallery(tmp_path, map(Entry, [broken, missing, whole])))
    assert page.values("a", "href") == ["whole.png"]
    unreadable = ["".join(one.text) for one in page.elements if one.attributes.get("class") == "unreadable"]
    assert unreadable == [f"{broken.output} is text, not a picture.", f"There is no file {missing.output}."]
    assert len(page.texts("figcaption")) == 3


def test_the_page_needs_no_other_file_and_no_script_and_fits_phones_and_the_dark(tmp_path: Path):
    file = write_gallery(tmp_path, [Entry(result(tmp_path / "one.png"))])
    text = file.read_text()
    assert "://" not in text
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
    assert ":focus-visible" in text
    page = Page(file)
    assert not {"script", "link", "iframe", "object"} & {element.tag for element in page.elements}
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert {"width=device-width, initial-scale=1", "light dark", policy} <= set(page.values("meta", "content"))
    assert page.values("html", "lang") == ["en"]


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path):
    job = result(tmp_path / "one.png")
    (tmp_path / "index.html").write_text("an older page")

    def entries():
        yield Entry(job)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_gallery(tmp_path, entries())
    assert (tmp_path / "index.html").read_text() == "an older page"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["index.html", "one.png"]


def test_who_reads_the_older_page_meanwhile_sees_it_whole(tmp_path: Path):
    (tmp_path / "index.html").write_text("an older page")
    with (tmp_path / "index.html").open() as reader:
        write_gallery(tmp_path, [])
        assert reader.read() == "an older page"
    assert (tmp_path / "index.html").read_text().startswith("<!DOCTYPE html>")


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path):
    with pytest.raises(FileError, match=r"index\.html cannot be written: No such file or directory"):
        write_gallery(tmp_path / "nowhere", [])
    (tmp_path / "index.html").mkdir()
    with pytest.raises(FileError, match="Is a directory"):
        write_gallery(tmp_path, [])
    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]


def test_a_full_disk_leaves_the_older_page(tmp_path: Path, python):
    (tmp_path / "index.html").write_text("an older page")
    code = """
import resource, sys
from pathlib import Path
from nst_client.batch.gallery import write_gallery
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_gallery(Path(sys.argv[1]), [])
except Exception as error:
    print(type(error).__name__, error)
"""
    done = python(code, tmp_path)
    assert done.stdout == f"FileError {tmp_path}/index.html cannot be written: File too large.\n", done.stderr
    assert [file.read_text() for file in tmp_path.iterdir()] == ["an older page"]


def test_memory_does_not_grow_with_the_entries(tmp_path: Path):
    import tracemalloc

    job = result(tmp_path / "one.png")
    written = []

    def entries(count: int):
        for _ in range(count):
            (temporary,) = tmp_path.glob(".nst-*")
            written.append(temporary.stat().st_size)
            yield Entry(job)

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            write_gallery(tmp_path, entries(count))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(10)
    many = peak(60)
    assert written[-1] > 0.8 * (tmp_path / "index.html").stat().st_size > 80_000  # on disk long before the end
    assert many < few + 50_000
