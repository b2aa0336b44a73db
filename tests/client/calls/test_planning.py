"""What a caller leaves open of a run follows from the model's card."""

from __future__ import annotations

import json

import pytest
import tensorflow as tf

from nst_client.calls.planning import planned, planned_sizes, scaled
from nst_client.errors import BadAnswer, RequestRefused
from nst_client.progress import Plan
from nst_export.saved_model.model_card import json_value
from nst_graph import schedule
from nst_graph.presets import PRESETS

CARD = {"presets": json.loads(json.dumps(json_value(PRESETS)))}


def plan_of(iterations=None, height: int = 768, width: int = 1024, card=CARD, **options):
    return planned(card, height, width, iterations, options)


def test_a_plan_of_one_size_is_left_to_the_model():
    assert plan_of(30, preset="eager") == (30, {"preset": "eager"}, Plan())


def test_without_a_number_the_preset_has_its_published_one():
    published = {name: plan_of(preset=name, height=384, width=512).iterations for name in ("nst", "eager", "gatys")}
    assert published == {"nst": 200, "eager": 1000, "gatys": 500}
    assert plan_of(preset="gatys").iterations == 700  # 500 at 512 pixels, 200 at the content's size
    assert plan_of(preset="crowson").iterations == 1000 + 500 * 6  # 128 to 1024 in seven sizes


def test_the_first_preset_of_a_model_is_its_default():
    card = {"presets": {name: CARD["presets"][name] for name in ("gatys", "nst")}}
    assert plan_of(card=card).iterations == 700


def test_a_model_without_presets_has_the_clients_number():
    assert plan_of(card={}) == (200, {}, Plan())


def test_fewer_iterations_than_published_are_shared_in_the_plans_proportions():
    done = plan_of(70, preset="gatys")
    assert done.plan == Plan((512, 1024), (49, 20))
    assert done.options == {"preset": "gatys", "sizes": [512, 1024], "level_iterations": [49, 20]}
    assert done.plan.left_at_size(49, 70) == 21


def test_more_iterations_than_published_go_to_the_last_size():
    assert plan_of(5000, preset="gatys").plan == Plan((512, 1024), (500, 200))


@pytest.mark.parametrize("iterations", [1, 2, 3, 9])
def test_with_few_iterations_the_content_has_its_own_size_all_the_same(iterations: int):
    done = plan_of(iterations, preset="crowson")
    assert done.plan.sizes[-1] == 1024
    assert len(done.plan.sizes) == min(iterations, 7)
    assert done.plan.level(iterations - 1) == len(done.plan.sizes) - 1


def test_a_plan_of_the_callers_is_as_it_was_given():
    done = plan_of(sizes=[128, 1024], level_iterations=[5, 7])
    assert (done.iterations, done.plan) == (12, Plan((128, 1024), (5, 7)))


def test_sizes_alone_share_the_iterations():
    assert plan_of(200, preset="eager", sizes=[256, 1024]).plan.level_iterations == (100, 100)


@pytest.mark.parametrize(
    ("iterations", "before", "options"),
    [
        (2, 2, {"sizes": [128, 256, 1024]}),
        (15, 15, {"sizes": [128, 256, 1024], "level_iterations": [10, 5, 20]}),
    ],
)
def test_a_run_that_would_never_reach_its_last_size_is_refused(iterations: int, before: int, options):
    rule = f"^iterations: must be more than the {before} at the sizes before the last one, got {iterations}\\.$"
    with pytest.raises(RequestRefused, match=rule):
        plan_of(iterations, **options)
    assert plan_of(iterations + 1, **options).plan.left_at_size(before, iterations + 1) == 1


def test_a_preset_that_the_model_lacks_is_told_with_those_it_holds_and_how_to_export_it():
    card = {"presets": {"eager": CARD["presets"]["eager"]}}
    with pytest.raises(
        RequestRefused, match=r"^preset: must be one of eager, which this model holds, got 'nst'\.$"
    ) as e:
        plan_of(card=card, preset="nst")
    assert "nst export MODEL_DIR --preset nst" in e.value.remedy


@pytest.mark.parametrize("presets", [3, ["nst"], {"nst": None}, {"nst": {"plan": {}}}])
def test_a_table_that_is_none_is_a_bad_answer(presets):
    with pytest.raises(BadAnswer, match="no table of presets"):
        plan_of(card={"presets": presets})


@pytest.mark.parametrize(("counts", "iterations"), [((500, 200), 3), ((1, 1, 1000), 5), ((1000, *[500] * 6), 8)])
def test_every_size_has_an_iteration_and_there_are_no_more_than_asked_for(counts, iterations):
    shared = scaled(counts, iterations)
    assert min(shared) >= 1
    assert sum(shared) <= iterations


@pytest.mark.parametrize("name", ["nst", "gatys", "crowson"])
@pytest.mark.parametrize(
    ("height", "width"), [(32, 32), (48, 64), (100, 2000), (511, 512), (513, 512), (769, 1023), (3001, 2003)]
)
def test_the_sizes_are_those_of_the_graph(name, height: int, width: int):
    candidates = tf.constant(schedule.candidates(PRESETS[name].plan))
    graphs = schedule.planned_sizes(candidates, tf.constant(height), tf.constant(width)).numpy()
    sizes = planned_sizes(CARD["presets"][name]["plan"], height, width)
    assert sizes == tuple(graphs)
    plan = Plan(sizes, (1,) * len(sizes))
    sides = schedule.sides(tf.constant(height), tf.constant(width), tf.constant(sizes)).numpy()
    assert [plan.sides(level, height, width) for level in range(len(sizes))] == [tuple(each) for each in sides]


@pytest.mark.parametrize(
    ("options", "size", "most"),
    [({"optimizer": "lbfgs", "history": 100}, 3000, 15), ({"preset": "gatys", "history": 50}, 4000, 6)],
)
def test_a_state_that_would_outgrow_a_message_is_refused_with_what_would_do(options, size: int, most: int):
    with pytest.raises(RequestRefused, match=f"^history: .* with a history of {options['history']}") as raised:
        plan_of(10, size, size, **options)
    assert f"Use a history of {most} or less" in raised.value.remedy
    plan_of(10, size, size, **{**options, "history": most})
