"""`python -m training`: pictures, train, judge, ship, yardstick."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.errors import TrainingError

PHOTOGRAPHS, PHOTOGRAPH_SIDE = 100, 384  # that a finished run is judged on


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
    train.add_argument("--pictures", type=Path, required=True, help="a cache")
    train.add_argument("--steps", type=int, required=True)
    train.add_argument("--anneal", type=int, required=True, help="last steps, in which the rate falls to zero")
    train.add_argument("--rate", type=float, default=2e-3)
    train.add_argument("--batch", type=int, default=6)
    train.add_argument("--side", type=int, default=112, help="pixels of a crop")
    train.add_argument("--statistics-steps", type=int, default=3000)
    train.add_argument("--judge-every", type=int, default=250)
    judge = commands.add_parser("judge", help="explained variance by layer, float32")
    judge.add_argument("run", type=Path)
    ship = commands.add_parser("ship", help="write the file for nst_export/weights")
    ship.add_argument("run", type=Path)
    ship.add_argument("file", type=Path)
    yardstick = commands.add_parser("yardstick", help="a result's style errors in the teacher's layers")
    yardstick.add_argument("style", type=Path)
    yardstick.add_argument("image", type=Path)
    for command in (train, judge, yardstick):
        command.add_argument("--teacher", type=Path, required=True)
        command.add_argument("--teacher-sha256", help="where it is another file than README.md says")
    for command in (train, judge, ship):
        command.add_argument("--judged", type=Path, required=True, help="a cache of photographs kept out")
    return parser.parse_args()


def pictures(arguments: argparse.Namespace) -> None:
    """Fills a cache."""
    from training.formulas import drawn_pictures
    from training.picture_cache import Source, write_pictures

    sources = []
    for text in arguments.sources:
        folder, _, share = text.partition("=")
        sources.append(Source(Path(folder), float(share or 1)))
    report = write_pictures(
        arguments.cache,
        sources,
        most=arguments.most,
        drawn=drawn_pictures(arguments.drawn, demos=arguments.demos),
        drawn_share=arguments.drawn_share,
    )
    for line in report.unreadable:
        print(line, file=sys.stderr)
    for source, kept in zip(sources, report.kept, strict=True):
        print(f"{kept:5} pictures, share {source.share:g}: {source.folder}")


def train(arguments: argparse.Namespace) -> None:
    """Trains to the end."""
    from training.crops import Crops
    from training.picture_cache import Pictures
    from training.run import Run, Settings
    from training.teacher import read_teacher

    settings = Settings(
        steps=arguments.steps,
        anneal=arguments.anneal,
        rate=arguments.rate,
        batch=arguments.batch,
        side=arguments.side,
        statistics_steps=arguments.statistics_steps,
        judge_every=arguments.judge_every,
    )
    teacher = read_teacher(arguments.teacher, arguments.teacher_sha256)
    run = Run(arguments.run, teacher, Crops(Pictures(arguments.pictures)), Pictures(arguments.judged), settings)
    for line in run.go():
        print(line, flush=True)


def judge(arguments: argparse.Namespace) -> None:
    """Prints a line for each pooling."""
    from training.checkpoint import required_checkpoint
    from training.judge import Judge, centres
    from training.picture_cache import Pictures
    from training.student import POOLINGS, trained_student
    from training.teacher import read_teacher

    state = required_checkpoint(arguments.run)
    squares = centres(Pictures(arguments.judged), most=PHOTOGRAPHS, side=PHOTOGRAPH_SIDE)
    judge = Judge(read_teacher(arguments.teacher, arguments.teacher_sha256), squares, state["scales"])
    for pooling in POOLINGS:
        explained = judge.explained(trained_student(state["average"]), pooling, reduced=False)
        print(f"{pooling:8}" + " ".join(f"{name} {value:.3f}" for name, value in explained.items()))


def ship(arguments: argparse.Namespace) -> None:
    """Writes the file and prints its digest."""
    from training.activation_scale import PUBLISHED, between, gain
    from training.checkpoint import required_checkpoint
    from training.judge import centres, features_of
    from training.picture_cache import Pictures
    from training.ship import quantised, rescaled, write_arrays
    from training.student import CONVOLUTIONS, folded, trained_student

    average = required_checkpoint(arguments.run)["average"]
    student = trained_student(average)
    squares = centres(Pictures(arguments.judged), most=PHOTOGRAPHS, side=PHOTOGRAPH_SIDE)
    features = [features_of(student, square, "max") for square in squares]
    known = {name: gain(name, [picture[name] for picture in features]) for name in PUBLISHED}
    layers = rescaled(folded(average), between(known, list(CONVOLUTIONS)))
    print(f"{write_arrays(arguments.file, quantised(layers))}  {arguments.file}")


def yardstick(arguments: argparse.Namespace) -> None:
    """Prints the errors and their mean."""
    from training.picture_cache import whole_picture
    from training.teacher import read_teacher
    from training.yardstick import style_errors

    teacher = read_teacher(arguments.teacher, arguments.teacher_sha256)
    errors = style_errors(teacher, whole_picture(arguments.style), whole_picture(arguments.image))
    words = " ".join(f"{name} {value:.3f}" for name, value in errors.items())
    print(f"mean {sum(errors.values()) / len(errors):.3f} {words}")


COMMANDS = {"pictures": pictures, "train": train, "judge": judge, "ship": ship, "yardstick": yardstick}


def main() -> int:
    """Runs one command; a failure that is explained gives 1."""
    arguments = parsed_arguments()
    try:
        COMMANDS[arguments.command](arguments)
    except TrainingError as error:
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
