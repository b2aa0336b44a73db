"""A contact sheet shows every result where it belongs, whatever there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from nst_client.batch.contact_sheet import GREY, MAX_PIXELS, MAX_SIDE, read_thumbnail, write_contact_sheet
from nst_client.errors import FileError, PictureError
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.settings import Settings
from tests.client.batch.journals import job_of

SETTINGS = Settings(20, 64)
GAP = MAX_SIDE // 20
WHITE = (255, 255, 255)
RED, GREEN, BLUE = (200, 10, 20), (10, 200, 20), (10, 20, 200)

# Of the cells of a sheet of few pictures, twice as wide as high, with a caption of 16 pixels * 3 / 2.
CELL_WIDTH, CELL_HEIGHT, CAPTION = 320, 160, 24


def plain(file: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 20)) -> Path:
    Image.new("RGB", size, colour).save(file)
    return file


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def centre(sheet: np.ndarray, row: int, column: int, header: int = 0) -> tuple[int, ...]:
    """The colour in the middle of a cell."""
    top = GAP + row * (CELL_HEIGHT + CAPTION + GAP) + (header if row else 0)
    left = GAP + column * (CELL_WIDTH + GAP) + (header if column else 0)
    return tuple(map(int, sheet[top + CELL_HEIGHT // 2, left + CELL_WIDTH // 2]))


@pytest.fixture
def table(tmp_path: Path) -> list[Job]:
    """Two contents by three styles, every picture in a colour of its own."""
    contents = [plain(tmp_path / f"c{row}.png", (200, 100 * row, 0)) for row in range(2)]
    styles = [plain(tmp_path / f"s{column}.png", (0, 100 * column, 200)) for column in range(3)]
    return [
        job_of(content, style, plain(tmp_path / f"{row}{column}.png", (100, 100 * row, 100 * column)), SETTINGS)
        for row, content in enumerate(contents)
        for column, style in enumerate(styles)
    ]


def check_table(file: Path) -> None:
    sheet = pixels(file)
    assert centre(sheet, 0, 0) == WHITE
    for row in range(2):
        assert centre(sheet, row + 1, 0, GAP) == (200, 100 * row, 0)
        for column in range(3):
            assert centre(sheet, 0, column + 1, GAP) == (0, 100 * column, 200)
            assert centre(sheet, row + 1, column + 1, GAP) == (100, 100 * row, 100 * column)


def test_rows_are_contents_and_columns_are_styles_with_both_at_the_head(tmp_path: Path, table: list[Job]):
    write_contact_sheet(tmp_path / "sheet.png", table)
    assert pixels(tmp_path / "sheet.png").shape[:2] == (
        2 * GAP + 3 * (CELL_HEIGHT + CAPTION + GAP),
        2 * GAP + 4 * (CELL_WIDTH + GAP),
    )
    check_table(tmp_path / "sheet.png")


def test_the_order_of_the_pairs_does_not_matter_to_a_table(tmp_path: Path, table: list[Job]):
    write_contact_sheet(tmp_path / "sheet.png", [table[index] for index in (5, 0, 1, 2, 3, 4)])
    sheet = pixels(tmp_path / "sheet.png")
    assert centre(sheet, 1, 1, GAP) == (100, 100, 200)  # c1 and s2 came first
    assert centre(sheet, 2, 2, GAP) == (100, 0, 0)  # then c0 and s0


@pytest.mark.parametrize("chosen", [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 4], [0, 4]], ids=["gap", "twice", "diagonal"])
def test_pairs_that_are_no_table_fill_a_grid_in_their_order(tmp_path: Path, table: list[Job], chosen: list[int]):
    write_contact_sheet(tmp_path / "sheet.png", [table[index] for index in chosen])
    sheet = pixels(tmp_path / "sheet.png")
    columns = 2 if len(chosen) > 2 else 1
    for place, index in enumerate(chosen):
        row, column = divmod(index, 3)
        assert centre(sheet, *divmod(place, columns)) == (100, 100 * row, 100 * column)
    assert sheet.shape[1] == GAP + columns * (CELL_WIDTH + GAP)


def test_runs_of_several_styles_or_with_masks_make_a_grid(tmp_path: Path, table: list[Job]):
    mask = table[0].sources._replace(masks=(tmp_path / "mask.png",))
    styles = table[0].sources._replace(styles=table[0].sources.styles + table[1].sources.styles)
    for sources in (mask, styles):
        write_contact_sheet(tmp_path / "sheet.png", [table[0]._replace(sources=sources), *table[1:]])
        assert centre(pixels(tmp_path / "sheet.png"), 0, 0) == (100, 0, 0)  # no row of styles at the head


def test_columns_that_are_asked_for_make_a_grid(tmp_path: Path, table: list[Job]):
    write_contact_sheet(tmp_path / "sheet.png", table, columns=5)
    sheet = pixels(tmp_path / "sheet.png")
    assert [centre(sheet, *place)[1:] for place in [(0, 0), (0, 4), (1, 0)]] == [(0, 0), (100, 100), (100, 200)]
    assert centre(sheet, 1, 1) == WHITE


def test_many_contents_with_one_style_make_a_grid_and_no_ribbon(tmp_path: Path, table: list[Job]):
    def pairs(count: int) -> list[Job]:
        (style,) = table[0].sources.styles
        return [table[0]._replace(sources=Sources(tmp_path / f"{index}.jpg", (style,))) for index in range(count)]

    write_contact_sheet(tmp_path / "twelve.png", pairs(12))
    height, width, _ = pixels(tmp_path / "twelve.png").shape
    assert height > 5 * width
    write_contact_sheet(tmp_path / "thirteen.png", pairs(13))
    height, width, _ = pixels(tmp_path / "thirteen.png").shape
    assert 0.7 < width / height < 1.4


def test_names_are_written_below_and_shortened_to_their_cells(tmp_path: Path, table: list[Job]):
    def ink_rows(names: Sequence[str]) -> np.ndarray:
        pairs = [
            job._replace(output=plain(tmp_path / f"{name}.png", RED)) for job, name in zip(table, names, strict=False)
        ]
        write_contact_sheet(tmp_path / "sheet.png", [*pairs, pairs[0]], columns=1)
        below = pixels(tmp_path / "sheet.png")[GAP + CELL_HEIGHT : GAP + CELL_HEIGHT + CAPTION]
        return (below != 255).any(axis=(0, 2)).nonzero()[0] - GAP

    short = ink_rows(["photo"])
    assert CELL_WIDTH // 2 - 40 < short[0] < short[-1] < CELL_WIDTH // 2 + 40
    long = ink_rows(["photo" * 30])
    assert 0 <= long[0] < 20
    assert CELL_WIDTH - 20 < long[-1] < CELL_WIDTH
    assert len(ink_rows(["фото\n\u202e画\udcff"])) > 10  # a line break, an order to read backwards, half a character


def test_pictures_keep_their_shape_in_the_middle_of_their_cells(tmp_path: Path, table: list[Job]):
    plain(table[0].output, RED, (20, 40))
    write_contact_sheet(tmp_path / "sheet.png", table, columns=3)
    cell = pixels(tmp_path / "sheet.png")[GAP : GAP + CELL_HEIGHT, GAP : GAP + CELL_WIDTH]
    red = (cell == RED).all(axis=-1)
    assert red[:, 120:200].all()
    assert not red[:, :120].any()
    assert not red[:, 200:].any()


def test_a_broken_a_missing_and_a_foreign_result_are_grey_with_a_cross(tmp_path: Path, table: list[Job]):
    table[0].output.write_bytes(table[0].output.read_bytes()[:60])
    table[1].output.unlink()
    table[2].output.write_text("a diary")
    table[3].sources.content.unlink()
    write_contact_sheet(tmp_path / "sheet.png", table)
    sheet = pixels(tmp_path / "sheet.png")
    for column in (1, 2, 3):
        middle = centre(sheet, 1, column, GAP)
        assert middle == (160, 160, 160)
        assert tuple(sheet[GAP * 3 + CELL_HEIGHT + CAPTION + 80, GAP * 2 + column * (CELL_WIDTH + GAP) + 40]) == GREY
    assert centre(sheet, 2, 0, GAP) == (160, 160, 160)
    assert centre(sheet, 2, 3, GAP) == (100, 100, 200)


@pytest.mark.parametrize(("count", "columns", "suffix"), [(400, None, ".jpg"), (1000, 1, ".jpg"), (600, 600, ".webp")])
def test_a_sheet_stays_within_its_pixels_and_its_formats_sides(tmp_path: Path, count: int, columns, suffix: str):
    one = plain(tmp_path / "one.png", BLUE, (12, 12))
    file = tmp_path / f"sheet{suffix}"
    write_contact_sheet(file, [job_of(one, one, one, SETTINGS)] * count, columns)
    with Image.open(file) as sheet:
        assert sheet.width * sheet.height <= MAX_PIXELS
        assert max(sheet.size) <= {".jpg": 65_500, ".webp": 16_383}[suffix]
        assert columns or sheet.width * sheet.height > 0.95 * MAX_PIXELS


def test_rows_that_no_format_can_hold_are_broken_up(tmp_path: Path):
    one = tmp_path / "missing.png"  # a cross is drawn faster than a picture is read
    write_contact_sheet(tmp_path / "sheet.webp", [job_of(one, one, one, SETTINGS)] * 9000, columns=9000)
    with Image.open(tmp_path / "sheet.webp") as sheet:
        assert 0.9 < sheet.width / sheet.height < 1.1


def test_no_pictures_make_no_sheet(tmp_path: Path):
    with pytest.raises(PictureError, match="There is no picture"):
        write_contact_sheet(tmp_path / "sheet.png", [])


def test_a_sheet_that_cannot_be_written_is_told(tmp_path: Path, table: list[Job]):
    with pytest.raises(FileError, match="There is no folder"):
        write_contact_sheet(tmp_path / "nowhere" / "sheet.png", table)


def test_memory_does_not_grow_with_the_pictures(tmp_path: Path, python):
    big, small = tmp_path / "big.png", plain(tmp_path / "small.png", BLUE)
    Image.linear_gradient("L").resize((1600, 1200)).convert("RGB").save(big, compress_level=1)  # 6 MB when it is read
    code = """
import resource, sys
from pathlib import Path
from nst_client.batch.contact_sheet import write_contact_sheet
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.settings import Settings
def peak(file):
    job = Job(Sources(file, (file,)), file, Settings(1, 0))
    write_contact_sheet(file.with_name("sheet.jpg"), [job] * 12, columns=6)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
small = peak(Path(sys.argv[2]))
print((peak(Path(sys.argv[1])) - small) / 1024)
"""
    done = python(code, big, small)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 45  # MB: four times a picture; twelve would be 70


def test_a_thumbnail_is_upright_and_small_pictures_stay_small(tmp_path: Path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    sideways = np.zeros((200, 400, 3), np.uint8)
    sideways[:, :200] = RED  # its left becomes the top
    Image.fromarray(sideways).save(tmp_path / "sideways.jpg", exif=exif, quality=95)
    image = read_thumbnail(tmp_path / "sideways.jpg", 100, 100)
    assert image.size == (50, 100)
    assert np.abs(np.asarray(image, int)[10, 25] - RED).max() < 10
    assert np.asarray(image)[90].max() < 10
    assert read_thumbnail(plain(tmp_path / "small.png", GREEN), 100, 100).size == (40, 20)


def test_a_thumbnail_shows_transparency_white_and_every_mode_in_its_colours(tmp_path: Path):
    Image.new("RGBA", (8, 8), (*RED, 0)).save(tmp_path / "ghost.png")
    assert np.asarray(read_thumbnail(tmp_path / "ghost.png", 4, 4)).min() == 255
    Image.fromarray(np.full((8, 8), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert np.unique(read_thumbnail(tmp_path / "deep.png", 4, 4)).tolist() == [128]
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    red, green, blue = np.asarray(read_thumbnail(tmp_path / "print.jpg", 4, 4))[0, 0]
    assert red > 200
    assert max(green, blue) < 60
    Image.new("L", (8, 8), 77).save(tmp_path / "grey.jpg")
    assert read_thumbnail(tmp_path / "grey.jpg", 4, 4).getpixel((0, 0)) == (77, 77, 77)


def test_a_jpeg_that_is_cut_has_no_thumbnail(tmp_path: Path):
    file = tmp_path / "cut.jpg"
    Image.effect_noise((300, 200), 50).save(file)
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(PictureError, match=r"cut\.jpg is damaged"):
        read_thumbnail(file, 100, 100)
