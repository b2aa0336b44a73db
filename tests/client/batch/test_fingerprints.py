"""Two runs are the same if nothing that decides their results differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nst_client.batch.fingerprints import fingerprints_of, fingerprints_of_json, paths_key, run_key
from nst_client.jobs.job import Sources

SETTINGS = {"iterations": 20, "size": 64}


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Two styles, a mask, and one more that is not there."""
    for name in ("a.jpg", "x.png", "y.png", "mask.png"):
        (tmp_path / name).write_text(name)
    x, y, mask = tmp_path / "x.png", tmp_path / "y.png", tmp_path / "mask.png"
    return Sources(tmp_path / "a.jpg", (x, y), (mask, tmp_path / "none.png"))


def test_every_picture_counts_with_its_role_and_order(sources):
    swapped = sources._replace(styles=sources.styles[::-1])
    without = sources._replace(masks=())
    found = [fingerprints_of(one) for one in (sources, swapped, without)]
    assert found[0]["mask_2"] is None
    assert len({run_key("nst", SETTINGS, one) for one in found}) == len({paths_key(one) for one in found}) == 3


def test_the_order_of_the_settings_does_not_count(sources):
    found = fingerprints_of(sources)
    assert run_key("nst", dict(reversed(SETTINGS.items())), found) == run_key("nst", SETTINGS, found)


def test_they_come_back_from_a_record_of_json(sources):
    found = fingerprints_of(sources)
    record = json.loads(json.dumps({"done": "a.png", **found, "settings": SETTINGS}))
    assert fingerprints_of_json(record) == found


@pytest.mark.parametrize("damage", [{"style": [1]}, {"content": 7}, {"style": ["x.png", "many", 1]}], ids=str)
def test_damaged_ones_are_refused(sources, damage):
    with pytest.raises((LookupError, TypeError, ValueError)):
        fingerprints_of_json({**fingerprints_of(sources), **damage})


@pytest.mark.parametrize("missing", ["content", "style"])
def test_a_record_without_a_picture_is_refused(sources, missing: str):
    found = {role: one for role, one in fingerprints_of(sources).items() if role != missing}
    with pytest.raises(LookupError):
        fingerprints_of_json(found)
