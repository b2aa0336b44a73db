"""Jobs and journals of a test's folder."""

from __future__ import annotations

from pathlib import Path

from nst_client.batch.journal import Journal
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.settings import Settings

SETTINGS = Settings(20, 64, {"style_weight": 0.1})

# What the processes that are killed begin with: the journal of the folder in argv[1], and its jobs.
OPENED = """
import sys
from pathlib import Path
from nst_client.batch.journal import Journal
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.settings import Settings

folder = Path(sys.argv[1])
def job(name):
    return Job(Sources(folder / "a.jpg", (folder / "x.png",)), folder / name, Settings(20, 64))
with Journal(folder, model="nst") as journal:
"""


def job_of(content: Path, style: Path, output: Path, settings: Settings) -> Job:
    """A job of one style."""
    return Job(Sources(content, (style,)), output, settings)


def written_job(folder: Path) -> Job:
    """A job whose result has been written."""
    made = job_of(folder / "a.jpg", folder / "x.png", folder / "a_x.png", SETTINGS)
    for file in (*made.sources.files, made.output):
        file.write_text("a picture")
    return made


def journal(folder: Path, *, model: str = "nst", version: int | None = 1) -> Journal:
    return Journal(folder, model=model, version=version)


def record(folder: Path, *jobs: Job) -> None:
    with journal(folder) as opened:
        for job in jobs:
            opened.done(job, 1.5, 1)


def is_done(folder: Path, job: Job, **model) -> bool:
    with journal(folder, **model) as opened:
        return opened.is_done(job)
