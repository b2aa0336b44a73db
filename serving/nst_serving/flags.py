"""The flags that TensorFlow Serving needs for requests that run for minutes, each with its reason.

serving/compose.yaml and serving/kubernetes/ give the same flags; a test compares them with this table.
The server prints "unknown argument" for a flag that it does not know and starts without it, so every
name here is checked against the lists of 2.19.1 and 2.20.0 too.
"""

from __future__ import annotations

from typing import NamedTuple


class Flag(NamedTuple):
    """One argument of tensorflow_model_server."""

    name: str
    value: str
    reason: str

    def __str__(self) -> str:
        """The argument as it stands in a command."""
        return f"--{self.name}={self.value}"


LONGEST_RUN_SECONDS = 3600  # what no request outlives: time-outs and grace periods are longer
GRPC_THREADS = 16
REST_THREADS = 8

# A version that fails to load may be one whose copy is not complete, or the disk or the memory may be short for a
# moment: five minutes of tries, as long as the server's own default (five, a minute apart), but soon after it heals.
# None at all would save a minute where a version is really broken, and leave a healed one unserved until a restart:
# the server never tries again. It writes why a version fails at the first try, so nothing is learnt later for this.
LOAD_RETRIES = 30
LOAD_RETRY_SECONDS = 10

LONG_RUN_FLAGS = (
    Flag(
        "rest_api_timeout_in_ms",
        str(LONGEST_RUN_SECONDS * 1000),
        "a REST call is cut off after 30 s by default, in the middle of its run",
    ),
    Flag(
        "rest_api_num_threads",
        str(REST_THREADS),
        "a REST call holds a thread for its whole run; the default, 4 for each CPU, follows the machine",
    ),
    Flag(
        "grpc_max_threads",
        str(GRPC_THREADS),
        "a call holds a thread for its whole run and status calls share them: with the default on one CPU, 4, "
        "three runs make every other call fail with RESOURCE_EXHAUSTED",
    ),
    Flag(
        "tensorflow_inter_op_parallelism",
        "32",
        "more than gRPC's and REST's threads together, so more than there can be runs: the default is the number "
        "of CPUs, and as many loops would starve every other signature",
    ),
    Flag(
        "grpc_channel_arguments",
        "grpc.http2.min_ping_interval_without_data_ms=10000",
        "a client that keeps a long call alive by pings more often than every 5 min is disconnected by default "
        "(Too many pings), and its run is lost",
    ),
    Flag(
        "enable_grpc_healthcheck_service",
        "true",
        "grpc.health.v1 is off by default; start-up probes and load balancers ask it",
    ),
    Flag(
        "max_num_load_retries",
        str(LOAD_RETRIES),
        "a version that does not load, such as one whose copy is not complete, is tried again for five minutes",
    ),
    Flag(
        "load_retry_interval_micros",
        str(LOAD_RETRY_SECONDS * 1_000_000),
        "so it is served within ten seconds once it is whole; the default is a minute",
    ),
)

# Batching is never asked for: --enable_batching refuses scalar inputs such as iterations, and runs of
# different length cannot share one loop.
BATCHING_FLAGS = frozenset({"enable_batching", "batching_parameters_file", "enable_per_model_batching_parameters"})

# Without it TensorFlow takes nearly all memory of the GPU at the first run: nothing else fits beside it.
MEMORY_GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH=true"


def server_arguments(*, name: str, base_path: str, port: int, rest_port: int) -> list[str]:
    """The arguments for one model; `rest_port` 0 is no REST."""
    own = {"port": port, "rest_api_port": rest_port, "model_name": name, "model_base_path": base_path}
    return [f"--{flag}={value}" for flag, value in own.items()] + [str(flag) for flag in LONG_RUN_FLAGS]
