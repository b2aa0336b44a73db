"""Calls a style transfer model behind TensorFlow Serving, without TensorFlow's runtime.

    from nst_client import StyleClient

Public names are loaded at first use, so that `nst --help` does not wait for gRPC and numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nst_client.errors import NstError as NstError
    from nst_client.pictures import Picture as Picture
    from nst_client.pictures import read_picture as read_picture
    from nst_client.pictures import write_picture as write_picture
    from nst_client.style_client import Evaluation as Evaluation
    from nst_client.style_client import StyleClient as StyleClient
    from nst_client.style_client import Stylized as Stylized
    from nst_client.style_client import VersionStatus as VersionStatus

_HOMES = {
    "NstError": "errors",
    "Picture": "pictures",
    "read_picture": "pictures",
    "write_picture": "pictures",
    "Evaluation": "style_client",
    "StyleClient": "style_client",
    "Stylized": "style_client",
    "VersionStatus": "style_client",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
