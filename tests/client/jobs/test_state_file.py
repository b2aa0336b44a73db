"""A run on disk: it comes back bit for bit, or is refused in a sentence."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nst_client.errors import FileError, NstError, StateFileError
from nst_client.jobs.state_file import (
    FORMAT,
    SavedRun,
    check_state_writable,
    read_state,
    write_state,
)
from nst_client.progress import Progress

GENERATOR = np.random.default_rng(7)
SETTINGS = {"iterations": 40, "size": 0, "style_weight": 0.1, "content": "Tübingen.jpg"}


def saved_run() -> SavedRun:
    image = GENERATOR.integers(0, 256, (48, 64, 3), np.uint8)
    losses = GENERATOR.normal(size=(20, 4)).astype(np.float32)
    losses[3, 2], losses[4, 1] = -0.0, 1e-45
    state = (b"nst-state/1 a header", b"", GENERATOR.bytes(1000), b"\0\0")
    return SavedRun(Progress(20, 40, image, losses, 1.5, 7, state), SETTINGS)


@pytest.fixture
def run() -> SavedRun:
    return saved_run()


@pytest.fixture
def file(tmp_path: Path, run: SavedRun) -> Path:
    write_state(tmp_path / "out.nst", run)
    return tmp_path / "out.nst"


def same(a: SavedRun, b: SavedRun) -> bool:
    """In all that the run needs; the seconds of its last call are nobody's business."""
    arrays = all(
        (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())
        for x, y in ((a.progress.image, b.progress.image), (a.progress.losses, b.progress.losses))
    )
    words = [(each.progress.iteration, each.progress.iterations, each.progress.version) for each in (a, b)]
    return arrays and words[0] == words[1] and a.progress.state == b.progress.state and a.settings == b.settings


def refusal(file: Path) -> str:
    with pytest.raises(StateFileError) as caught:
        read_state(file)
    message = str(caught.value)
    assert message.endswith(".")
    assert caught.value.remedy.endswith(".")
    assert "\n" not in message
    assert str(file) in message
    return message


def test_a_run_comes_back_bit_for_bit(file, run):
    assert same(read_state(file), run)
    assert read_state(file).progress.seconds == 0


def test_a_run_before_its_first_iteration_comes_back(tmp_path, run):
    progress = run.progress._replace(iteration=0, losses=np.empty((0, 4), np.float32), state=())
    write_state(tmp_path / "a.nst", run._replace(progress=progress))
    assert same(read_state(tmp_path / "a.nst"), run._replace(progress=progress))


def test_any_program_can_read_the_file(file, run):
    """The format that the module's docstring promises: an .npz file without compression or pickles."""
    with np.load(file, allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["image", "losses", "run", *(f"state{index}" for index in range(4))]
        words = json.loads(arrays["run"].tobytes().decode())
        assert [arrays[f"state{index}"].tobytes() for index in range(4)] == list(run.progress.state)
    assert words == {
        "format": "nst-run/1",
        "iteration": 20,
        "iterations": 40,
        "version": 7,
        "states": 4,
        "settings": SETTINGS,
    }
    with zipfile.ZipFile(file) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_newer_state_replaces_an_older_one_and_leaves_nothing_else(file, run):
    newer = run._replace(settings={"iterations": 99, "size": 64})
    write_state(file, newer)
    assert same(read_state(file), newer)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_cut_short_anywhere_is_refused(file):
    data = file.read_bytes()
    for length in [*range(0, len(data) - 1, 97), len(data) - 1]:
        file.write_bytes(data[:length])
        assert refusal(file)


def test_a_flipped_bit_anywhere_changes_nothing_or_is_refused(file, run):
    data = bytearray(file.read_bytes())
    refusals: list[str] = []
    with zipfile.ZipFile(file) as archive:
        headers = [
            position
            for entry in archive.infolist()
            for position in range(entry.header_offset, entry.header_offset + 200)
        ]
        directory = archive.start_dir
    for position in sorted({*headers, *range(0, len(data), 53), *range(directory, len(data), 3)}):
        if position >= len(data):
            continue
        data[position] ^= 1 << position % 8
        file.write_bytes(data)
        try:
            assert same(read_state(file), run), position
        except NstError as error:
            refusals.append(str(error))
        data[position] ^= 1 << position % 8
    assert len(refusals) > 500
    assert not any("\n" in message for message in refusals)


def test_a_picture_whose_header_says_that_it_is_smaller_is_refused(file):
    """numpy would read less than is there, and never come to the checksum."""
    data = file.read_bytes()
    assert data.count(b"(48, 64, 3)") == 1
    file.write_bytes(data.replace(b"(48, 64, 3)", b"(40, 64, 3)"))
    assert "damaged" in refusal(file)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"a letter to nobody", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\x93NUMPY\x01\x00"], ids=repr
)
def test_a_foreign_file_is_no_saved_run(tmp_path, data: bytes):
    (tmp_path / "a.nst").write_bytes(data)
    assert refusal(tmp_path / "a.nst").endswith("a.nst is not a saved run.")


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def entries_of(run: SavedRun, **words: object) -> dict[str, bytes]:
    progress = run.progress
    said = {"format": FORMAT, "iteration": 20, "iterations": 40, "version": 7, "states": 1, **words}
    said.setdefault("settings", dict(run.settings))
    return {
        "run.npy": npy(np.frombuffer(json.dumps(said).encode(), np.uint8)),
        "losses.npy": npy(progress.losses),
        "image.npy": npy(progress.image),
        "state0.npy": npy(np.frombuffer(b"state", np.uint8)),
    }


def write_zip(file: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def test_the_zip_files_below_would_be_read_if_nothing_were_wrong_with_them(tmp_path, run):
    assert read_state(write_zip(tmp_path / "a.nst", entries_of(run))).progress.iteration == 20


def test_a_compressed_archive_is_refused_before_it_is_unpacked(tmp_path, run):
    file = write_zip(tmp_path / "a.nst", {"run.npy": bytes(10**7)} | entries_of(run), zipfile.ZIP_DEFLATED)
    assert refusal(file).endswith("is not a saved run.")


def test_another_format_names_both(tmp_path, run):
    file = write_zip(tmp_path / "a.nst", entries_of(run, format="nst-run/2"))
    assert refusal(file) == f"{file} has the format 'nst-run/2', this version reads 'nst-run/1'."


class Trap:
    """What a pickle could do."""

    def __reduce__(self):
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize("name", ["run", "losses", "image", "state0"])
def test_a_pickle_inside_is_never_opened(tmp_path, run, monkeypatch, name: str):
    monkeypatch.chdir(tmp_path)
    file = write_zip(tmp_path / "a.nst", {**entries_of(run), f"{name}.npy": npy(np.array([Trap()], object))})
    assert "allow_pickle=False" in refusal(file)
    assert not (tmp_path / "trapped").exists()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


FORGED = {
    "no-settings": lambda run: {**entries_of(run), "run.npy": npy(np.frombuffer(b"{}", np.uint8))},
    "a-list": lambda run: {**entries_of(run), "run.npy": npy(np.frombuffer(b"[1]", np.uint8))},
    "no-json": lambda run: {**entries_of(run), "run.npy": npy(np.frombuffer(b"{", np.uint8))},
    "no-utf-8": lambda run: {**entries_of(run), "run.npy": npy(np.frombuffer(b"\xff\xfe\xfd", np.uint8))},
    "deep-json": lambda run: {**entries_of(run), "run.npy": npy(np.frombuffer(b"[" * 10**6, np.uint8))},
    "endless": lambda run: entries_of(run, iteration=float("inf")),
    "no-number": lambda run: entries_of(run, iterations="many"),
    "too-few-losses": lambda run: entries_of(run, iteration=21),
    "negative": lambda run: entries_of(run, iteration=-1),
    "settings-no-table": lambda run: entries_of(run, settings=7),
    "double-losses": lambda run: {**entries_of(run), "losses.npy": npy(run.progress.losses.astype(float))},
    "grey": lambda run: {**entries_of(run), "image.npy": npy(run.progress.image[..., 0])},
    "alpha": lambda run: {**entries_of(run), "image.npy": npy(np.zeros((9, 9, 4), np.uint8))},
    "float-image": lambda run: {**entries_of(run), "image.npy": npy(run.progress.image.astype(np.float32))},
    "no-array": lambda run: {**entries_of(run), "image.npy": b"not an array"},
    "no-array-run": lambda run: {**entries_of(run), "run.npy": b"{}"},
    "no-suffix": lambda run: {"run": b"{}", "losses": b"", "image": b"", "state0": b""},
    "a-state-is-missing": lambda run: entries_of(run, states=2),
    "no-image": lambda run: {name: data for name, data in entries_of(run).items() if name != "image.npy"},
    "nothing": lambda run: {},
    "endless-array": lambda run: {
        **entries_of(run),
        "image.npy": header("{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000000000, 3, 3), }\n"),
    },
    "bad-header": lambda run: {**entries_of(run), "image.npy": header("{'descr': ((((((")},
    "bad-dtype": lambda run: {
        **entries_of(run),
        "image.npy": header("{'descr': [['']], 'fortran_order': False, 'shape': (1,), }\n"),
    },
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_file_is_refused(tmp_path, run, forged):
    message = refusal(write_zip(tmp_path / "a.nst", forged(run)))
    assert re.search("is not a saved run|is damaged: ", message)


@pytest.mark.parametrize("size", [2**31, 3 * 2**31])
def test_a_file_of_more_than_two_gigabytes_is_refused_at_once(tmp_path, size: int):
    with (tmp_path / "a.nst").open("wb") as stream:
        stream.truncate(size)  # sparse: it takes no room
    assert refusal(tmp_path / "a.nst") == f"{tmp_path / 'a.nst'} is too large for a saved run: {size} bytes."


def test_what_is_no_file_is_named(tmp_path):
    assert refusal(tmp_path / "missing.nst").startswith("There is no file ")
    assert refusal(tmp_path) == f"{tmp_path} is no file."
    os.mkfifo(tmp_path / "pipe.nst")  # nobody writes into it: reading would never end
    assert refusal(tmp_path / "pipe.nst").endswith(" is no file.")
    (tmp_path / "loop.nst").symlink_to("loop.nst")
    assert "cannot be read: Too many levels" in refusal(tmp_path / "loop.nst")
    (tmp_path / "file").touch()
    assert "Not a directory" in refusal(tmp_path / "file" / "a.nst")


def test_a_place_that_cannot_be_written_is_refused_beforehand(tmp_path):
    check_state_writable(tmp_path / "a.nst")
    for file, words in ((tmp_path / "a.png", "no suffix of a saved run"), (tmp_path / "no" / "a.nst", "no folder")):
        with pytest.raises(FileError, match=words):
            check_state_writable(file)
    (tmp_path / "folder.nst").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        check_state_writable(tmp_path / "folder.nst")
