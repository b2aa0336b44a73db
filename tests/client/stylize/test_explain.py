"""What a run would send and cost, before it is run."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from nst_client.display.explanation import print_explanation
from nst_client.errors import RequestRefused
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.settings import Settings
from nst_client.stylize.costs import costs_of
from nst_client.stylize.explain import explained
from tests.client.recorded import CARD

LARGE = {**CARD, "limits": {"max_pixels": 4_000_000}}


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A content, two styles, and a mask of three colours: white a half, red and black a quarter each."""
    for name, height, width in (("[b]photo.png", 96, 128), ("monet.png", 64, 80), ("wave.png", 80, 64)):
        write_picture(tmp_path / name, Picture(np.full((height, width, 3), 99, np.uint8)))
    mask = np.zeros((96, 128, 3), np.uint8)
    mask[:48] = 255
    mask[48:, :64] = (255, 0, 0)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(np.where(mask[:, :, 1], 128, 0).astype(np.uint8)).save(tmp_path / "strength.png")
    return Sources(tmp_path / "[b]photo.png", (tmp_path / "monet.png", tmp_path / "wave.png"))


def of(sources: Sources, card=LARGE, iterations: int | None = None, size: int = 512, **options):
    return explained(Job(sources, Path("out.png"), Settings(iterations, size, options)), card)


def lines(explanation, width: int | None = None) -> list[str]:
    stream = io.StringIO()
    print_explanation(explanation, Console(file=stream, force_terminal=False, width=width))
    return [re.sub(" +", " ", line).strip() for line in stream.getvalue().splitlines()]


def test_everything_is_told_at_a_glance(sources, tmp_path: Path):
    told = of(
        sources._replace(masks=(tmp_path / "mask.png",), strength=tmp_path / "strength.png"),
        color="luminance",
        style_scale=0.5,
    )
    assert lines(told) == [
        "content [b]photo.png 512 x 384 of 128 x 96 in the file",
        "styles monet.png 512 x 410 of 80 x 64 in the file",
        "wave.png 410 x 512 of 64 x 80 in the file",
        "regions white 50.0 % monet.png",
        "#ff0000 25.0 % wave.png",
        "black 25.0 % keeps the content",
        "strength strength.png 25.1 % on average 49.5 % of the picture is kept exactly",
        "options color luminance, style scale 0.5",
        "plan 128 x 96 80 iterations",
        "256 x 192 50 iterations",
        "512 x 384 70 iterations",
        "request 2.44 MB in each call, beside the state of the run",
        "memory about 624 MB of features in float32, on the server",
        "time about 2 min 11 s on two cores with AVX512-BF16; far less on a GPU",
        "24.9 TFLOP in 200 iterations",
    ]
    json.dumps(told)


def test_programs_get_the_same_in_numbers(sources, tmp_path: Path):
    told = of(sources._replace(masks=(tmp_path / "mask.png",)), iterations=10, size=0)
    assert told["content"] == {"file": str(sources.content), "size": [128, 96], "size_in_file": [128, 96]}
    assert [style["share"] for style in told["styles"]] == [None, None]
    assert told["regions"][1] == {
        "name": "#ff0000",
        "color": [255, 0, 0],
        "share": 0.25,
        "styles": [str(sources.styles[1])],
    }
    assert told["plan"] == [{"width": 128, "height": 96, "iterations": 10}]
    sent = 3 * (96 * 128 + 64 * 80 + 80 * 64) + 2 * 96 * 128 + 2 * 4
    assert told["request_bytes"] == sent
    assert told["precision"] == "float32"


def test_styles_have_their_shares_of_the_blend(sources, tmp_path: Path):
    masked = sources._replace(masks=(tmp_path / "mask.png",), style_masks=(tmp_path / "mask.png",) * 2)
    assert [style["share"] for style in of(sources)["styles"]] == [0.5, 0.5]
    assert [style["share"] for style in of(sources, blend=[3, 1])["styles"]] == [0.75, 0.25]
    with pytest.warns(UserWarning, match="the mask is stretched"):
        told = of(masked, blend=[3, 1])
    assert [style["share"] for style in told["styles"]] == [0.75, 0.25]
    assert [len(region["styles"]) for region in told["regions"]] == [2, 2, 2]
    with pytest.warns(UserWarning, match="the mask is stretched"):
        told = of(masked, blend=[0, 1])
    assert [region["styles"] for region in told["regions"]] == [[str(sources.styles[1])]] * 3
    assert "share" in of(sources._replace(styles=sources.styles[:1]))["styles"][0]


def test_a_terminal_shows_each_region_in_its_colour(sources, tmp_path: Path):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="truecolor", width=100)
    print_explanation(of(sources._replace(masks=(tmp_path / "mask.png",))), console)
    assert "48;2;255;0;0m" in stream.getvalue()
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in stream.getvalue().splitlines()) <= 100


@pytest.mark.parametrize(
    ("card", "options", "words"),
    [
        (CARD, {}, r"\[b\]photo.png is 512 x 384 pixels at --size 512, and this model takes at most 10000 together"),
        ({**LARGE, "options": []}, {"color": "luminance"}, "This model knows no `color` and no `more_style_sizes`"),
        (
            {**CARD, "limits": {"max_pixels": 400_000}},
            {},
            r"2 styles are 419840 pixels together at --size 512, .* takes at most 400000: use --size 500 or less\.",
        ),
        (LARGE, {"blend": [1]}, "blend: must have a number for each of the styles, which are 2, got 1"),
        (LARGE, {"preset": "gatys"}, "preset: must be one of nst"),
        (LARGE, {"iterations": 0}, "iterations: must be at least 1, got 0"),
    ],
    ids=["too large", "unknown", "too large together", "blend", "preset", "iterations"],
)
def test_what_the_run_would_refuse_is_refused(sources, card, options, words: str):
    with pytest.raises(RequestRefused, match=words):
        of(sources, card, **options)


def test_the_cost_is_that_of_vgg19_as_the_design_has_it():
    """One iteration at 512 x 512 pixels: 379 GFLOP, and 2 s on the machine of reference."""
    costs = costs_of([(512 * 512, 1)], 512 * 512, "float32")
    assert (round(costs.operations / 1e9), costs.reference_seconds) == (379, 2.0)
    half = costs_of([(512 * 512, 1)], 512 * 512, "bfloat16")
    assert (half.memory_bytes * 2, half.reference_seconds) == (costs.memory_bytes, 1.07)
    assert costs_of([(512 * 512, 1)], 512 * 512, "float16").reference_seconds is None
    tiled = costs_of([(400, 5)], 400, "float32", tile_pixels=300)
    assert (tiled.operations, tiled.memory_bytes) == (2 * costs_of([(400, 5)], 400, "float32").operations, 300 * 2200)
    assert costs_of([], 100, "float32", regions=2).memory_bytes == 100 * (2200 + 2 * 488)
    assert (
        costs_of([(100, 3), (400, 5)], 400, "float32").operations == 2300 * costs_of([(1, 1)], 1, "float32").operations
    )


def test_a_precision_that_was_not_timed_has_no_time(sources):
    told = lines(of(sources, {**LARGE, "precision": "float16"}))
    assert [line for line in told if line.startswith("time")] == ["time 24.9 TFLOP in 200 iterations"]
