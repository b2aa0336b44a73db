"""Times, rates, losses and names as they stand on a line."""

from __future__ import annotations

import pytest

from nst_client.display.words import (
    bytes_in_words,
    clock_in_words,
    losses_in_words,
    packed,
    printable,
    rate_in_words,
    shortened,
    time_in_words,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (119.4, "119 s"),
        (119.6, "2 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d 0 h"),
        (1e7, "115 d 17 h"),
    ],
)
def test_times_have_two_units_at_most(seconds: float, words: str):
    assert time_in_words(seconds) == words


def test_a_number_of_bytes_has_three_digits_and_a_unit():
    told = [bytes_in_words(count) for count in (999, 1000, 58_000, 1_913_000, 2.25e9, 4.19e10)]
    assert told == ["999 bytes", "1 kB", "58 kB", "1.91 MB", "2.25 GB", "41.9 GB"]


def test_a_stopwatch_shows_hours_when_there_are_any():
    assert [clock_in_words(seconds) for seconds in (0.9, 59.9, 750, 3723)] == ["0:00", "0:59", "12:30", "1:02:03"]


def test_a_rate_below_one_is_said_the_other_way_round():
    assert [rate_in_words(rate) for rate in (12.34, 1, 0.4, 0.01)] == [
        "12.3/s",
        "1.0/s",
        "2.5 s/iteration",
        "100.0 s/iteration",
    ]


def test_losses_always_have_three_digits():
    losses = {"a": 0.01, "b": 100, "c": 0, "d_e": 1.2345e-9, "f": float("inf")}
    assert losses_in_words(losses) == ["a 0.0100", "b 100", "c 0.00", "d e 1.23e-09", "f inf"]


def test_a_long_name_keeps_its_beginning_and_its_end():
    assert shortened("holiday/IMG_1234.jpg", 20) == "holiday/IMG_1234.jpg"
    assert shortened("holiday/IMG_1234.jpg", 14) == "holida...4.jpg"
    assert [shortened("holiday", width) for width in (4, 3, 1, 0, -1)] == ["h...", "...", ".", "", ""]


def test_a_name_of_wide_characters_is_measured_in_columns():
    assert shortened("星月夜星月夜.jpg", 12) == "星月....jpg"


def test_parts_are_put_on_as_few_lines_as_they_fit_on():
    assert packed(["one", "two", "three"], 8) == ["one  two", "three"]
    assert packed(["one", "two", "three"], 15) == ["one  two  three"]
    assert packed(["one", "two", "three"], 4) == ["one", "two", "t..."]


def test_a_name_stays_on_one_line():
    assert printable("a\nb\t\x1b\x9bc\udc80 \u2028é星") == "a?b???c? ?é星"
