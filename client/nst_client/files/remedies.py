"""What to do when the operating system refuses to write a file."""

from __future__ import annotations

import errno

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

_REMEDIES = {
    NO_SPACE: "Free some space, or choose another folder.",
    (errno.EACCES, errno.EPERM): "Choose a folder that you may write to, or another name.",
    (errno.EROFS,): "That disk can only be read: choose a folder on another one.",
    (errno.ENAMETOOLONG,): "Choose a shorter name.",
    (errno.EINVAL, errno.EILSEQ): "Choose a name that this disk takes, of plain letters and digits.",
    (errno.EFBIG,): "The disk or a limit (ulimit -f) allows no file of that size: choose another folder.",
    (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST): "A folder or file of that name is in the way: choose another name.",
    (errno.ENOENT, errno.ENOTDIR, errno.ESTALE): "Its folder is not there (any more): make it, or choose another one.",
    (
        errno.EBUSY,
        errno.ETXTBSY,
    ): "That very file is in use or mounted: mount its folder, or choose another name.",
    (errno.EMFILE, errno.ENFILE): "Too many files are open: close programs, or raise the limit (ulimit -n).",
    (errno.EIO, errno.ENXIO, errno.ENODEV): "The disk fails or has gone: choose a folder on another one.",
    (errno.ELOOP,): "It is a link to itself: choose another name.",
}


def remedy_for(error: OSError) -> str:
    """A sentence for the error's number."""
    for numbers, remedy in _REMEDIES.items():
        if error.errno in numbers:
            return remedy
    return "Choose another folder or name."
