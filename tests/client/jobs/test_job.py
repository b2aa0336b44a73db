"""What a run reads has a name for each picture."""

from __future__ import annotations

from pathlib import Path

from nst_client.contract import INPUTS
from nst_client.jobs.job import ROLE, Sources

ONE = Sources(Path("photos/a.jpg"), (Path("x.png"),))
MANY = Sources(
    Path("a.jpg"),
    (Path("x.png"), Path("y.png")),
    (Path("sky.png"), Path("town.png")),
    (Path("x_mask.png"), Path("y_mask.png")),
    Path("soft.png"),
    Path("sketch.png"),
)


def test_every_file_has_a_role_and_the_first_of_its_kind_has_no_number():
    assert ONE.by_role() == {"content": Path("photos/a.jpg"), "style": Path("x.png")}
    masks = ["mask", "mask_2", "style_mask", "style_mask_2", "strength"]
    assert list(MANY.by_role()) == ["content", "style", "style_2", *masks, "init_image"]
    assert list(MANY.masks_by_role) == masks
    assert [file.stem for file in MANY.files] == ["a", "x", "y", "sky", "town", "x_mask", "y_mask", "soft", "sketch"]


def test_a_role_is_told_from_the_settings_that_stand_beside_it():
    assert all(ROLE.fullmatch(role) for role in MANY.by_role())
    assert not any(
        ROLE.fullmatch(name) for name in (*INPUTS, "size", "iterations", "kept") if name not in MANY.by_role()
    )


def test_the_title_names_the_content_and_every_style():
    assert ONE.title == "a.jpg in the manner of x.png"
    assert MANY.title == "a.jpg in the manner of x.png and y.png"
