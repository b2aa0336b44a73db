"""Calls a style transfer model behind TensorFlow Serving, without TensorFlow's runtime.

    from nst_client import StyleClient

Public names are loaded at first use, so that `nst --help` does not wait for gRPC and numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nst_client.calls.answers import Evaluation as Evaluation
    from nst_client.calls.answers import Stylized as Stylized
    from nst_client.calls.answers import VersionStatus as VersionStatus
    from nst_client.calls.style_client import StyleClient as StyleClient
    from nst_client.contract import Options as Options
    from nst_client.errors import NstError as NstError
    from nst_client.files.pictures import Picture as Picture
    from nst_client.files.pictures import read_picture as read_picture
    from nst_client.files.pictures import write_picture as write_picture

_HOMES = {
    "NstError": "errors",
    "Options": "contract",
    "Picture": "files.pictures",
    "read_picture": "files.pictures",
    "write_picture": "files.pictures",
    "Evaluation": "calls.answers",
    "StyleClient": "calls.style_client",
    "Stylized": "calls.answers",
    "VersionStatus": "calls.answers",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
