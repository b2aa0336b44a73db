"""The table of questions, in the order in which they are asked: what is read first, what is run last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from nst_export.verification import claims, graphs, stored, warmups
from nst_export.verification.finding import Finding
from nst_export.verification.subject import Subject

Answerer: TypeAlias = Callable[[Subject], Finding]


class Question(NamedTuple):
    """One row."""

    name: str
    sentence: str
    answer: Answerer
    after: tuple[str, ...] = ("graph",)  # questions without whose yes this one makes no sense
    server: bool = False  # of a server


def _running(module: str, function: str) -> Answerer:
    """A function of a module that loads TensorFlow, imported when the question is asked."""

    def answer(subject: Subject) -> Finding:
        import importlib

        finding: Finding = getattr(importlib.import_module(f"nst_export.verification.{module}"), function)(subject)
        return finding

    return answer


LOADS, RUNS = ("graph", "session"), ("graph", "session", "signatures")

QUESTIONS: Sequence[Question] = (
    Question("graph", "Is there a graph that a server can read?", stored.graph_is_readable, ()),
    Question("files", "Are all files there, at their full length?", stored.files_are_there),
    Question("card", "Is the model card the one in the graph, and true?", claims.card_is_the_graphs),
    Question("devices", "Is nothing tied to a device?", graphs.no_device_is_named),
    Question("xla", "Does the model do without XLA by default?", graphs.no_xla_in_the_defaults),
    Question("state", "Does a request leave nothing behind in the model?", graphs.requests_write_nothing),
    Question("warmup", "Do the warm-up requests fit the signatures?", warmups.requests_fit),
    Question(
        "coverage",
        "Do the warm-up requests cover what the client asks for?",
        warmups.requests_cover_the_client,
        ("graph", "warmup"),
    ),
    Question(
        "defaults", "Are the defaults those that the card says?", claims.defaults_are_the_cards, ("graph", "card")
    ),
    # From here on TensorFlow is loaded.
    Question(
        "contract", "Are the signatures those of the contract?", claims.signatures_are_the_contracts, ("graph", "card")
    ),
    Question("fingerprint", "Is the graph the one that was written?", stored.fingerprint_fits, ("graph", "files")),
    Question("tensorflow_2_19", "Does TensorFlow 2.19 know all ops and attributes?", graphs.known_to_2_19),
    Question("tensorflow_2_20", "Does TensorFlow 2.20 know all ops and attributes?", graphs.known_to_2_20),
    Question("tensorflow_here", "Does the TensorFlow here know all ops and attributes?", graphs.known_here),
    Question("gpu", "Does the whole loop run on a GPU?", graphs.loop_runs_on_gpus),
    Question("variables", "Are the variables whole, and finite?", stored.variables_are_whole, ("graph", "files")),
    Question(
        "weights", "Are the weights those that the card names?", stored.weights_are_the_cards, ("card", "variables")
    ),
    # From here on the model is.
    Question("session", "Does it load as TensorFlow Serving loads it?", _running("runs", "session_loads")),
    Question("eager", "Does it load in Python?", _running("runs", "eager_loads")),
    Question("signatures", "Does every signature run with its defaults?", _running("runs", "signatures_run"), LOADS),
    Question(
        "runtimes",
        "Do both ways to load it give the same answers?",
        _running("runs", "runtimes_agree"),
        (*RUNS, "eager"),
    ),
    Question("warmup_runs", "Do the warm-up requests run?", _running("runs", "warmup_runs"), (*LOADS, "warmup")),
    Question("loss", "Does the loss fall?", _running("iterations", "loss_falls"), RUNS),
    Question(
        "presets", "Are the presets those that the card lists?", _running("iterations", "presets_are_there"), RUNS
    ),
    Question(
        "limits", "Are the limits those that the card says?", _running("iterations", "limits_are_the_cards"), RUNS
    ),
    Question(
        "bad_input", "Is bad input refused before it does harm?", _running("iterations", "bad_input_is_refused"), RUNS
    ),
    Question("concurrency", "Do runs at the same time keep apart?", _running("runs", "runs_do_not_mix"), RUNS),
    Question(
        "deadline",
        "Does a deadline stop the loop?",
        _running("iterations", "deadline_stops_the_loop"),
        (*RUNS, "limits"),
    ),
    Question(
        "served",
        "Does the server serve this version?",
        _running("served_copy", "served_signatures_are_these"),
        server=True,
    ),
    Question(
        "served_answers",
        "Does the server give the same answers?",
        _running("served_copy", "served_answers_are_these"),
        (*RUNS, "served"),
        server=True,
    ),
)
