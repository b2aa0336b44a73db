"""Every case says where its truth comes from; the README lists those that nobody has watched yet (`make docs`)."""

from __future__ import annotations

from tests.conformance.facts import fact_of, is_case


def test_every_case_cites_a_fact(request):
    assert not [item.name for item in request.session.items if is_case(item) and not fact_of(item)]
