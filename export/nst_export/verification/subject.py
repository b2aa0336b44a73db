"""What is asked about: a version on disk, read and loaded once, when the first question needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nst_export.saved_model.graph_file import read_saved_model, served_graph
from nst_export.saved_model.messages import meta_graph_pb2, node_def_pb2, predict_pb2
from nst_export.saved_model.model_card import CARD_FILE, ModelCard, read_card
from nst_export.saved_model.ops import functions_before
from nst_export.saved_model.warmup_file import WARMUP_FILE, recorded_requests
from nst_export.toolkit.files import files_in
from nst_export.toolkit.report import File
from nst_export.toolkit.served import Call
from nst_export.toolkit.signatures import INTERNAL
from nst_export.verification.finding import DoesNotApply

if TYPE_CHECKING:
    from nst_export.verification.runtimes import Eager, Session


class ServedCopy(NamedTuple):
    """Where a server has the same version."""

    call: Call
    address: str
    model: str
    version: int | None


class Subject:
    """A version folder. What cannot be read or loaded is raised at every use as it was at the first."""

    def __init__(self, folder: Path, *, served: ServedCopy | None = None) -> None:
        """Reads nothing yet."""
        self.folder = folder
        self._served = served

    @property
    def served(self) -> ServedCopy:
        """The copy on a server."""
        if self._served is None:
            raise DoesNotApply("no server was named with --against")
        return self._served

    @cached_property
    def files(self) -> Sequence[File]:
        """All files, without digests."""
        return files_in(self.folder, digests=False)

    @cached_property
    def graph(self) -> meta_graph_pb2.MetaGraphDef:
        """The graph for serving."""
        return served_graph(read_saved_model(self.folder))

    @cached_property
    def signatures(self) -> Mapping[str, meta_graph_pb2.SignatureDef]:
        """Those that can be called, by name."""
        return {
            name: definition for name, definition in sorted(self.graph.signature_def.items()) if name not in INTERNAL
        }

    @cached_property
    def behind(self) -> Mapping[str, Mapping[str, Sequence[node_def_pb2.NodeDef]]]:
        """For each signature the functions that it runs: see `functions_before`."""
        return {
            name: functions_before(self.graph.graph_def, [info.name for info in definition.outputs.values()])
            for name, definition in self.signatures.items()
        }

    @cached_property
    def card(self) -> ModelCard:
        """The model card beside the graph."""
        if not (self.folder / CARD_FILE).exists():
            raise DoesNotApply("the model has no model card: it is not ours")
        return read_card(self.folder)

    @cached_property
    def warmup(self) -> Sequence[predict_pb2.PredictRequest]:
        """The requests that a server runs at load."""
        if not (self.folder / WARMUP_FILE).exists():
            raise DoesNotApply("there is no warm-up file")
        return list(recorded_requests(self.folder))

    @cached_property
    def session(self) -> Session:
        """The version in TensorFlow's session runtime, as TensorFlow Serving loads it."""
        from nst_export.verification.runtimes import Session

        return Session(self)

    @cached_property
    def eager(self) -> Eager:
        """The version as `tf.saved_model.load` gives it."""
        from nst_export.verification.runtimes import Eager

        return Eager(self)

    @property
    def is_ours(self) -> bool:
        """Whether there is a model card."""
        return (self.folder / CARD_FILE).exists()
