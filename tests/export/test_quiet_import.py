"""TensorFlow's start-up lines: hidden unless somebody needs them."""

from __future__ import annotations

import pytest

PROGRAM = """
from nst_export.quiet_import import import_tensorflow
import_tensorflow()
{then}
"""
STAND_IN = """
import os
os.write(2, b"chatter of a library\\n")
{then}
class Logger:
    def setLevel(self, level):
        os.write(1, level.encode())
get_logger = Logger
"""


@pytest.fixture
def run_with_stand_in(run_python, tmp_path):
    """Runs the program with a module `tensorflow` that prints a line as TensorFlow's libraries do."""

    def run(*, module_then="", program_then="", **variables):
        (tmp_path / "tensorflow.py").write_text(STAND_IN.format(then=module_then))
        program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})" + PROGRAM.format(then=program_then)
        return run_python("-c", program, **variables)

    return run


def test_standard_error_stays_empty_and_tensorflow_works(run_python):
    then = "import tensorflow as tf; print(int(tf.reduce_sum(tf.constant([1, 2, 3]))))"
    finished = run_python("-c", PROGRAM.format(then=then))
    assert finished.stderr == ""
    assert finished.stdout == "6\n"


def test_lines_of_the_libraries_are_dropped_and_later_ones_are_not(run_with_stand_in):
    finished = run_with_stand_in(program_then="import os; os.write(2, b'later')")
    assert finished.stderr == "later"
    assert finished.stdout == "ERROR"


@pytest.mark.parametrize("level", ["0", "3"])
def test_nothing_is_hidden_where_the_user_has_set_a_log_level(run_with_stand_in, level):
    finished = run_with_stand_in(TF_CPP_MIN_LOG_LEVEL=level)
    assert finished.stderr == "chatter of a library\n"
    assert finished.stdout == ""


def test_everything_is_shown_where_the_import_fails(run_with_stand_in):
    finished = run_with_stand_in(module_then="raise ImportError('a library is missing')")
    assert finished.returncode == 1
    assert finished.stderr.startswith("chatter of a library\n")
    assert finished.stderr.endswith("ImportError: a library is missing\n")
