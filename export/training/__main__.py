"""`python -m training`: pictures, train, judge, ship."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.errors import TrainingError


def parsed_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    pictures = commands.add_parser("pictures", help="decode pictures once, into a cache")
    pictures.add_argument("cache", type=Path)
    pictures.add_argument("sources", nargs="+", help="FOLDER or FOLDER=SHARE: its share of the crops, by default 1")
    pictures.add_argument("--most", type=int, default=400, help="pictures taken of a folder")
    pictures.add_argument("--drawn", type=int, default=0, help="pictures of each formula to add")
    pictures.add_argument("--demos", type=int, default=0, help="pictures of each demo drawing to add")
    pictures.add_argument("--drawn-share", type=float, default=1.0)
    train = commands.add_parser("train", help="train, or go on training")
    train.add_argument("run", type=Path, help="the run's folder")
    train.add_argument("--teacher", type=Path, required=True)
    train.add_argument("--teacher-sha256")
    train.add_argument("--pictures", type=Path, required=True, help="a cache")
    train.add_argument("--judged", type=Path, required=True, help="a cache of photographs kept out")
    train.add_argument("--steps", type=int, required=True)
    train.add_argument("--anneal", type=int, required=True, help="last steps, in which the rate falls to zero")
    train.add_argument("--rate", type=float, default=2e-3)
    train.add_argument("--batch", type=int, default=6)
    train.add_argument("--side", type=int, default=112, help="pixels of a crop")
    train.add_argument("--statistics-steps", type=int, default=3000)
    train.add_argument("--judge-every", type=int, default=500)
    return parser.parse_args()


def pictures(arguments: argparse.Namespace) -> None:
    """Fills a cache."""
    from training.picture_cache import Source, write_pictures

    drawn = ()
    if arguments.drawn or arguments.demos:
        from training.formulas import drawn_pictures

        drawn = drawn_pictures(arguments.drawn, demos=arguments.demos)
    sources = []
    for text in arguments.sources:
        folder, _, share = text.partition("=")
        sources.append(Source(Path(folder), float(share or 1)))
    report = write_pictures(
        arguments.cache, sources, most=arguments.most, drawn=drawn, drawn_share=arguments.drawn_share
    )
    for line in report.unreadable:
        print(line, file=sys.stderr)
    for source, kept in zip(sources, report.kept, strict=True):
        print(f"{kept:5} {source.share:g} {source.folder}")


def train(arguments: argparse.Namespace) -> None:
    """Trains to the end."""
    from training.crops import Crops
    from training.picture_cache import Pictures
    from training.run import Run, Settings
    from training.teacher import Teacher
    from training.teacher_file import SHA256, read_teacher_arrays

    settings = Settings(
        steps=arguments.steps,
        anneal=arguments.anneal,
        rate=arguments.rate,
        batch=arguments.batch,
        side=arguments.side,
        statistics_steps=arguments.statistics_steps,
        judge_every=arguments.judge_every,
    )
    teacher = Teacher(read_teacher_arrays(arguments.teacher, arguments.teacher_sha256 or SHA256))
    run = Run(arguments.run, teacher, Crops(Pictures(arguments.pictures)), Pictures(arguments.judged), settings)
    for line in run.go():
        print(line, flush=True)


def main() -> int:
    """Runs one command; a failure that is explained gives 1."""
    arguments = parsed_arguments()
    try:
        {"pictures": pictures, "train": train}[arguments.command](arguments)
    except TrainingError as error:
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
