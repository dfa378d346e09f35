"""What the rules of a quota make the bot read of each contact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from bot.core.counting import Counting, FirstAdd, MaxShare


@pytest.mark.parametrize(
    ("rules", "details", "facts"),
    [
        pytest.param({}, False, False, id="no rule"),
        pytest.param({"keep_days": 7, "max_per_day": 3, "first_add": FirstAdd.ANY}, False, False, id="adds"),
        pytest.param({"customer_types": frozenset({1})}, True, False, id="type"),
        pytest.param({"exclude_add_ways": frozenset({201})}, True, False, id="way"),
        pytest.param({"exclude_states": frozenset({"staff"})}, True, False, id="state, also WeCom's"),
        pytest.param({"required_tags": ("vip",)}, True, False, id="tags"),
        pytest.param({"segment_tags": ("vip",)}, True, False, id="segment"),
        pytest.param({"required_facts": ("account",)}, False, True, id="facts"),
        pytest.param({"own_book": True}, False, True, id="manager"),
        pytest.param({"max_share": (MaxShare(fact="far", share=Fraction(1, 5)),)}, False, True, id="share"),
    ],
)
def test_a_rule_says_what_it_looks_at(rules: dict[str, Any], *, details: bool, facts: bool) -> None:
    counting = Counting(**rules)

    assert (counting.reads_details, counting.reads_facts) == (details, facts)
