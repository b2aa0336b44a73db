"""What a job reads, as it is sent: pictures at their sizes, and masks that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nst_client.calls.guidance import check_style_count
from nst_client.contract import Options, numbered
from nst_client.files.masks import note_other_size, read_mask, read_soft_mask
from nst_client.files.pictures import Picture, read_filling, read_picture
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.regions import Region, check_mask_counts, check_not_empty, regions_of
from nst_client.jobs.sizes import check_sides


class JobPictures(NamedTuple):
    """The pictures of a job, and the options that are made of its other files."""

    content: Picture
    styles: tuple[Picture, ...]
    options: Options  # init_image, content_mask, style_masks and strength
    regions: tuple[Region, ...] = ()

    def by_role(self) -> dict[str, Picture]:
        """Content and styles under the names that `Sources.by_role` has for them."""
        return {"content": self.content, **dict(zip(numbered("style", len(self.styles)), self.styles, strict=True))}


def read_pictures(job: Job) -> JobPictures:
    """Reads and scales all files of a job. Warns of a mask that is not of its picture's size.

    Raises:
        FileError: one cannot be read, or is too small.
        RequestRefused: there are too many or too few, or masks that do not fit together.
    """
    sources, size = job.sources, job.settings.size
    check_style_count(len(sources.styles))
    check_mask_counts(len(sources.masks), len(sources.style_masks), len(sources.styles))
    content, *styles = (
        check_sides(file, read_picture(file, size), size) for file in (sources.content, *sources.styles)
    )
    pictures = JobPictures(content, tuple(styles), Options())
    pictures = _with_regions(pictures, sources, blended="blend" in job.settings.options)
    made: dict[str, Any] = {}
    if sources.strength is not None:
        strength = read_soft_mask(sources.strength)
        check_not_empty("strength", strength)
        note_other_size(strength, sources.content, content.size_in_file)
        made["strength"] = strength.scaled(*_sides(content)).places
    if sources.init is not None:
        made["init_image"] = read_filling(sources.init, *_sides(content))
    return pictures._replace(options=_joined(pictures.options, made))


def _with_regions(pictures: JobPictures, sources: Sources, *, blended: bool) -> JobPictures:
    if not sources.masks:
        return pictures
    read = read_soft_mask if len(sources.masks) > 1 else read_mask
    masks, style_masks = [read(file) for file in sources.masks], [read_mask(file) for file in sources.style_masks]
    for mask in masks:
        note_other_size(mask, sources.content, pictures.content.size_in_file)
    for mask, file, picture in zip(style_masks, sources.styles, pictures.styles, strict=False):  # there may be none
        note_other_size(mask, file, picture.size_in_file)
    sides = [_sides(style) for style in pictures.styles]
    made = regions_of(masks, style_masks, _sides(pictures.content), sides, blended=blended)
    return pictures._replace(options=made.inputs, regions=made.regions)


def _sides(picture: Picture) -> tuple[int, int]:
    height, width, _ = picture.pixels.shape
    return height, width


def _joined(options: Options, more: Mapping[str, Any]) -> Options:
    return Options(**{**options, **more})  # type: ignore[typeddict-item]
