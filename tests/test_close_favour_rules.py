"""What a signature takes of new figures: what favours the person, field by field, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders.messages import MISSED

from bot.core.status import Status
from bot.features.close.favour_rules import choose_favourable, figures_of, mark_of

STORED = replace(
    MISSED.row,
    target=10,
    counted=8,
    pending=0,
    rejected=2,
    gross=10,
    remaining=2,
    to_add=2,
    status=Status.MISSED,
    rank=3,
    penalty=300,
    reward=0,
    flags=(),
)


@pytest.mark.parametrize(
    ("now", "signed"),
    [
        pytest.param({}, {}, id="nothing new"),
        pytest.param(
            {"counted": 9, "gross": 11},
            {"counted": 9, "gross": 11, "remaining": 1, "to_add": 1},
            id="one more",
        ),
        pytest.param({"counted": 7, "rejected": 3}, {}, id="one less"),
        pytest.param(
            {"counted": 10, "rejected": 0, "penalty": 0, "reward": 500, "rank": 1},
            {
                "counted": 10,
                "rejected": 0,
                "remaining": 0,
                "to_add": 0,
                "penalty": 0,
                "reward": 500,
                "rank": 1,
                "status": Status.MET,
            },
            id="the target is met",
        ),
        pytest.param(
            {"target": 8},
            {"target": 8, "remaining": 0, "to_add": 0, "status": Status.MET},
            id="a smaller target",
        ),
        pytest.param({"target": 12, "penalty": 400}, {}, id="a larger target"),
        pytest.param(
            {"target": 12, "counted": 9, "gross": 11, "penalty": 400},
            {"counted": 9, "gross": 11, "remaining": 1, "to_add": 1},
            id="a larger target beside one more",
        ),
        pytest.param(
            {"target": 0, "penalty": None, "reward": None, "rank": None},
            {
                "target": 0,
                "remaining": 0,
                "to_add": 0,
                "penalty": None,
                "reward": None,
                "status": Status.EXEMPT,
            },
            id="exempt",
        ),
        pytest.param({"flags": ("burst",), "rank": 1}, {}, id="a flag and a rank that pays nothing"),
        pytest.param({"penalty": 200}, {"penalty": 200}, id="a smaller penalty"),
        pytest.param({"penalty": 400, "counted": 7}, {}, id="a larger penalty"),
        pytest.param(
            {"counted": 9, "gross": 11, "flags": ("burst",), "reward": 100},
            {"counted": 9, "gross": 11, "remaining": 1, "to_add": 1, "reward": 100},
            id="one more beside a flag",
        ),
    ],
)
def test_a_signature_takes_what_favours_the_person(now: dict[str, Any], signed: dict[str, Any]) -> None:
    line = choose_favourable(STORED, replace(STORED, **now))

    assert line == replace(STORED, **signed)
    assert (line is STORED) is (signed == {})


def test_an_exempt_line_gets_no_penalty_from_later_figures() -> None:
    exempt = replace(
        STORED, target=0, remaining=0, to_add=0, status=Status.EXEMPT, rank=None, penalty=None, reward=None
    )
    line = choose_favourable(exempt, replace(STORED, counted=8, reward=500, rank=1))

    assert line is exempt


def test_a_reward_is_not_lost_by_a_later_exemption() -> None:
    earned = replace(STORED, counted=10, rejected=0, status=Status.MET, penalty=0, reward=500)
    line = choose_favourable(
        earned, replace(earned, target=0, status=Status.EXEMPT, penalty=None, reward=None)
    )

    assert line is earned


def test_lines_differ_by_what_people_are_told() -> None:
    assert figures_of(STORED) != figures_of(replace(STORED, flags=("burst",)))
    assert figures_of(STORED) == figures_of(replace(STORED, kept_90=0.5, forecast=1.0))


def test_a_mark_tells_contacts_apart_and_follows_a_changed_userid() -> None:
    assert mark_of(("zhang", "wm-1", 5)) == mark_of(("zhang.san", "wm-1", 5))
    assert len({mark_of(("zhang", f"wm-{n}", 5 + m)) for n in range(100) for m in range(5)}) == 500
