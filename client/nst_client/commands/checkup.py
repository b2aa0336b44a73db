"""What `nst doctor` looks at: a function for each thing, which is given what it reads and returns a finding."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from nst_client.calls.addresses import PROXY_VARIABLES, exception_variable, proxy_variable
from nst_client.errors import NstError

PYTHONS = ((3, 10), (3, 13))  # as pyproject.toml has it: the oldest and the newest
RUNTIME = ("tensorflow", "tensorflow-serving-api", "keras", "numpy", "grpcio", "protobuf")
CLIENT = ("tensorflow-serving-api", "numpy", "grpcio", "protobuf")  # without these nothing runs

# The full model, 512 x 512 pixels, float32, with --model-dir, two cores: 2.0 GB at its highest.
COMFORTABLE_BYTES = 2_000_000_000


class Finding(NamedTuple):
    """One line."""

    about: str
    verdict: Literal["good", "note", "problem"]
    found: str
    advice: str = ""  # what would go wrong, and what to do


def python(version: Sequence[int]) -> Finding:
    """The interpreter."""
    text = ".".join(map(str, version[:3]))
    if PYTHONS[0] <= tuple(version[:2]) <= PYTHONS[1]:
        return Finding("Python", "good", text)
    ends = " to ".join(f"{major}.{minor}" for major, minor in PYTHONS)
    return Finding("Python", "problem", text, f"TensorFlow has no package for it: make an environment with {ends}.")


def packages(version_of: Callable[[str], str | None]) -> Finding:
    """Versions, as pip knows them; `version_of` returns None for what is not installed."""
    versions = {name: version_of(name) for name in RUNTIME}
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    missing = [name for name, version in versions.items() if not version]
    if not missing:
        return Finding("packages", "good", found)
    harm = "No command works" if set(missing) & set(CLIENT) else "`nst export`, `nst serve` and --model-dir fail"
    return Finding("packages", "problem", found, f"{harm} without {', '.join(missing)}: install nst-serving again.")


def processor(flags: Collection[str], cores: int, machine: str, *, bfloat16: Sequence[str]) -> Finding:
    """What it can do: its features as Linux calls them, and any one of those that make bfloat16 fast."""
    found = f"{machine}, {cores} cores"
    if not flags:
        return Finding("processor", "note", found, "This system does not say what its processor can do.")
    if "avx" not in flags:
        return Finding(
            "processor", "problem", found, "TensorFlow's packages end with an illegal instruction without AVX."
        )
    known = [name for name in ("avx2", "avx512f", *bfloat16) if name in flags]
    found += f", {' '.join(known) or 'avx'}"
    if set(known) & set(bfloat16):
        return Finding("processor", "good", found)
    return Finding("processor", "note", found, "`nst export --precision bfloat16` would be slower than float32 here.")


def gpu(driver: str | None, cuda: str | None) -> Finding:
    """The NVIDIA driver's version and that of CUDA's package cuDNN, None where there is none."""
    if driver is None:
        return Finding("GPU", "note", "none", "The processor computes: use a server with a GPU for large pictures.")
    if cuda is None:
        advice = 'pip\'s TensorFlow would not use it: `pip install "tensorflow[and-cuda]"`.'
        return Finding("GPU", "note", f"NVIDIA driver {driver}, no CUDA libraries of pip's", advice)
    return Finding("GPU", "good", f"NVIDIA driver {driver}, cuDNN {cuda}")


def memory(free: int | None) -> Finding:
    """What is left, in bytes; None where that is not known."""
    if free is None:
        return Finding("memory", "note", "unknown", "This system does not say how much memory is free.")
    found = f"{free / 1e9:.1f} GB available"
    if free >= COMFORTABLE_BYTES:
        return Finding("memory", "good", found)
    advice = "The whole model at 512 x 512 pixels takes 2 GB: ask for a smaller --size, or another machine's server."
    return Finding("memory", "problem", found, advice)


def encoding(names: str, output: str | None) -> Finding:
    """Those of file names and of what is printed."""
    found = f"file names in {names}, output in {output or 'nothing'}"
    if names.lower().replace("-", "") == "utf8":
        return Finding("locale", "good", found)
    advice = "Files with other letters than ASCII's may not be found: set LC_ALL=C.UTF-8."
    return Finding("locale", "problem", found, advice)


def weights_cache(file: Path, md5: str) -> Finding:
    """Keras' file of VGG19's weights: there, damaged, or to be downloaded."""
    if not file.exists():
        advice = "`--weights imagenet` downloads 80 MB; `--weights trained` needs no network."
        return Finding("weights", "note", f"no {file}", advice)
    try:
        digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError as error:
        return Finding("weights", "problem", f"{file}: {error.strerror}", "Let this user read it, or set KERAS_HOME.")
    if digest == md5:
        return Finding("weights", "good", str(file))
    return Finding("weights", "problem", f"{file} is damaged", "Delete it: `--weights imagenet` downloads it again.")


def port(number: int, option: str, check: Callable[[], None]) -> Finding:
    """Whether a server could listen there; `check` raises OSError if not."""
    try:
        check()
    except OSError as error:
        advice = f"That may be a server at work. A further one needs another port: `nst serve {option} N`."
        return Finding(f"port {number}", "note", str(error.strerror), advice)
    return Finding(f"port {number}", "good", "free")


def proxies(addresses: Iterable[str], environment: Mapping[str, str]) -> Finding:
    """Whether gRPC would call a server through a proxy, most of which let no gRPC through."""
    through = {address: proxy_variable(address, environment) for address in addresses}
    wrong = [f"{address} is called through that of {name}" for address, name in through.items() if name]
    if wrong:
        advice = f"Most let no gRPC through: put the servers' hosts into {exception_variable(environment)}."
        return Finding("proxies", "problem", "; ".join(wrong), advice)
    set_here = [name for name in PROXY_VARIABLES if name in environment]
    found = f"{', '.join(set_here)} set, not for these servers" if set_here else "none"
    return Finding("proxies", "good", found)


def server(address: str, ask: Callable[[], Sequence[tuple[int, str]]], *, expected: bool) -> Finding:
    """Whether a server has the model; `ask` returns numbers and states of its versions, or raises NstError."""
    try:
        versions = ask()
    except NstError as error:
        return Finding(f"server {address}", "problem" if expected else "note", str(error), error.remedy)
    found = ", ".join(f"version {number} {state}" for number, state in versions)
    return Finding(f"server {address}", "good", found)
