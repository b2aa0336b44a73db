"""What a run reads has a name for each picture."""

from __future__ import annotations

from pathlib import Path

from nst_client.jobs.job import Sources

ONE = Sources(Path("photos/a.jpg"), (Path("x.png"),))
MANY = Sources(Path("a.jpg"), (Path("x.png"), Path("y.png")), (Path("sky.png"), Path("town.png"), Path("river.png")))


def test_every_file_has_a_role_and_the_first_of_its_kind_has_no_number():
    assert ONE.by_role() == {"content": Path("photos/a.jpg"), "style": Path("x.png")}
    roles = ["content", "style", "style_2", "mask", "mask_2", "mask_3"]
    assert list(MANY.by_role()) == roles
    assert tuple(MANY.by_role().values()) == MANY.files


def test_the_title_names_the_content_and_every_style():
    assert ONE.title == "a.jpg in the manner of x.png"
    assert MANY.title == "a.jpg in the manner of x.png and y.png"
