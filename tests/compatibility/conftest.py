"""Models that hold between them every op that an export can write."""

from __future__ import annotations

import pytest

from nst_export.export import export_version
from nst_export.saved_model.ops import read_graph
from nst_graph.execution import Execution

EXPORTS = {
    "every option, bfloat16": {
        "preset_name": "eager",
        "precision": "bfloat16",
        "options": Execution(exclusive=True, max_seconds=60.0, xla=True),
    },
    "exclusive, float16": {"precision": "float16", "pooling": "max", "options": Execution(exclusive=True)},
}


@pytest.fixture(scope="session")
def graphs(tiny_model_dir, tmp_path_factory):
    """The graphs of an export without options and of each of `EXPORTS`."""
    folder = tmp_path_factory.mktemp("compatibility")
    return {"defaults": read_graph(tiny_model_dir / "1")} | {
        name: read_graph(export_version(folder / "model", weights="random:0", width_divisor=64, **choices))
        for name, choices in EXPORTS.items()
    }


@pytest.fixture(scope="session", params=["defaults", *EXPORTS])
def graph(request, graphs):
    return graphs[request.param]
