"""What cannot be written is found before anything is computed, and the remedy is that of its reason."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from nst_client.errors import DiskFull, FileError
from nst_client.files.pictures import check_writable
from nst_client.files.remedies import NO_SPACE, remedy_for
from nst_client.files.written import check_replaceable, make_folder, replacing

NOBODY = 65534
STICKY = 0o1777


@pytest.fixture
def sticky(tmp_path: Path) -> Path:
    """A file in a folder where everybody may make files, and nobody may rename over those of others."""
    tmp_path.chmod(STICKY)
    (tmp_path / "out.png").write_text("an older picture")
    return tmp_path / "out.png"


def may_replace(file: Path, user: int) -> bool:
    try:
        check_replaceable(file, user=user)
    except FileError:
        return False
    return True


def test_a_file_of_another_user_in_a_sticky_folder_is_refused(sticky: Path):
    with pytest.raises(FileError) as caught:
        check_replaceable(sticky, user=NOBODY)
    words = f"{sticky} belongs to another user, and in {sticky.parent} only its owner may replace a file."
    assert (str(caught.value), caught.value.remedy) == (words, "Choose another folder or name.")
    check_replaceable(sticky.with_name("new.png"), user=NOBODY)


def test_its_owner_the_folders_owner_and_root_may_replace_it(sticky: Path):
    for user in (sticky.stat().st_uid, sticky.parent.stat().st_uid, 0):
        assert may_replace(sticky, user)
    assert not may_replace(sticky, NOBODY)
    sticky.parent.chmod(0o777)
    assert may_replace(sticky, NOBODY)


def test_the_rule_is_that_of_the_system(sticky: Path, python):
    """Only root can try it, by becoming nobody; anybody else owns the file, and may replace it."""
    done = python(
        "import os, sys\n"
        "from pathlib import Path\n"
        "from nst_client.errors import FileError\n"
        "from nst_client.files.pictures import check_writable\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"
        "    os.setuid(65534)\n"
        "try:\n"
        "    check_writable(Path('out.png'))\n"
        "    refused = False\n"
        "except FileError:\n"
        "    refused = True\n"
        "Path('new').touch()\n"
        "try:\n"
        "    os.rename('new', 'out.png')\n"
        "    failed = False\n"
        "except PermissionError:\n"
        "    failed = True\n"
        "print(refused == failed)\n",
        sticky.parent,
    )
    assert done.stdout == "True\n", done.stderr


def test_a_file_that_is_protected_from_changes_is_refused(tmp_path: Path):
    """As by `chattr +i`, which few may call: opening such a file to write gives EPERM, to root too."""
    (tmp_path / "out.png").touch()

    def refuse(file: Path, flags: int) -> int:
        assert flags == os.O_WRONLY
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with pytest.raises(FileError, match=r"out\.png is protected from changes") as caught:
        check_replaceable(tmp_path / "out.png", open_file=refuse)
    assert "chattr -i" in caught.value.remedy


def test_a_file_that_is_only_read_only_is_replaced(tmp_path: Path, python):
    (tmp_path / "out.png").touch(0o444)
    tmp_path.chmod(0o777)
    done = python(
        "import os, sys\n"
        "from pathlib import Path\n"
        "from nst_client.files.pictures import check_writable\n"
        "from nst_client.files.written import write_whole\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"
        "    os.setuid(65534)\n"
        "check_writable(Path('out.png'))\n"
        "write_whole(Path('out.png'), b'new')\n",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").read_text() == "new"


def test_checking_changes_nothing(tmp_path: Path):
    file = tmp_path / "out.png"
    file.write_text("an older picture")
    before = file.stat()
    check_writable(file)
    assert file.stat() == before
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for a reader
    check_writable(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("nowhere")
    check_writable(tmp_path / "link.png")


REASONS = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space",
    errno.EACCES: "may write to",
    errno.EPERM: "may write to",
    errno.EROFS: "can only be read",
    errno.ENAMETOOLONG: "shorter name",
    errno.EISDIR: "in the way",
    errno.ENOENT: "make it",
    errno.EFBIG: "ulimit -f",
    errno.EBUSY: "mount its folder",
    errno.EMFILE: "ulimit -n",
    errno.EIO: "The disk fails",
    errno.EINTR: "Choose another folder or name.",
}


@pytest.mark.parametrize("number", REASONS)
def test_a_remedy_fits_its_reason(tmp_path: Path, number: int):
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(FileError) as caught, replacing(tmp_path / "out.png", sync=fail) as stream:
        stream.write(b"a picture")
    assert (type(caught.value) is DiskFull) == (number in NO_SPACE)
    assert str(caught.value) == f"{tmp_path / 'out.png'} cannot be written: {os.strerror(number)}."
    assert REASONS[number] in caught.value.remedy
    assert ("Free some space" in caught.value.remedy) == (number in NO_SPACE)
    assert re.fullmatch(r"[A-Z].*[a-z)]\.", remedy_for(OSError(number, "")))
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=r"The folder .*file/out cannot be made: Not a directory\."):
        make_folder(tmp_path / "file" / "out")
    make_folder(tmp_path / "new" / "out")
    make_folder(tmp_path / "new" / "out")
