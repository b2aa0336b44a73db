"""Questions to a model that stylises: does it do so, and keep to its limits?"""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nst_export.toolkit.inspection import DEFAULT_SIGNATURE
from nst_export.toolkit.sample_inputs import sample_picture
from nst_export.verification.finding import EXPORT_AGAIN, DoesNotApply, Finding, judged, no, yes
from nst_export.verification.runs import first_line
from nst_export.verification.samples import Arrays
from nst_export.verification.subject import Subject

ENOUGH = 20  # iterations, in which every loss falls
INT32_MAX = 2**31 - 1
SOON_SECONDS = 30.0  # no refusal takes that long
SHORTEST_SECONDS = 0.2  # of the longest run: one that is shorter ends before a deadline could stop it
LONGEST_DEADLINE_SECONDS = 1.0
GRACE_SECONDS, GRACE_ITERATIONS = 2.0, 5  # after its deadline, on a busy machine

STYLISES = {"content", "style", "iterations", "image", "losses"}

BAD_SHAPES = [(), (64,), (64, 64), (1, 64, 64, 3), (64, 64, 4), (0, 64, 3)]


def loss_falls(subject: Subject) -> Finding:
    """From its first iteration to its last, with the default preset."""
    count = min(ENOUGH, _max_iterations(subject))
    if count < 2:
        raise DoesNotApply("the model takes one iteration")
    sizes: dict[str, Any] = {}
    if "sizes" in subject.graph.signature_def[DEFAULT_SIGNATURE].inputs:  # at one size: at another it is another loss
        sizes["sizes"] = np.array([subject.session.side], np.int32)
    losses = np.asarray(_stylized(subject, iterations=count, **sizes)["losses"])
    if losses.ndim != 2 or len(losses) != count:
        return no(f"losses of {count} iterations have the shape {list(losses.shape)}", EXPORT_AGAIN)
    first, last = losses[0, 0], losses[-1, 0]
    if not np.isfinite(losses).all() or not last < first:
        return no(f"the total loss goes from {first:.4g} to {last:.4g} in {count} iterations", EXPORT_AGAIN)
    if not np.allclose(losses[:, 0], losses[:, 1:].sum(axis=1), rtol=1e-3):
        return no("the total loss is not the sum of the others", EXPORT_AGAIN)
    return yes(f"from {first:.4g} to {last:.4g} in {count} iterations")


def presets_are_there(subject: Subject) -> Finding:
    """Each that the card lists can be asked for, and the first is what is used without a name."""
    faults, first = [], None
    for name in subject.card.presets:
        try:
            losses = _stylized(subject, preset=np.array(name.encode(), object), iterations=1)["losses"]
        except tf.errors.OpError as error:
            faults.append(first_line(error))
            continue
        if first is None:
            first = name
            usual = _stylized(subject, iterations=1)["losses"]
            if not np.allclose(losses, usual, rtol=1e-3):
                faults.append(f"{name} is the first, and not the default")
    return judged(faults, ", ".join(subject.card.presets), EXPORT_AGAIN)


def limits_are_the_cards(subject: Subject) -> Finding:
    """What is too large is refused, and the words name the card's numbers."""
    limits = subject.card.limits
    _stylized(subject)  # what the runtime prepares for its first run is no part of a refusal's time
    refusals = {
        "max_iterations": _refusal(subject, iterations=INT32_MAX),
        "max_pixels": _refusal(subject, content=np.zeros((1, 1, 3), np.uint8)),
        "min_side": _refusal(subject, style=np.zeros((1, 1, 3), np.uint8)),
    }
    faults = []
    for name, refusal in refusals.items():
        words = refusal.replace(",", "").split()
        if not isinstance(limits.get(name), int) or str(limits[name]) not in words:
            said = f"what is beyond it {refusal}" if refusal in NOT_REFUSED else f"the graph says: {refusal}"
            faults.append(f"{name} is {limits.get(name)} in the card, and {said}")
    stated = ", ".join(
        f"{name.replace('_', ' ')} {value:,}" for name, value in limits.items() if isinstance(value, int)
    )
    return judged(faults, stated, EXPORT_AGAIN)


def bad_input_is_refused(subject: Subject) -> Finding:
    """A wrong rank, which a server passes on, and numbers out of range are refused before they do harm."""
    _stylized(subject)
    faults, count = [], 0
    for alias in ("content", "style"):
        for shape in BAD_SHAPES:
            refusal = _refusal(subject, **{alias: np.zeros(shape, np.uint8)})
            faults += [f"{alias} of shape {list(shape)} {refusal}"] if refusal in NOT_REFUSED else []
            count += 1
    for value in (0, -1):
        refusal = _refusal(subject, iterations=value)
        faults += [f"{value} iterations {refusal}"] if refusal in NOT_REFUSED else []
        count += 1
    return judged(faults, f"{count} kinds of it", EXPORT_AGAIN)


ACCEPTED, TOO_LATE = "is accepted", "is not refused in time"
NOT_REFUSED = (ACCEPTED, TOO_LATE)


def _refusal(subject: Subject, **inputs: Any) -> str:
    """The runtime's words."""
    try:
        _stylized(subject, timeout_seconds=SOON_SECONDS, **inputs)
    except tf.errors.DeadlineExceededError:
        return TOO_LATE
    except tf.errors.OpError as error:
        return first_line(error)
    return ACCEPTED


class Longest(NamedTuple):
    """The longest run that a model takes, as far as a deadline needs it."""

    side: int  # of the pictures, in pixels
    iterations: int
    seconds: float  # estimated
    of_an_iteration: float  # seconds


def deadline_stops_the_loop(subject: Subject) -> Finding:
    """In the middle of the longest run that the model takes."""
    longest = _longest(subject)
    if longest.seconds < SHORTEST_SECONDS:
        raise _too_short(longest.seconds)
    deadline = min(LONGEST_DEADLINE_SECONDS, longest.seconds / 4)
    grace = min(GRACE_SECONDS + GRACE_ITERATIONS * longest.of_an_iteration, (longest.seconds - deadline) / 2)
    begin = time.perf_counter()
    try:
        content = sample_picture("content", longest.side, longest.side)
        _stylized(subject, content=content, iterations=longest.iterations, timeout_seconds=deadline)
    except tf.errors.DeadlineExceededError:
        late = time.perf_counter() - begin - deadline
        if late > grace:
            return no(f"a run with a deadline of {deadline:.2g} s ended {late:.1f} s after it", EXPORT_AGAIN)
        return yes(f"{late:.2f} s after it, in a run of about {longest.seconds:,.0f} s")
    took = time.perf_counter() - begin
    if took <= deadline:  # the estimate was made while the machine was busy
        raise _too_short(took)
    return no(f"a run with a deadline of {deadline:.2g} s went on to its end for {took:.1f} s", EXPORT_AGAIN)


def _too_short(seconds: float) -> DoesNotApply:
    return DoesNotApply(f"the longest run takes {seconds:.2f} s, which is too short to be stopped")


def _seconds_of(subject: Subject, iterations: int) -> float:
    begin = time.perf_counter()
    _stylized(subject, iterations=iterations)
    return time.perf_counter() - begin


def _longest(subject: Subject) -> Longest:
    """As long as it need be: on small pictures if that is long enough."""
    most, side = _max_iterations(subject), subject.session.side
    count = min(ENOUGH, most)
    _stylized(subject, iterations=count)  # so that the next run prepares nothing
    each = min(_seconds_of(subject, count) for _ in range(3)) / count  # the least: a busy machine holds up some
    limits, execution = subject.card.limits, subject.card.execution
    if each * most < 4 * LONGEST_DEADLINE_SECONDS:
        larger = math.isqrt(limits["max_pixels"])
        each, side = each * (larger / side) ** 2, larger
    return Longest(side, most, min(each * most, execution.get("max_seconds") or math.inf), each)


def _max_iterations(subject: Subject) -> int:
    return int(subject.card.limits["max_iterations"])


def _stylized(subject: Subject, *, timeout_seconds: float | None = None, **inputs: Any) -> Arrays:
    """What the default signature makes of the sample with other inputs."""
    definition = subject.signatures.get(DEFAULT_SIGNATURE)
    if not subject.card or definition is None or not definition.inputs.keys() | definition.outputs.keys() >= STYLISES:
        raise DoesNotApply("its default signature does not stylise")
    sample = {**subject.session.sample(DEFAULT_SIGNATURE), **inputs}
    sample["iterations"] = np.array(sample["iterations"], np.int32)
    return subject.session.run(DEFAULT_SIGNATURE, sample, timeout_seconds=timeout_seconds)
