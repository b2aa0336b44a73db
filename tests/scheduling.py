"""Which tests one worker runs in one go: those of a file, and files that share what takes half a minute to prepare."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

# By the fixture of the whole session that they share: a server prepares each signature for seconds, a traced module
# too, and each worker would do it anew. pytest-xdist's own groups (3.8.0) are no groups under pytest 9.2.
SHARING = {
    "module": ("tests/nst_graph/",),
    "target": ("tests/conformance/",),
    "server": (*(f"tests/client/{room}/" for room in ("batch", "calls", "commands", "jobs", "stylize")),),
}


class LoadSharedScheduling(LoadFileScheduling):
    """The largest pieces go first, as pytest-xdist has it."""

    def _split_scope(self, nodeid: str) -> str:
        return next(
            (name for name, places in SHARING.items() if nodeid.startswith(places)), super()._split_scope(nodeid)
        )
