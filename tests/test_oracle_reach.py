"""Random stories reach every verdict, status, rule and change; without that an agreement would say little."""

from __future__ import annotations

from collections import Counter

import pytest
from builders.examples import examples
from oracle.reach import ALL, reached
from oracle.stories import story_of


@pytest.mark.lasting
def test_every_rule_is_reached_often() -> None:
    counts: Counter[str] = Counter()
    for seed in range(max(300, examples(300))):
        counts += reached(story_of(seed))
    for label in ALL:
        print(f"{counts[label]:6} {label}")

    assert [label for label in ALL if not counts[label]] == []
