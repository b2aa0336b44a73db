"""A table of pairs is read as a spreadsheet writes it, and all its mistakes are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst_client.batch.manifest import manifest_pairs
from nst_client.errors import ManifestError
from nst_client.jobs.result import batch_state_of
from nst_client.jobs.settings import Settings
from tests.client.batch.journals import job_of
from tests.client.batch.tables import SETTINGS, make_folders, problems, read


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_folders()
    return tmp_path


def test_a_table_may_say_everything_or_leave_it_to_the_command():
    table = (
        "content,style,output,iterations,size,preset,content_weight,sizes,init\n"
        'photos/a.jpg,x.png,sub/one.jpg,300,0,gatys,0.5,"64, 128",noise\n'
        "photos/a.jpg,y.png,,,,,,,\n"
    )
    given = {"preset": "gatys", "content_weight": 0.5, "style_weight": 2.0, "sizes": [64, 128], "init": "noise"}
    one = Settings(300, 0, given)
    assert read(table) == [
        job_of(Path("tables/photos/a.jpg"), Path("tables/x.png"), Path("out/sub/one.jpg"), one),
        job_of(Path("tables/photos/a.jpg"), Path("tables/y.png"), Path("out/a_y.png"), SETTINGS),
    ]


def test_a_run_may_start_from_a_picture_of_the_tables_folder():
    first, second = read("content,style,init\nphotos/a.jpg,x.png,y.png\nphotos/a.jpg,x.png,style\n")
    assert (first.sources.init, first.settings) == (Path("tables/y.png"), SETTINGS)
    assert (second.sources.init, second.settings.options["init"]) == (None, "style")
    assert problems("content,style,init\nphotos/a.jpg,x.png,image\n") == ["line 2, init: there is no file 'image'"]


@pytest.mark.parametrize(
    "table",
    [
        "content,style\nphotos/a.jpg,x.png\n",
        "\ufeffcontent,style\r\nphotos/a.jpg,x.png\r\n",
        "content,style\rphotos/a.jpg,x.png",
        "\n \n Style , CONTENT \n\n\n x.png, photos/a.jpg\n\n",
        "content;style\nphotos/a.jpg;x.png",
        "content,style,,\nphotos/a.jpg,x.png,,\n,,,\n",
        'content,style\n"photos/a.jpg", "x.png"',
    ],
    ids=["plain", "windows", "old mac", "blanks", "semicolons", "empty columns", "quotes"],
)
def test_whatever_program_wrote_it_the_pairs_are_the_same(table: str):
    (job,) = read(table)
    assert job == job_of(Path("tables/photos/a.jpg"), Path("tables/x.png"), Path("out/a_x.png"), SETTINGS)


def test_quotes_keep_separators_and_line_numbers_count_lines_not_rows():
    assert read('content,style\n"photos/b, c.jpg",x.png\n')[0].sources.content == Path("tables/photos/b, c.jpg")
    assert problems('content,style\n"two\nlines",x.png\n\nmissing,x.png\n') == [
        "line 2, content: there is no file 'two\\nlines'",
        "line 5, content: there is no file 'missing'",
    ]


def test_a_decimal_comma_is_read_where_semicolons_separate():
    assert read("content;style;tv_weight\nphotos/a.jpg;x.png;0,5\n")[0].settings.options["tv_weight"] == 0.5
    said = problems('content,style,tv_weight\nphotos/a.jpg,x.png,"0,5"\n')
    assert said == ["line 2, tv_weight: must be a finite number, got '0,5'"]


def test_pictures_may_have_absolute_paths(here: Path):
    (job,) = read(f"content,style\n{here}/tables/photos/a.jpg,x.png\n")
    assert job.sources.content == here / "tables/photos/a.jpg"


def test_a_pair_with_several_settings_has_them_in_the_names():
    table = (
        "content,style,style_weight,iterations\nphotos/a.jpg,x.png,,\nphotos/a.jpg,x.png,4,\nphotos/a.jpg,x.png,4,9\n"
    )
    names = [job.output.name for job in read(table)]
    assert names == ["a_x.png", "a_x_style_weight-4.png", "a_x_iterations-9_style_weight-4.png"]


def test_a_name_that_the_table_leaves_open_is_neither_a_given_one_nor_a_pictures():
    first, second = read("content,style,output\nphotos/a.jpg,x.png,A_y.png\nphotos/a.jpg,y.png,\n")
    assert first.output == Path("out/A_y.png")
    assert second.output.name.startswith("a_y-")
    Path("tables/a_y.png").touch()
    table = "content,style\nphotos/a.jpg,y.png\na_y.png,y.png\n"
    assert "tables/a_y.png" not in [job.output.as_posix() for job in read(table, output_dir="tables")]


@pytest.mark.parametrize("output_dir", ["out", "out/../out", "tables/../out/"])
def test_the_place_of_the_overview_is_nobody_elses(output_dir: str):
    Path("out/contact_sheet.jpg").touch()
    table = "content,style,output\nphotos/a.jpg,x.png,contact_sheet.jpg\n../out/contact_sheet.jpg,x.png,\n"
    file = Path("tables/pairs.csv")
    file.write_text(table, encoding="utf-8")
    with pytest.raises(ManifestError) as raised:
        manifest_pairs(file, Path(output_dir), SETTINGS)
    _, first, second = str(raised.value).splitlines()
    assert first == "- line 2, output: 'contact_sheet.jpg' is where the overview of all results goes."
    assert second == "- line 3, content, style: 'contact_sheet.jpg' is where the overview of all results goes."


def test_an_output_leaves_place_in_its_name_for_that_of_the_file_that_keeps_its_run():
    (job,) = read(f"content,style,output\nphotos/a.jpg,x.png,{'o' * 241}.png\n")
    batch_state_of(job.output).touch()
    (problem,) = problems(f"content,style,output\nphotos/a.jpg,x.png,{'o' * 242}.png\n")
    assert problem.endswith("has a name of more than 245 bytes")


def test_mistakes_are_told_in_the_order_of_their_lines():
    table = "content,style\nphotos/a.jpg,x.png\nphotos/a.jpg,x.png\nmissing.jpg,x.png\n"
    assert [problem.split(",")[0] for problem in problems(table)] == ["line 3", "line 4"]


def test_all_mistakes_are_told_together_with_line_column_and_value():
    table = (
        "content,style,output,iterations,size,style_weight,learning_rate\n"
        "missing.jpg,,,0,-1,many,nan\n"
        "photos,x.png,one.gif,2.5,99999999999,inf,1_0\n"
        "photos/a.jpg,x.png,../one.png,,,,,more\n"
        f"photos/a.jpg,{'x' * 300},/one.png,,,,\n"
    )
    assert problems(table) == [
        "line 2, content: there is no file 'missing.jpg'",
        "line 2, style: is empty",
        "line 2, iterations: must be a whole number from 1 to 2147483647, got '0'",
        "line 2, size: must be a whole number from 0 to 2147483647, got '-1'",
        "line 2, style_weight: must be a finite number, got 'many'",
        "line 2, learning_rate: must be a finite number, got 'nan'",
        "line 3, content: there is no file 'photos'",
        "line 3, iterations: must be a whole number from 1 to 2147483647, got '2.5'",
        "line 3, size: must be a whole number from 0 to 2147483647, got '99999999999'",
        "line 3, style_weight: must be a finite number, got 'inf'",
        "line 3, learning_rate: must be a finite number, got '1_0'",
        "line 3, output: 'one.gif' has none of the suffixes .png, .jpg, .jpeg, .webp, .tif, .tiff",
        "line 4: 'more' stands in a column without a name",
        "line 4, output: '../one.png' leads out of the output folder",
        f"line 5, style: there is no file '{'x' * 300}'",
        "line 5, output: '/one.png' leads out of the output folder",
    ]


def test_missing_unknown_and_double_columns_are_told_with_the_rows_mistakes():
    assert problems("content,styl,size,size\nmissing,x.png,1,1\n") == [
        "line 1: the column style is missing",
        "line 1: the column 'styl' is unknown",
        "line 1: the column size is there twice",
        "line 2, content: there is no file 'missing'",
    ]


def test_what_stands_there_twice_is_told_with_both_lines():
    table = (
        "content,style,style_weight,output\n"
        "photos/a.jpg,x.png,,one.png\n"
        "photos/../photos/a.jpg,x.png,2,two.png\n"
        "photos/a.jpg,y.png,,ONE.png\n"
    )
    assert problems(table) == [
        "line 3, content, style: 'a.jpg' and 'x.png' stand in line 2 already, with the same settings",
        "line 4, output: 'ONE.png' is the output of line 2 already",
    ]


def test_an_output_that_would_overwrite_a_picture_is_refused(here: Path):
    (here / "out" / "b.jpg").touch()
    table = f"content,style,output\nphotos/a.jpg,x.png,b.jpg\n{here}/out/b.jpg,x.png,c.jpg\n"
    assert problems(table) == ["line 2, output: 'b.jpg' would overwrite a picture that the table reads"]


def test_a_link_does_not_lead_out_of_the_output_folder(here: Path):
    (here / "out" / "away").symlink_to(here)
    said = problems("content,style,output\nphotos/a.jpg,x.png,away/one.png\n")
    assert said == ["line 2, output: 'away/one.png' leads out of the output folder"]


def test_a_folder_below_the_output_folder_may_be_left_again():
    assert read("content,style,output\nphotos/a.jpg,x.png,sub/../one.png\n")[0].output == Path("out/one.png")


def test_of_very_many_mistakes_twenty_are_told():
    said = problems("content,style\n" + "missing,x.png\n" * 25)
    assert len(said) == 21
    assert said[19] == "line 21, content: there is no file 'missing'"
    assert said[20] == "and 5 more"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "it is empty"),
        ("\ufeff\n \n", "it is empty"),
        ("content,style\n\n", "there is no pair in it"),
        ('content,style\n"photos/a.jpg,x.png\n', "line 2: it cannot be split into cells (unexpected end of data)"),
        ('content,style\n\n"a"b,x.png\n', "line 3: it cannot be split into cells (',' expected after '\"')"),
        (
            "content,style\n" + "a" * 140_000 + ",x.png\n",
            "line 2: it cannot be split into cells (field larger than field limit (131072))",
        ),
    ],
    ids=["no byte", "blank", "no row", "open quote", "early quote", "endless cell"],
)
def test_a_table_without_pairs_is_told(table: str, words: str):
    assert problems(table) == [words]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"content,style\nphotos/\xe4.jpg,x.png\n", "is not text in UTF-8: line 2"),
        ("content,style\n".encode("utf-16"), "is not text in UTF-8: line 1"),
        (b"\x89PNG\r\n\x1a\n", "is not text in UTF-8: line 1"),
        (b"content,style\0\n", "is not text in UTF-8: it holds null characters"),
    ],
    ids=["latin 1", "utf-16", "picture", "null"],
)
def test_a_file_that_is_no_text_is_told(table: bytes, words: str):
    with pytest.raises(ManifestError, match=words) as raised:
        read(table)
    assert "UTF-8" in raised.value.remedy


def test_a_table_that_cannot_be_read_is_told():
    with pytest.raises(ManifestError, match=r"There is no file nowhere\.csv"):
        manifest_pairs(Path("nowhere.csv"), Path("out"), SETTINGS)
    with pytest.raises(ManifestError, match=r"tables cannot be read: Is a directory\."):
        manifest_pairs(Path("tables"), Path("out"), SETTINGS)
