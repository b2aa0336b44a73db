"""`nst stylize --explain`: what a run would send and cost. Nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nst_client.calls.inputs import bytes_of, picture_inputs
from nst_client.calls.known_options import KnownOptions
from nst_client.calls.planning import Planned, check_more, planned
from nst_client.contract import INPUTS
from nst_client.files.pictures import Picture
from nst_client.jobs.job import Job
from nst_client.jobs.pictures import JobPictures, read_pictures
from nst_client.jobs.sizes import check_max_pixels
from nst_client.stylize.costs import costs_of


def explained(job: Job, card: Mapping[str, Any]) -> dict[str, Any]:
    """What a job would send and cost, as JSON.

    Args:
        job: the run, of which all files are read.
        card: of the model.

    Raises:
        NstError: the run would be refused.
    """
    pictures = read_pictures(job)
    content, styles = pictures.content.pixels, [style.pixels for style in pictures.styles]
    height, width, _ = content.shape
    given: dict[str, Any] = {**job.settings.options, **pictures.options}
    if job.settings.iterations is not None:
        check_more(job.settings.iterations, 0)
    inputs = picture_inputs(content, styles, given)
    KnownOptions(lambda _: card).check(inputs.keys() & INPUTS.keys(), 0)
    check_max_pixels(card, job.sources.by_role(), pictures.by_role(), job.settings.size)
    run = planned(card, height, width, job.settings.iterations, given)
    levels, precision = _levels(run, height, width), str(card.get("precision", "float32"))
    largest = _largest_pixels(styles, height, width, given)
    regions = inputs["content_mask"].shape[2] if "content_mask" in inputs else 0
    work = [(level["width"] * level["height"], level["iterations"]) for level in levels]
    return {
        "content": {"file": str(job.sources.content), **_sizes(pictures.content)},
        "styles": _styles(job, pictures, inputs),
        "regions": _regions(job, pictures, inputs.get("blend")),
        "strength": _strength(job, pictures),
        "init_image": None if job.sources.init is None else str(job.sources.init),
        "options": dict(job.settings.options),
        "iterations": run.iterations,
        "plan": levels,
        "request_bytes": bytes_of(inputs | run.inputs),
        "precision": precision,
        **costs_of(work, largest, precision, regions, card.get("limits", {}).get("tile_pixels"))._asdict(),
    }


def _levels(run: Planned, height: int, width: int) -> list[dict[str, int]]:
    """The sizes that a run paints at, and how many iterations it makes at each."""
    levels, iteration = [], 0
    while iteration < run.iterations:
        count = run.plan.left_at_size(iteration, run.iterations)
        tall, wide = run.plan.sides(iteration, height, width)
        levels.append({"width": wide, "height": tall, "iterations": count})
        iteration += count
    return levels


def _largest_pixels(styles: list[np.ndarray], height: int, width: int, options: Mapping[str, Any]) -> int:
    """Of the pictures that the network sees, the content among them."""
    scale, largest = options.get("style_scale"), height * width
    for style in styles:
        tall, wide, _ = style.shape
        factor = 1.0 if scale is None else scale * max(height, width) / max(tall, wide)
        largest = max(largest, round(tall * factor) * round(wide * factor))
    return largest


def _sizes(picture: Picture) -> dict[str, Any]:
    height, width, _ = picture.pixels.shape
    return {"size": [width, height], "size_in_file": list(picture.size_in_file)}


def _styles(job: Job, pictures: JobPictures, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The styles with their shares of the blend; none where each has a region of its own."""
    count = len(pictures.styles)
    apart = count > 1 and "style_masks" not in inputs and "content_mask" in inputs
    apart = apart and inputs["content_mask"].shape[2] == count
    blend = np.asarray(inputs.get("blend", np.ones(count)), np.float64)
    shares = [None if apart else float(share) for share in blend / blend.sum()]
    return [
        {"file": str(file), **_sizes(picture), "share": share}
        for file, picture, share in zip(job.sources.styles, pictures.styles, shares, strict=True)
    ]


def _regions(job: Job, pictures: JobPictures, blend: np.ndarray | None) -> list[dict[str, Any]]:
    """The parts of the picture; a style without weight in the blend paints nowhere."""
    weighed = [style for style in range(len(pictures.styles)) if blend is None or blend[style]]
    return [
        {
            "name": region.name,
            "color": None if region.colour is None else list(region.colour),
            "share": region.share,
            "styles": [str(job.sources.styles[style]) for style in region.styles if style in weighed],
        }
        for region in pictures.regions
    ]


def _strength(job: Job, pictures: JobPictures) -> dict[str, Any] | None:
    if job.sources.strength is None:
        return None
    levels = np.asarray(pictures.options["strength"])
    return {"file": str(job.sources.strength), "mean": float(levels.mean()) / 255, "kept": float((levels == 0).mean())}
