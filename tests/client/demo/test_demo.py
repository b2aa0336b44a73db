"""The demo's pictures are drawn, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nst_client.demo.drawing import blend, fractal_noise, palette, smoothstep, sunlit
from nst_client.demo.painting import draw_painting
from nst_client.demo.scene import draw_scene

DRAWINGS = [draw_scene, draw_painting]


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("size", [(160, 120), (90, 150), (33, 32)], ids=str)
def test_a_drawing_has_the_size_asked_for(draw, size: tuple[int, int]):
    image = draw(*size)
    assert (image.size, image.mode) == (size, "RGB")


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_drawing_is_the_same_every_time(draw):
    assert draw(120, 90).tobytes() == draw(120, 90).tobytes()


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_drawing_is_rich_in_colours_and_tones(draw):
    image = draw(160, 120)
    pixels = np.asarray(image)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10_000
    dark, light = np.percentile(pixels, (2, 98))
    assert light - dark > 120


def test_the_drawings_have_four_to_three_by_default():
    assert draw_painting().size == draw_scene().size == (512, 384)


def test_content_and_style_are_different_pictures():
    scene, painting = (np.asarray(draw(160, 120)).astype(float) for draw in DRAWINGS)
    assert np.abs(scene - painting).mean() > 20


def test_a_palette_reads_hexadecimal_colours():
    black, orange = palette("000000", "ff8000")
    assert black.tolist() == [0, 0, 0]
    assert orange.tolist() == [1, 128 / 255, 0]


def test_noise_is_centred_and_of_unit_spread():
    noise = fractal_noise(np.random.default_rng(0), (60, 80), 20)
    assert noise.shape == (60, 80)
    assert abs(noise.mean()) < 1e-3
    assert abs(noise.std() - 1) < 1e-3


def test_smoothstep_eases_from_zero_to_one():
    assert smoothstep(1, 3, np.array([0.0, 1, 2, 3, 9])).tolist() == [0, 0, 0.5, 1, 1]


def test_blend_goes_from_base_to_top():
    base, top = np.zeros((1, 3, 3)), np.ones((1, 3, 3))
    assert blend(base, top, np.array([[0, 0.25, 1]]))[0, :, 0].tolist() == [0, 0.25, 1]


def test_slopes_towards_the_upper_left_are_lit():
    hill = np.array([[0.0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
    light = sunlit(hill, 1)
    assert light[1, 1] == 1  # rises from the upper left
    assert light[2, 2] == 0  # level
    assert light[3, 3] == -1  # falls away from it
    assert isinstance(draw_scene(40, 40), Image.Image)


@pytest.mark.slow
def test_a_proxy_in_the_environment_does_not_cut_the_demo_off_its_own_server(nst, tmp_path):
    options = ["--weights", "random:0", "--iterations", 2, "--size", 64]
    done = nst("demo", tmp_path, *options, http_proxy="http://127.0.0.1:9", no_proxy="localhost")
    assert done.stdout.splitlines()[2] == str(tmp_path / "stylised.png"), done.stderr
