"""How many iterations a run makes and at which sizes: what the caller left open follows from the model's card.

The model's own plan says how many iterations each size but the last one takes, however many a run makes: with fewer
than the published number it would never reach the content's size. So the client scales the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nst_client.calls.inputs import ENVELOPE_BYTES, option_input
from nst_client.contract import DEFAULT_ITERATIONS, MAX_MESSAGE_BYTES, MIN_SIDE, OPTIONS, Options
from nst_client.errors import BadAnswer, RequestRefused
from nst_client.progress import Plan

STATE_PICTURES = 4  # of float32 that L-BFGS carries beside what it remembers: see nst_graph.lbfgs and nst_graph.kept
PLAN = ("sizes", "level_iterations")  # the options that make a run's plan
OURS = "nst"  # the preset for which DEFAULT_ITERATIONS was chosen


class Planned(NamedTuple):
    """A run whose numbers are all decided."""

    iterations: int
    options: Options  # the caller's, with the plan where it has several sizes
    plan: Plan

    @property
    def inputs(self) -> dict[str, Any]:
        """Those of a request that make the plan, as the graph takes them."""
        given: Mapping[str, Any] = self.options
        return {name: option_input(OPTIONS[name], given[name]) for name in PLAN if name in given}


def planned(
    card: Mapping[str, Any], height: int, width: int, iterations: int | None, options: Mapping[str, Any]
) -> Planned:
    """Decides what the caller left open.

    Args:
        card: of the model; one without presets leaves all to the model.
        height: of the content.
        width: of the content.
        iterations: wanted; None takes the preset's.
        options: those given, of their types.

    Raises:
        RequestRefused: the model has no such preset, or too few iterations are wanted to reach the last size.
        BadAnswer: the card's presets are none.
    """
    presets: Mapping[str, Any] = card.get("presets") or {}
    try:
        name = _preset_name(presets, options.get("preset"))
        preset = presets[name] if presets else {"iterations": DEFAULT_ITERATIONS, "plan": _NO_PLAN}
        check_state_size(preset, options, height * width, 2 * 3 * height * width)
        return _planned(name, preset, height, width, iterations, options)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise BadAnswer("The model card has no table of presets.", "Serve a model written by `nst export`.") from error


def planned_sizes(plan: Mapping[str, Any], height: int, width: int) -> tuple[int, ...]:
    """The sizes of a preset's plan for a content, as `nst_graph.schedule.planned_sizes` has them; the last is its own.

    Args:
        plan: `nst_graph.presets.Plan` as JSON.
        height: of the content.
        width: of the content.
    """
    longest = max(height, width)
    sizes = list(plan["sizes"])
    if plan["ratio"]:
        powers = np.asarray([plan["ratio"] ** -power for power in range(plan["levels"] - 1, 0, -1)], np.float32)
        sizes = [int(size) for size in np.round(np.float32(longest) * powers) if size >= plan["smallest"]]
    smaller = [size for size in sizes if size < longest and round(min(height, width) * size / longest) >= MIN_SIDE]
    return (*smaller, longest)


def scaled(level_iterations: Sequence[int], iterations: int) -> tuple[int, ...]:
    """A plan's iterations in the same proportions; at most `iterations` together where there is 1 for each size."""
    total, levels = sum(level_iterations), len(level_iterations)
    if iterations >= total:
        return tuple(level_iterations)
    spare = max(iterations - levels, 0)  # each level has one
    return tuple(1 + spare * count // total for count in level_iterations)


def check_more(iterations: int, done: int) -> None:
    """Refuses a run of so many iterations in the whole that has made them already, or makes none."""
    if iterations <= done:
        enough = f"more than the {done} that are done" if done else "at least 1"
        rule = f"iterations: must be {enough}, got {iterations}."
        raise RequestRefused(rule, "Ask for more.", input="iterations")


def going_on(plan: Plan) -> dict[str, Any]:
    """The options that a run with this plan must be given in every call."""
    return {"sizes": list(plan.sizes), "level_iterations": list(plan.level_iterations)}


def check_state_size(preset: Mapping[str, Any], options: Mapping[str, Any], pixels: int, other_bytes: int) -> None:
    """Refuses a run whose state would outgrow a message at its last size; it would be lost there.

    Args:
        preset: its row of the card.
        options: those given.
        pixels: of the content.
        other_bytes: of the request beside the state.

    Raises:
        RequestRefused: the text names a history that would do.
    """
    optimizer = options.get("optimizer", preset.get("optimizer"))
    if optimizer != "lbfgs":
        return
    history = options.get("history", OPTIONS["history"].default)
    room = MAX_MESSAGE_BYTES - ENVELOPE_BYTES - other_bytes - STATE_PICTURES * 4 * 3 * pixels
    most = room // (2 * 2 * 3 * pixels)  # two pictures of bfloat16 a step
    if history <= most:
        return
    advice = f"use a history of {most} or less, or smaller pictures" if most >= 1 else "use smaller pictures"
    raise RequestRefused(
        f"history: the state of a run of {pixels} pixels would not fit into a message with a history of {history}.",
        f"{advice[0].upper()}{advice[1:]}, or optimizer adam.",
        input="history",
    )


def _check_last_size_begins(before: Sequence[int], iterations: int) -> None:
    """Refuses a run that ends at a smaller size: `before` are the iterations at all sizes but the last one."""
    if iterations <= sum(before):
        raise RequestRefused(
            f"iterations: must be more than the {sum(before)} at the sizes before the last one, got {iterations}.",
            "Ask for more iterations, or pass fewer sizes or level_iterations.",
            input="iterations",
        )


_NO_PLAN = {"sizes": (), "ratio": 0, "first": DEFAULT_ITERATIONS, "later": DEFAULT_ITERATIONS}


def _preset_name(presets: Mapping[str, Any], wanted: str | None) -> str:
    """The preset that is asked for, else the model's default."""
    if not presets:
        return wanted or OURS
    if wanted is not None and wanted not in presets:
        known = ", ".join(presets)
        raise RequestRefused(
            f"preset: must be one of {known}, which this model holds, got {wanted!r}.",
            f"Write a new version with it: `nst export MODEL_DIR --preset {wanted}`.",
            input="preset",
        )
    return wanted or next(iter(presets))


def _planned(
    name: str, preset: Mapping[str, Any], height: int, width: int, iterations: int | None, options: Mapping[str, Any]
) -> Planned:
    plan = preset["plan"]
    given_sizes, given = options.get("sizes"), options.get("level_iterations")
    sizes = tuple(given_sizes) if given_sizes else planned_sizes(plan, height, width)
    published = (plan["first"], *[plan["later"]] * (len(sizes) - 1))
    if iterations is None:
        several = sum(published) if len(sizes) > 1 else preset["iterations"]
        iterations = sum(given) if given else DEFAULT_ITERATIONS if name == OURS else several
    if len(sizes) == 1 and not given_sizes:
        return Planned(iterations, Options(**options), Plan())  # type: ignore[typeddict-item]
    if iterations < len(sizes) and not given_sizes and not given:
        sizes, published = sizes[-max(iterations, 1) :], published[-max(iterations, 1) :]
    level_iterations = tuple(given) if given else scaled(published, iterations)
    _check_last_size_begins(level_iterations[: len(sizes) - 1], iterations)
    chosen = {**options, "sizes": list(sizes), "level_iterations": list(level_iterations)}
    return Planned(iterations, Options(**chosen), Plan(sizes, level_iterations))  # type: ignore[typeddict-item]
