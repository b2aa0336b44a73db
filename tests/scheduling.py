"""Which tests one worker runs in one go, and when another takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from xdist.dsession import DSession
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# By the fixture that they share: a server prepares each signature for seconds, a traced module too, and each worker
# would do it anew. pytest-xdist's own groups (3.8.0) are no groups under pytest 9.2.
SHARING = {
    "module, for files": tuple(f"tests/nst_graph/test_{name}.py" for name in ("encoded", "exif", "signatures")),
    "module": tuple(
        f"tests/nst_graph/test_{name}"
        for name in ("bad_options", "colors", "evaluation", "properties", "regions", "splits", "state", "style")
    ),
    "models of its own": ("tests/client/calls/test_refusals.py",),
    "target, which suffers": tuple(f"tests/conformance/test_{name}.py" for name in ("reload", "transport")),
    "target": ("tests/conformance/",),
    "server": (*(f"tests/client/{room}/" for room in ("batch", "calls", "commands", "jobs", "stylize")),),
}

# Pieces that take more than 0.5 GB: these, and those above.
LARGE = (
    "tests/export/test_export.py",
    "tests/export/test_keras_file.py",
    "tests/export/test_saved_model.py",
    "tests/serving/test_in_process.py",
    "tests/test_documented_calls.py",
    *SHARING,
)


class Full(NamedTuple):
    """From how many bytes on a worker gets no other piece, or no large one: another takes its place.

    A worker begins with 0.7 GB, and a fresh one takes eight seconds. What grows are the traced modules and the servers'
    sessions that its tests share.
    """

    for_large: float = 0.75e9
    for_others: float = 1.1e9


class LoadSharedScheduling(LoadFileScheduling):
    """The largest pieces go first, as pytest-xdist has it. A plugin too, for what it has to hear."""

    def __init__(self, config: pytest.Config, log: Producer, full: Full) -> None:
        super().__init__(config, log)
        self._full = full
        self._resident: dict[WorkerController, int] = {}
        self._ended: set[WorkerController] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Workers tell how much memory they have with each report (see `conftest.py`); a crashed one tells nothing."""
        self._resident[report.node] = getattr(report, "resident_bytes", 0)

    def schedule(self) -> None:
        """Twice: a worker keeps its last test until it knows the next one, and a piece may be a single test."""
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)

    def pytest_testnodedown(self, node: WorkerController, error: object | None) -> None:
        """Does for a full worker what pytest-xdist does for one that has crashed."""
        if node in self._ended and error is None:
            session: DSession = self.config.pluginmanager.getplugin("dsession")
            session._clone_node(node)
            node.gateway.exit()  # its process; pytest-xdist would end it with all others

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """Ends the run where a later worker finds other tests: pytest-xdist would give it none, and wait for it."""
        super().add_node_collection(node, collection)
        if node not in self.registered_collections:
            pytest.exit(
                "The tests were changed while they ran: start them again.", returncode=pytest.ExitCode.INTERRUPTED
            )

    def _reschedule(self, node: WorkerController) -> None:
        if node not in self.registered_collections:
            return  # a fresh worker that still looks for the tests; pytest-xdist (3.8.0) would send it some already
        finished = self._pending_of(self.assigned_work[node]) <= 2  # when it would get its next piece
        if finished and self.workqueue and self._is_full(node) and not node.shutting_down:
            self._ended.add(node)
            node.shutdown()  # behind what it still has to run
        super()._reschedule(node)

    def _is_full(self, node: WorkerController) -> bool:
        """For the piece that is next."""
        limit = self._full.for_large if next(iter(self.workqueue)) in LARGE else self._full.for_others
        return self._resident.get(node, 0) > limit

    def _split_scope(self, nodeid: str) -> str:
        return next(
            (name for name, places in SHARING.items() if nodeid.startswith(places)), super()._split_scope(nodeid)
        )
