"""Several styles, masks and what else goes with them in a table of pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst_client.errors import ManifestError
from nst_client.jobs.job import Sources
from nst_client.jobs.settings import Settings
from tests.client.batch.tables import SETTINGS, make_folders, problems, read

TABLES = Path("tables")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_folders()
    for name in ("sky.png", "town.png", "soft.png"):
        (TABLES / name).touch()


def test_a_row_has_as_many_styles_and_masks_as_it_names():
    table = (
        "content,style,style_2,mask,mask_2,style_mask,style_mask_2,strength,blend,color,style_scale\n"
        'photos/a.jpg,x.png,y.png,sky.png,,sky.png,town.png,soft.png,"0.7,0.3",luminance,0.5\n'
        "photos/a.jpg,x.png,y.png,sky.png,town.png,,,,,,\n"
        "photos/a.jpg,x.png,,,,,,,,,\n"
    )
    first, second, third = read(table)
    x, y, sky, town = (TABLES / f"{name}.png" for name in ("x", "y", "sky", "town"))
    content = TABLES / "photos/a.jpg"
    assert first.sources == Sources(content, (x, y), (sky,), (sky, town), TABLES / "soft.png")
    given = {"style_weight": 2.0, "blend": [0.7, 0.3], "style_scale": 0.5, "color": "luminance"}
    assert first.settings == Settings(20, 64, given)
    assert second.sources == Sources(content, (x, y), (sky, town))
    assert third.sources == Sources(content, (x,))


def test_runs_that_differ_in_a_mask_alone_have_it_in_their_names():
    table = "content,style,mask\nphotos/a.jpg,x.png,\nphotos/a.jpg,x.png,sky.png\nphotos/a.jpg,x.png,town.png\n"
    assert [job.output.name for job in read(table)] == ["a_x.png", "a_x_mask-sky.png", "a_x_mask-town.png"]


def test_the_same_file_in_another_role_is_another_run():
    table = "content,style,style_2,mask\nphotos/a.jpg,x.png,y.png,\nphotos/a.jpg,x.png,,y.png\n"
    assert len(read(table)) == 2
    assert problems(f"{table}photos/a.jpg,x.png,y.png,\n") == [
        "line 4, content, style: 'a.jpg' and 'x.png' and 'y.png' stand in line 2 already, with the same settings"
    ]


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("style_3", "y.png", "style_3: style_2 is empty"),
        ("mask_2", "sky.png", "mask_2: mask is empty"),
        ("mask", "nowhere.png", "mask: there is no file 'nowhere.png'"),
        ("style_mask", "sky.png", "style_mask: must come with a mask of the content"),
        ("mask,mask_2", "sky.png,town.png", "mask: must be one, or one for each of the styles, which are 1, got 2"),
        ("blend", '"1,2"', "blend: must have a number for each of the styles, which are 1, got 2"),
        (
            "color",
            "red",
            "color: must be one of style, luminance, match-cholesky, match-pca or match-symmetric, got 'red'",
        ),
    ],
)
def test_what_does_not_fit_together_in_a_row_is_told(header: str, row: str, said: str):
    assert problems(f"content,style,{header}\nphotos/a.jpg,x.png,{row}\n") == [f"line 2, {said}"]


def test_weights_of_the_command_fit_every_row_or_are_told():
    settings = SETTINGS._replace(options={"blend": [0.7, 0.3]})
    assert read("content,style,style_2\nphotos/a.jpg,x.png,y.png\n", settings=settings)[0].settings == settings
    said = problems("content,style,style_2\nphotos/a.jpg,x.png,\n", settings=settings)
    assert said == ["line 2, blend: must have a number for each of the styles, which are 1, got 2"]


def test_there_are_columns_for_16_styles_and_a_17th_is_unknown_and_told_with_all_there_are():
    with pytest.raises(ManifestError, match="the column 'style_17' is unknown") as raised:
        read("content,style,style_16,style_17\n")
    assert "content, style, style_2 to style_16, mask, mask_2 to mask_16, style_mask" in raised.value.remedy
