"""What a model does not know is refused in the client's own words, and its card is asked for once."""

from __future__ import annotations

import threading

import pytest

from nst_client.calls.known_options import KnownOptions, names_in
from nst_client.errors import BadAnswer, RequestRefused, ServerUnavailable

SEED = {"contract": 2, "options": [{"name": "seed"}]}
COLOUR = {"contract": 2, "options": [{"name": "seed"}, {"name": "color"}]}


class Cards:
    """Answers with one card after the other, and counts."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.deadlines: list[float] = []

    def __call__(self, deadline_seconds: float):
        self.deadlines.append(deadline_seconds)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_without_an_option_nobody_is_asked():
    cards = Cards()
    KnownOptions(cards).check(set(), 1.0)
    assert cards.deadlines == []


def test_the_card_is_asked_for_once_within_the_calls_own_deadline():
    cards = Cards(COLOUR)
    known = KnownOptions(cards)
    for names in ({"seed"}, {"color", "seed"}, {"color"}):
        known.check(names, 7.0)
    assert cards.deadlines == [7.0]


def test_an_unknown_option_is_named_with_what_to_do():
    with pytest.raises(RequestRefused, match=r"^This model knows no `color`: export it again\.$") as raised:
        KnownOptions(Cards(SEED)).check({"seed", "color"}, 1.0)
    assert raised.value.input == "color"
    assert "nst export" in raised.value.remedy


def test_all_unknown_options_are_named():
    with pytest.raises(RequestRefused, match=r"^This model knows no `a` and no `b`: export it again\.$"):
        KnownOptions(Cards(SEED)).check({"b", "seed", "a"}, 1.0)


def test_a_model_that_was_exported_again_is_known_without_a_new_client():
    known = KnownOptions(Cards(SEED, SEED, COLOUR))
    known.check({"seed"}, 1.0)
    with pytest.raises(RequestRefused):
        known.check({"color"}, 1.0)
    known.check({"color"}, 1.0)


def test_a_card_that_cannot_be_had_is_asked_for_again():
    known = KnownOptions(Cards(ServerUnavailable("Nothing answers.", "Start it."), SEED))
    with pytest.raises(ServerUnavailable):
        known.check({"seed"}, 1.0)
    known.check({"seed"}, 1.0)


def test_threads_that_begin_together_ask_once():
    cards, begin = Cards(COLOUR), threading.Barrier(8)
    known = KnownOptions(cards)

    def check() -> None:
        begin.wait(10)
        known.check({"color"}, 1.0)

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(cards.deadlines) == 1


def test_a_card_of_before_contract_2_knows_the_options_of_its_time():
    assert names_in({"weights": "random:0"}) == {"content_weight", "style_weight", "tv_weight", "learning_rate"}


@pytest.mark.parametrize("table", [None, 3, ["seed"], [{"title": "seed"}], [None]])
def test_a_table_that_is_none_is_a_bad_answer(table):
    with pytest.raises(BadAnswer, match="no table of options"):
        names_in({"contract": 2, "options": table})


def test_a_contract_without_a_table_is_a_bad_answer():
    with pytest.raises(BadAnswer, match="no table of options"):
        names_in({"contract": 2})
