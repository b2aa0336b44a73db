"""The law that a cost follows, on numbers that are known."""

from __future__ import annotations

import pytest

from nst_export.bench.growth import fitted

PIXELS = [256**2, 512**2, 1024**2]


@pytest.mark.parametrize(("factor", "exponent"), [(2e-6, 1.0), (3e-9, 1.3), (5.0, 0.0)])
def test_a_law_is_found_again(factor, exponent):
    law = fitted(PIXELS, [factor * pixels**exponent for pixels in PIXELS])
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    assert law.factor == pytest.approx(factor)


def test_two_sizes_are_enough():
    assert fitted(PIXELS[:2], [0.5, 2.0]).exponent == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("pixels", "costs"),
    [
        (PIXELS[:1], [1.0]),
        ([PIXELS[0]] * 2, [1.0, 2.0]),
        (PIXELS[:2], [1.0, None]),
        (PIXELS[:2], [-0.1, 1.0]),
        ([], []),
    ],
    ids=["one size", "the same size twice", "a cost that is not known", "a cost below 0", "nothing"],
)
def test_there_is_no_law_without_two_costs(pixels, costs):
    assert fitted(pixels, costs) is None
