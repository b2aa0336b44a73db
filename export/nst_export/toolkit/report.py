"""What `nst inspect` finds, as records: `--json` prints them, the screen shows them, export/README.md lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nst_export.saved_model.tensor_values import Shape, Value


class Input(NamedTuple):
    """One input of a signature."""

    name: str  # in requests
    dtype: str  # uint8, float32, string, ...
    shape: Shape  # lengths, null where any will do; null alone: any rank
    required: bool  # false if it has a default
    default: Value | None  # null if it is required, or the default is too long to show
    meaning: str  # empty where nobody says it: a SavedModel has no place for it, our model card has
    tensor: str  # its name in the graph


class Output(NamedTuple):
    """One output of a signature."""

    name: str  # in answers
    dtype: str  # uint8, float32, string, ...
    shape: Shape  # as an input's
    meaning: str  # empty where nobody says it
    tensor: str  # its name in the graph


class Signature(NamedTuple):
    """One function that a server offers."""

    name: str  # in requests
    method: str  # tensorflow/serving/predict, .../classify or .../regress
    inputs: Sequence[Input]  # the required ones first
    outputs: Sequence[Output]  # by name


class OpCount(NamedTuple):
    """How often an op occurs."""

    op: str  # its name, such as Conv2D
    total: int  # in the graph and all of its functions
    in_loops: int  # of these, in bodies and conditions of loops and what they call


class Variable(NamedTuple):
    """One variable that is stored."""

    name: str  # as the graph calls it
    key: str  # as the files call it
    dtype: str  # float32, ...
    shape: Shape  # lengths
    bytes: int  # on disk
    shard: int  # the number of the file that holds it
    checksum: str  # TensorFlow's own of its bytes, CRC-32C in hexadecimal; of several pieces one after the other


class File(NamedTuple):
    """One file of the version."""

    path: str  # below the version folder
    bytes: int  # its size
    sha256: str | None  # null where it was not computed: see --digests


class WarmupInput(NamedTuple):
    """One input of a warm-up request."""

    name: str  # as the signature's
    dtype: str  # uint8, float32, string, ...
    shape: Shape  # lengths
    value: Value | None  # null if it is too long to show


class WarmupRequest(NamedTuple):
    """One request that a server runs at load."""

    signature: str  # its name
    inputs: Sequence[WarmupInput]  # by name
    outputs: Sequence[str]  # those asked for; none stands for all


class Requirement(NamedTuple):
    """One thing that a server must be able to do."""

    server: str  # the oldest TensorFlow Serving that can, such as 2.14; empty where any can
    flag: str  # the flag that it must be started with; empty if none
    reason: str  # what in the model wants it


class Cost(NamedTuple):
    """What one iteration takes, estimated from the network."""

    flops: float  # floating point operations for one pixel of the content, forward and backward
    memory: float  # bytes for one pixel of the content


class VersionState(NamedTuple):
    """One version on a server."""

    version: int  # its number
    state: str  # START, LOADING, AVAILABLE, UNLOADING or END
    error: str  # why it could not be loaded; else empty


class Report(NamedTuple):
    """Everything; what cannot be known, of a server or of a model without a model card, is null or empty."""

    source: str  # the version folder, or the server's address
    model: str  # the model folder's name, or the name on the server
    version: int | None  # null for a folder that is not called by a number
    tensorflow: str  # the version that wrote it
    graph_version: int | None  # of the graph's own format: its producer
    oldest_graph_reader: int | None  # what a reader must know of that format: min_consumer
    tags: Sequence[Sequence[str]]  # of each graph in the file; serve is the one that is looked at
    requirements: Sequence[Requirement]  # of the server
    card: Mapping[str, Any] | None  # the model card
    cost: Cost | None  # of one iteration
    slow_here: str | None  # why this machine's processor is slow at the model's precision; null where it is not
    signatures: Sequence[Signature]  # by name
    functions: int | None  # in the graph
    ops: Sequence[OpCount]  # the most frequent first
    variables: Sequence[Variable]  # in the order of the files
    warmup: Sequence[WarmupRequest]  # in the order of the file
    files: Sequence[File]  # by path
    fingerprint: str | None  # TensorFlow's own checksum of the graph, in hexadecimal
    states: Sequence[VersionState]  # on the server, the newest first
    problems: Sequence[str]  # what is wrong with it, in sentences
