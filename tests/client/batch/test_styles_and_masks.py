"""`nst batch` with several styles and masks: what goes where is part of what decides a result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from nst_client.files.pictures import read_picture


def run(nst, server, folder: Path, *options: object):
    words = ["--server", server.address, "--size", 0, "--iterations", 2, "--json"]
    return nst("batch", "--manifest", folder / "pairs.csv", "-o", folder / "out", *words, *options)


def test_a_row_with_styles_and_masks_is_done_once_and_again_when_its_mask_changes(nst, server, folders, tmp_path: Path):
    mask = np.zeros((48, 40), np.uint8)
    mask[:, :20] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "pairs.csv").write_text(
        "content,style,style_2,mask,strength,output\n"
        "photos/a.png,paintings/x.png,,mask.png,mask.png,half.png\n"
        "photos/a.png,paintings/x.png,paintings/y.png,,,both.png\n"
    )
    done = run(nst, server, tmp_path, "--color", "luminance")
    assert done.returncode == 0, done.stderr
    half, content = (read_picture(tmp_path / name).pixels for name in ("out/half.png", "photos/a.png"))
    assert np.array_equal(half[:, 20:], content[:, 20:])
    assert not np.array_equal(half[:, :20], content[:, :20])
    assert "mask&nbsp;mask.png, strength&nbsp;mask.png" in (tmp_path / "out/index.html").read_text()
    assert json.loads(run(nst, server, tmp_path, "--color", "luminance").stdout)["done_before"] == 2

    Image.fromarray(255 - mask).save(tmp_path / "mask.png")
    (tmp_path / "out/half.png").unlink()
    done = run(nst, server, tmp_path, "--color", "luminance")
    assert (json.loads(done.stdout)["done"], json.loads(done.stdout)["done_before"]) == (2, 1), done.stderr
    assert np.array_equal(read_picture(tmp_path / "out/half.png").pixels[:, :20], content[:, :20])


def test_weights_of_styles_need_a_table_that_names_them(nst, folders):
    contents, styles, out = folders
    done = nst("batch", "-c", contents, "-s", styles, "-o", out, "--blend", "1,2")
    assert (done.returncode, out.exists()) == (2, False)
    assert "name them in a --manifest" in " ".join(done.stderr.split())
