"""Which worker runs which tests: a full one gets no more, and another takes its place."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from xdist.remote import Producer

from tests.scheduling import LARGE, Full, LoadSharedScheduling

NAMES = [
    f"{file}::test_{number}" for file, count in {"a.py": 4, "b.py": 3, "c.py": 1}.items() for number in range(count)
]


class Worker:
    """What a scheduler sees of a worker, and the tests that it has been sent."""

    def __init__(self, names: list[str] = NAMES) -> None:
        self.names, self.shutting_down, self.exited, self.sent = names, False, False, []
        self.gateway = SimpleNamespace(id="gw", exit=lambda: setattr(self, "exited", True))

    def send_runtest_some(self, indices: list[int]) -> None:
        self.sent += [self.names[index] for index in indices]

    def shutdown(self) -> None:
        self.shutting_down = True


class Session:
    """What starts workers."""

    def __init__(self) -> None:
        self.replaced: list[Worker] = []

    def _clone_node(self, node: Worker) -> None:
        self.replaced.append(node)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def scheduling(session) -> LoadSharedScheduling:
    """Of one worker, which is full above 100 bytes, and for a large piece above 50."""
    config = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=True),
        getvalue=lambda _: ["popen"],
        pluginmanager=SimpleNamespace(getplugin=lambda _: session),
    )
    return LoadSharedScheduling(config, Producer("scheduling", enabled=False), full=Full(for_large=50, for_others=100))


def begun(scheduling: LoadSharedScheduling, names: list[str] = NAMES) -> Worker:
    worker = Worker(names)
    scheduling.add_node(worker)
    scheduling.add_node_collection(worker, names)
    scheduling.schedule()
    return worker


def run_all(scheduling: LoadSharedScheduling, worker: Worker, resident_bytes: int) -> None:
    for number, name in enumerate(worker.sent):  # which grows
        assert number + 1 < len(worker.sent) or worker.shutting_down, "a worker waits until it knows what comes next"
        scheduling.pytest_runtest_logreport(SimpleNamespace(node=worker, resident_bytes=resident_bytes))
        scheduling.mark_test_complete(worker, worker.names.index(name))


def test_a_worker_with_room_runs_one_file_after_the_other(scheduling, session):
    worker = begun(scheduling)
    run_all(scheduling, worker, 100)
    scheduling.pytest_testnodedown(worker, None)
    assert worker.sent == NAMES
    assert session.replaced == []


def test_a_full_worker_ends_behind_its_file_and_a_fresh_one_goes_on_with_the_next(scheduling, session):
    full = begun(scheduling)
    run_all(scheduling, full, 101)
    assert (full.sent, full.shutting_down) == (NAMES[:4], True)
    scheduling.pytest_testnodedown(full, None)
    assert (session.replaced, full.exited) == ([full], True)
    assert scheduling.remove_node(full) is None
    fresh = begun(scheduling)
    run_all(scheduling, fresh, 100)
    assert fresh.sent == NAMES[4:]
    assert scheduling.tests_finished


@pytest.mark.parametrize(("resident_bytes", "is_full"), [(50, False), (51, True)])
def test_a_large_piece_asks_for_more_room(scheduling, resident_bytes, is_full):
    names = ["a.py::test_0", "a.py::test_1", *(f"{file}::test_0" for file in LARGE if file.endswith(".py"))]
    worker = begun(scheduling, names)
    scheduling.pytest_runtest_logreport(SimpleNamespace(node=worker, resident_bytes=resident_bytes))
    scheduling.mark_test_complete(worker, 0)
    assert worker.shutting_down == is_full
    assert worker.sent[:2] == names[:2]


def test_a_fresh_worker_is_told_that_a_single_test_is_its_last(scheduling):
    for _ in range(2):
        full = begun(scheduling)
        run_all(scheduling, full, 101)
        scheduling.remove_node(full)
    fresh = begun(scheduling)
    assert (fresh.sent, fresh.shutting_down) == (NAMES[-1:], True)


def test_a_full_worker_that_crashes_is_replaced_by_pytest_xdist_alone(scheduling, session):
    full = begun(scheduling)
    run_all(scheduling, full, 101)
    scheduling.pytest_testnodedown(full, "Not properly terminated")
    assert session.replaced == []


def test_a_fresh_worker_gets_nothing_before_it_knows_the_tests(scheduling):
    begun(scheduling)
    fresh = Worker()
    scheduling.add_node(fresh)
    scheduling.schedule()
    assert fresh.sent == []


def test_tests_that_were_changed_meanwhile_end_the_run(scheduling):
    begun(scheduling)
    fresh = Worker([*NAMES, "new.py::test_0"])
    scheduling.add_node(fresh)
    with pytest.raises(pytest.exit.Exception, match="changed while they ran"):
        scheduling.add_node_collection(fresh, fresh.names)


@pytest.mark.parametrize("room", ["batch", "stylize"])
def test_files_that_share_a_server_are_one_piece(scheduling, room):
    assert scheduling._split_scope(f"tests/client/{room}/test_a.py::test_b") == "server"
    assert scheduling._split_scope("tests/client/test_a.py::test_b") == "tests/client/test_a.py"
