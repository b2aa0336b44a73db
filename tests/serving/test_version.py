"""A version that failed to load is tried again when that may help, and not before."""

from __future__ import annotations

import grpc
import pytest
import tensorflow as tf

from nst_serving.errors import RequestError
from nst_serving.version import LOAD_RETRIES, LOAD_RETRY_SECONDS, State, Version


class Loader:
    """Loads nothing, or raises its error, and counts."""

    def __init__(self, error=None):
        self.error = error
        self.calls = 0
        self.closed = False

    def __call__(self, folder):
        self.calls += 1
        if self.error:
            raise self.error
        return self

    def close(self):
        self.closed = True


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "2"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"half")
    return folder


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def failed(folder, clock):
    version = Version("nst", 2, clock=clock)
    version.load(folder, Loader(tf.errors.DataLossError(None, None, "cut off")))
    return version


def test_an_error_is_kept_until_a_load_succeeds(failed, folder):
    assert (failed.state, failed.error.code, failed.error.message) == (State.END, grpc.StatusCode.DATA_LOSS, "cut off")
    failed.load(folder, Loader())
    assert (failed.state, failed.error) == (State.AVAILABLE, None)
    assert not failed.is_worth_a_try(folder)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (tf.errors.NotFoundError(None, None, "away"), grpc.StatusCode.NOT_FOUND),
        (RequestError(grpc.StatusCode.INVALID_ARGUMENT, "warm-up"), grpc.StatusCode.INVALID_ARGUMENT),
        (MemoryError(), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (PermissionError(13, "Permission denied"), grpc.StatusCode.UNKNOWN),
        (KeyError("op"), grpc.StatusCode.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_keeps_a_version_from_loading_becomes_its_error(folder, error, code):
    version = Version("nst", 2)
    version.load(folder, Loader(error))
    assert (version.state, version.error.code) == (State.END, code)


CHANGES = {
    "a file comes": lambda folder: (folder / "variables.index").touch(),
    "a file deeper down comes": lambda folder: (folder / "variables" / "deep").mkdir(parents=True),
    "a file grows": lambda folder: (folder / "saved_model.pb").write_bytes(b"whole"),
    "a file goes": lambda folder: (folder / "saved_model.pb").unlink(),
    "rights change": lambda folder: (folder / "saved_model.pb").chmod(0o600),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_that_has_changed_and_settled_is_worth_a_try(failed, folder, change):
    assert not failed.is_worth_a_try(folder)
    CHANGES[change](folder)
    assert not failed.is_worth_a_try(folder)  # it may still be changing
    assert failed.is_worth_a_try(folder)


def test_a_folder_that_changes_from_look_to_look_is_not(failed, folder):
    for size in range(5, 10):
        (folder / "saved_model.pb").write_bytes(b"x" * size)
        assert not failed.is_worth_a_try(folder)
    assert failed.is_worth_a_try(folder)


def test_a_change_during_a_load_that_fails_is_not_overlooked(folder, clock):
    def load(folder):
        (folder / "variables.index").touch()
        raise MemoryError

    version = Version("nst", 2, clock=clock)
    version.load(folder, load)
    assert [version.is_worth_a_try(folder) for _ in range(2)] == [False, True]


def test_one_that_does_not_change_is_tried_as_often_as_the_flags_for_the_server_say(failed, folder, clock):
    loader, tries = Loader(MemoryError()), []
    for second in range(LOAD_RETRY_SECONDS * (LOAD_RETRIES + 3)):
        clock.now = float(second)
        if failed.is_worth_a_try(folder):
            tries.append(second)
            failed.load(folder, loader)
    assert tries == list(range(10, 301, 10))


def test_a_change_begins_the_count_anew(failed, folder, clock):
    for _ in range(LOAD_RETRIES):
        clock.now += LOAD_RETRY_SECONDS
        assert failed.is_worth_a_try(folder)
        failed.load(folder, Loader(MemoryError()))
    clock.now += LOAD_RETRY_SECONDS
    assert not failed.is_worth_a_try(folder)
    (folder / "variables.index").touch()
    assert [failed.is_worth_a_try(folder) for _ in range(2)] == [False, True]
    failed.load(folder, Loader(MemoryError()))
    clock.now += LOAD_RETRY_SECONDS
    assert failed.is_worth_a_try(folder)


def test_one_that_is_no_longer_asked_for_is_tried_at_once_when_it_is_again(failed, folder):
    failed.forget_failure()
    assert failed.is_worth_a_try(folder)
    failed.load(folder, Loader(MemoryError()))
    assert not failed.is_worth_a_try(folder)


def test_one_that_was_unloaded_may_be_loaded_again(folder):
    loader, version = Loader(), Version("nst", 2)
    version.load(folder, loader)
    version.unload()
    assert (version.state, version.sessions, loader.closed) == (State.END, None, True)
    assert version.is_worth_a_try(folder)
