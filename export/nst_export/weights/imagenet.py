"""The weights that Keras publishes for VGG19, trained on ImageNet by its authors."""

from __future__ import annotations

import contextlib
import socket
import sys
import urllib.error
from pathlib import Path

import keras

from nst_export.errors import WeightsError
from nst_export.imagenet_file import FOLDER, MD5, URL

# A silent network must not hang an export: no answer for this long counts as unreachable.
TIMEOUT_SECONDS = 20.0

REMEDY = (
    "Try again, or pass a Keras file of VGG19 with --weights FILE, "
    "or use the weights that come with nst-serving with --weights trained."
)


def fetch_imagenet_weights(
    *, url: str = URL, md5: str = MD5, cache: Path | None = None, timeout_seconds: float = TIMEOUT_SECONDS
) -> Path:
    """The path of the file, downloaded at the first call and checked against its digest at each.

    Args:
        url: where to download it from.
        md5: hexadecimal digest that the file must have.
        cache: a folder; by default Keras' own, which other programs on the machine share.
        timeout_seconds: how long the server may be silent.

    Raises:
        WeightsError: the address cannot be reached, or serves another file.
    """
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout_seconds)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Keras prints a progress bar
            file = keras.utils.get_file(
                url.rsplit("/", 1)[-1],
                url,
                file_hash=md5,
                hash_algorithm="md5",
                cache_subdir=FOLDER,
                cache_dir=None if cache is None else str(cache),
            )
    except ValueError as error:
        raise WeightsError(f"The file at {url} does not have the digest MD5 {md5}.", REMEDY) from error
    except Exception as error:  # Keras wraps network errors in bare Exception
        if isinstance(error.__context__, urllib.error.HTTPError):
            error.__context__.close()  # Keras leaves the answer open
        raise WeightsError(f"The ImageNet weights of VGG19 cannot be downloaded: {error}.", REMEDY) from error
    finally:
        socket.setdefaulttimeout(timeout)
    return Path(file)
