"""Only the teacher is a teacher."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from training.errors import TrainingError
from training.teacher_file import SHA256, read_teacher_arrays


def test_arrays_come_back(tmp_path):
    file = tmp_path / "teacher.npz"
    np.savez(file, **{"conv1/bias": np.arange(3.0)})
    arrays = read_teacher_arrays(file, hashlib.sha256(file.read_bytes()).hexdigest())
    np.testing.assert_array_equal(arrays["conv1/bias"], [0, 1, 2])


def test_a_file_of_another_digest_is_refused(tmp_path):
    file = tmp_path / "teacher.npz"
    np.savez(file, kernel=np.zeros(3))
    with pytest.raises(TrainingError, match=f"is not the teacher: its SHA-256 is .* not {SHA256}"):
        read_teacher_arrays(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="There is no teacher file at"):
        read_teacher_arrays(tmp_path / "absent.npz")


def test_bytes_that_are_no_arrays_are_refused_even_with_their_digest(tmp_path):
    file = tmp_path / "teacher.npz"
    file.write_bytes(b"PK not a zip archive")
    with pytest.raises(TrainingError, match=r"cannot be read as an \.npz file"):
        read_teacher_arrays(file, hashlib.sha256(file.read_bytes()).hexdigest())
