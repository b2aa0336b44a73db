"""Questions that any model is asked by running it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from nst_export.saved_model.messages import meta_graph_pb2
from nst_export.saved_model.tensor_arrays import array_of
from nst_export.saved_model.tensor_values import dtype_name, shape_of
from nst_export.toolkit.inspection import DEFAULT_SIGNATURE
from nst_export.toolkit.words import tensor_in_words
from nst_export.verification.finding import EXPORT_AGAIN, DoesNotApply, Finding, judged, yes
from nst_export.verification.kinds import Kind, may_be
from nst_export.verification.pictures import SAME_MACHINE, differences
from nst_export.verification.samples import Arrays
from nst_export.verification.subject import Subject
from nst_export.verification.warmups import WRITE_AGAIN

AT_ONCE = 4  # runs, of two kinds

ASSERTION = re.compile(r"assertion failed: \[(.*)\]")  # what TensorFlow puts around the words of a check

RANDOM = ("Random", "Multinomial", "StatelessMultinomial")  # in the names of ops of which no two runs are the same


def session_loads(subject: Subject) -> Finding:
    """It does, and how long it took."""
    return yes(f"in {subject.session.seconds:.1f} s")


def eager_loads(subject: Subject) -> Finding:
    """It does, with the same signatures."""
    eager = subject.eager
    faults = [f"{name} is missing" for name in sorted(subject.signatures.keys() - set(eager.signatures))]
    return judged(faults, f"in {eager.seconds:.1f} s", EXPORT_AGAIN)


def signatures_run(subject: Subject) -> Finding:
    """Each does, with its defaults, and returns what it declares."""
    faults: list[str] = []
    untold: list[str] = []
    for name, definition in subject.signatures.items():
        try:
            results = subject.session.result(name)
        except DoesNotApply as unknown:
            untold.append(f"{name}: {unknown}")
        except tf.errors.OpError as error:
            reason = f"{name}: {first_line(error)}"
            (untold if _may_refuse(subject, error) else faults).append(reason)
        else:
            faults += [f"{name}: {fault}" for fault in _faults(results, definition)]
    ran = len(subject.signatures) - len(untold)
    if not ran and not faults:
        raise DoesNotApply(f"nobody knows what it takes: {'; '.join(untold)}")
    note = f"; not known what these take: {', '.join(untold)}" if untold else ""
    return judged(faults, f"{ran} signatures{note}", EXPORT_AGAIN)


def _may_refuse(subject: Subject, error: tf.errors.OpError) -> bool:
    """Whether a model may well refuse the inputs, since they were made up."""
    return not subject.is_ours and isinstance(error, (tf.errors.InvalidArgumentError, tf.errors.NotFoundError))


def _faults(results: Arrays, definition: meta_graph_pb2.SignatureDef) -> Iterator[str]:
    for alias, value in results.items():
        declared = Kind(dtype_name(definition.outputs[alias].dtype), shape_of(definition.outputs[alias].tensor_shape))
        array = np.asarray(value)
        found = Kind("string" if array.dtype.kind in "OSU" else array.dtype.name, array.shape)
        if found.dtype != declared.dtype or not may_be(found.shape, declared.shape):
            yield f"{alias} is {tensor_in_words(found)}, and must be {tensor_in_words(declared)}"
        elif array.dtype.kind == "f" and not np.isfinite(array).all():
            yield f"{alias} is not finite"


def runtimes_agree(subject: Subject) -> Finding:
    """Both give the same answers to the same inputs."""
    faults, compared = [], 0
    for name in subject.signatures:
        if _is_random(subject, name):
            continue
        ran = result_or_none(subject, name)
        if ran is not None:
            compared += 1
            found = subject.eager.run(name, subject.session.sample(name))
            faults += [f"{name}: {fault}" for fault in differences(found, ran, SAME_MACHINE)]
    if not compared:
        raise DoesNotApply("no signature could be run twice alike")
    return judged(faults, f"{compared} signatures", EXPORT_AGAIN)


def _is_random(subject: Subject, name: str) -> bool:
    ops = (node.op for nodes in subject.behind[name].values() for node in nodes)
    return any(word in op and not op.startswith("Stateless") for op in ops for word in RANDOM)


def result_or_none(subject: Subject, name: str) -> Arrays | None:
    """What a signature makes of its sample; None where it does not run, which is another question's."""
    try:
        return subject.session.result(name)
    except (DoesNotApply, tf.errors.OpError):
        return None


def warmup_runs(subject: Subject) -> Finding:
    """Each request does, as a server runs it at load."""
    faults = []
    for number, request in enumerate(subject.warmup, start=1):
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        try:
            subject.session.run(name, {alias: array_of(tensor) for alias, tensor in request.inputs.items()})
        except tf.errors.OpError as error:
            faults.append(f"request {number}, {name}: {first_line(error)}")
    return judged(faults, f"{len(subject.warmup)} requests", WRITE_AGAIN)


def runs_do_not_mix(subject: Subject) -> Finding:
    """Runs of two kinds at once give what each gives alone."""
    names = [name for name in subject.signatures if subject.signatures[name].inputs and not _is_random(subject, name)]
    name = next((name for name in (DEFAULT_SIGNATURE, *names) if name in names and _runs_twice(subject, name)), None)
    if name is None:
        raise DoesNotApply("no signature with inputs could be run twice alike")
    session = subject.session
    samples = [session.sample(name, seed=seed) for seed in (0, 1)]
    alone = [session.run(name, sample) for sample in samples]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(session.run, name, samples[number % 2]) for number in range(AT_ONCE)]
        results: list[Mapping[str, np.ndarray]] = [run.result() for run in runs]
    faults = []
    for number, result in enumerate(results):
        faults += [f"{name}: {fault} among others" for fault in differences(result, alone[number % 2], SAME_MACHINE)]
    return judged(sorted(set(faults)), f"{AT_ONCE} runs of {name}", "Keep what a run changes in tensors of its loop.")


def _runs_twice(subject: Subject, name: str) -> bool:
    try:
        subject.session.run(name, subject.session.sample(name, seed=1))
    except (DoesNotApply, tf.errors.OpError):
        return False
    return result_or_none(subject, name) is not None


def first_line(error: tf.errors.OpError) -> str:
    """What the runtime says, without where; of a check in the graph its own words."""
    text = str(error.message).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    checked = ASSERTION.fullmatch(first)
    return checked[1] if checked else first
