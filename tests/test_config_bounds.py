"""Values at both sides of their bounds, and every written rule in its own place of the rules that count."""

from __future__ import annotations

from datetime import date, time
from fractions import Fraction
from pathlib import Path

import pytest
from builders.config import DIRECTORY, MINIMAL, QUOTA, WECOM, faults, read

from bot.core import counting, money
from bot.core.quotas import Basis

QUICK = "[integrity]\nquick_loss = {{ rate = {}, min_adds = {} }}\n"
BURST = "[integrity]\nburst = {{ adds = {}, minutes = {} }}\n"
SHARE = 'counting = {{ max_share = [{{ fact = "vip", share = {} }}] }}\n'
TIER = "penalty = {{ tiers = [{{ below = {}, amount = {} }}] }}\n"


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        pytest.param("[integrity]\nshared_by = 2\n", True, id="shared by two"),
        pytest.param("[integrity]\nshared_by = 1\n", False, id="shared by one"),
        pytest.param("[integrity]\nwindow_days = 1\n", True, id="a window of a day"),
        pytest.param("[integrity]\nwindow_days = 0\n", False, id="no window"),
        pytest.param(BURST.format(2, 1), True, id="two adds in a minute"),
        pytest.param(BURST.format(1, 1), False, id="one add is no burst"),
        pytest.param(BURST.format(2, 0), False, id="a burst takes time"),
        pytest.param(QUICK.format("1", 1), True, id="all of one add"),
        pytest.param(QUICK.format("0", 1), False, id="no loss"),
        pytest.param(QUICK.format("1.01", 1), False, id="more losses than adds"),
        pytest.param(QUICK.format("0.5", 0), False, id="of no add"),
        pytest.param(SHARE.format("0"), True, id="none of them"),
        pytest.param(SHARE.format("0.99"), True, id="nearly all"),
        pytest.param(SHARE.format("1"), False, id="a limit that limits nothing"),
        pytest.param(SHARE.format("-0.1"), False, id="less than none"),
        pytest.param(TIER.format("1", 0), True, id="below the target, for nothing"),
        pytest.param(TIER.format("0", 1), False, id="below nothing"),
        pytest.param(TIER.format("1.1", 1), False, id="above the target"),
        pytest.param(TIER.format("0.5", -1), False, id="a deduction that pays"),
        pytest.param("penalty = { per_missing = 5, cap = 100 }\n", True, id="capped for each"),
        pytest.param("penalty = { flat = 5, cap = 100 }\n", False, id="a cap of what is flat"),
        pytest.param("penalty = { flat = 5, per_missing = 5 }\n", False, id="two ways to deduct"),
        pytest.param("penalty = { }\n", False, id="no way to deduct"),
        pytest.param("penalty = { flat = -1 }\n", False, id="a negative deduction"),
        pytest.param("reward = { per_extra = 5, cap = 100 }\n", True, id="capped reward"),
        pytest.param("reward = { top = [5], cap = 100 }\n", False, id="a cap of ranks"),
        pytest.param("reward = { top = [5], per_extra = 5 }\n", False, id="two ways to earn"),
        pytest.param("reward = { }\n", False, id="no way to earn"),
        pytest.param("reward = { top = [5], min_kept = 1 }\n", True, id="all kept"),
        pytest.param("reward = { top = [5], min_kept = 1.1 }\n", False, id="more than all kept"),
        pytest.param("reward = { top = [5], min_presence = 1 }\n", True, id="every workday"),
        pytest.param("reward = { top = [5], min_presence = 1.1 }\n", False, id="more than every workday"),
        pytest.param("counting = { keep_days = 366 }\n", True, id="kept for a year"),
        pytest.param("counting = { keep_days = 367 }\n", False, id="longer than a year"),
        pytest.param("counting = { keep_days = -1 }\n", False, id="negative days"),
        pytest.param("counting = { max_per_day = 0 }\n", True, id="no cap a day"),
        pytest.param("counting = { max_per_day = -1 }\n", False, id="a negative cap"),
        pytest.param("starts_on = 2026-02-01\nends_on = 2026-02-01\n", True, id="one day"),
        pytest.param("starts_on = 2026-02-02\nends_on = 2026-02-01\n", False, id="backwards"),
        pytest.param("departments = [0]\n", False, id="department 0"),
        pytest.param('[calendar]\nworking_hours = "08:00-18:00"\n', True, id="ten hours"),
        pytest.param('[calendar]\nworking_hours = "08:00-18:01"\n', False, id="a minute more"),
        pytest.param('[calendar]\nworking_hours = "08:00-08:01"\n', True, id="one minute"),
        pytest.param('[calendar]\nworking_hours = "08:00-08:00"\n', False, id="no minute"),
        pytest.param('[calendar]\nworking_hours = "18:00-08:00"\n', False, id="overnight"),
        pytest.param('[schedule]\nprogress = { at = "24:00" }\n', False, id="no such time"),
        pytest.param('[schedule]\nprogress = { at = "23:59" }\n', True, id="the last minute"),
    ],
)
def test_a_value_is_taken_up_to_its_bound_and_no_further(tmp_path: Path, text: str, *, is_good: bool) -> None:
    assert (faults(tmp_path, MINIMAL + text) == []) is is_good


@pytest.mark.parametrize(
    ("target", "is_good"), [("0", True), ("1000000", True), ("-1", False), ("1000001", False)]
)
def test_a_target_is_between_nothing_and_a_million(tmp_path: Path, target: str, *, is_good: bool) -> None:
    text = MINIMAL.replace("target = 50", f"target = {target}")

    assert (faults(tmp_path, text) == []) is is_good


def test_days_off_and_make_up_days_are_not_mixed_up(tmp_path: Path) -> None:
    text = MINIMAL + (
        "[calendar]\nholidays = [2026-11-24]\nworkdays = [2026-11-28]\n"
        'working_hours = "09:15-17:45"\ntimezone = "Asia/Shanghai"\n'
    )
    calendar = read(tmp_path, text).work_calendar()

    assert [calendar.is_workday(date(2026, 11, day)) for day in (23, 24, 28, 29)] == [
        True,
        False,
        True,
        False,
    ]
    assert (calendar.opens, calendar.closes) == (time(9, 15), time(17, 45))


FULL = """
[[quotas]]
id = "full"
roles = ["a"]
departments = [11, 12]
userids = ["Li"]
period = "quarter"
target = 7
basis = "held"
starts_on = 2026-01-01
ends_on = 2026-07-01
penalty = { per_missing = 5, cap = 100 }
[quotas.reward]
top = [9, 8]
scope = "role"
min_attainment = 1.25
min_kept = 0.75
min_presence = 0.5
[quotas.counting]
first_add = "corp"
customer_types = ["wecom"]
keep_days = 6
required_tags = ["t"]
required_facts = ["f"]
own_book = true
max_share = [{ fact = "vip", share = 0.25 }]
exclude_add_ways = [3]
exclude_states = ["s"]
max_per_day = 4
[integrity]
shared_by = 2
window_days = 13
burst = { adds = 15, minutes = 10 }
quick_loss = { rate = 0.5, min_adds = 20 }
action = "hold"
"""


def test_every_written_rule_reaches_its_own_place(tmp_path: Path) -> None:
    (quota,) = read(tmp_path, WECOM + DIRECTORY + FULL).core_quotas()

    assert (quota.id, quota.period, quota.target, quota.basis) == ("full", "quarter", 7, Basis("held"))
    assert (quota.roles, quota.departments, quota.userids) == ({"a"}, {11, 12}, {"li"})
    assert (quota.starts_on, quota.ends_on) == (date(2026, 1, 1), date(2026, 7, 1))
    assert quota.penalty == money.Penalty(flat=None, per_missing=money.Pay(amount=5, cap=100), tiers=())
    assert quota.reward == money.Reward(
        top=(9, 8),
        scope=money.Scope("role"),
        min_attainment=Fraction(5, 4),
        min_kept=Fraction(3, 4),
        min_presence=Fraction(1, 2),
        per_extra=None,
    )
    assert quota.counting == counting.Counting(
        first_add=counting.FirstAdd("corp"),
        customer_types=frozenset({counting.WECOM}),
        keep_days=6,
        required_tags=("t",),
        required_facts=("f",),
        own_book=True,
        max_share=(counting.MaxShare(fact="vip", share=Fraction(1, 4)),),
        exclude_add_ways=frozenset({3}),
        exclude_states=frozenset({"s"}),
        max_per_day=4,
    )
    assert quota.integrity == counting.Integrity(
        shared_by=2,
        window_days=13,
        burst=counting.Burst(adds=15, minutes=10),
        quick_loss=counting.QuickLoss(rate=Fraction(1, 2), min_adds=20),
        hold=True,
    )


@pytest.mark.parametrize(
    ("text", "hold", "window"),
    [
        pytest.param("shared_by = 2\n", False, 30, id="left out"),
        pytest.param('shared_by = 2\nwindow_days = 5\naction = "flag"\n', False, 5, id="flag"),
        pytest.param('shared_by = 2\naction = "hold"\n', True, 30, id="hold"),
    ],
)
def test_what_integrity_leaves_out_is_off_or_usual(
    tmp_path: Path, text: str, *, hold: bool, window: int
) -> None:
    (quota,) = read(tmp_path, MINIMAL + "[integrity]\n" + text).core_quotas()

    assert (quota.integrity.hold, quota.integrity.window_days) == (hold, window)
    assert (quota.integrity.burst, quota.integrity.quick_loss) == (None, None)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param(QUOTA, ["quotas[1].id"], id="two quotas of one name"),
        pytest.param(
            '[[robots]]\nname = "r"\nwebhook_key = "k"\nposts = ["digest"]\n' * 2,
            ["robots[1].name"],
            id="two robots",
        ),
        pytest.param('[[roles]]\nname = "a"\nmatch = { }\n', ["roles[0].match"], id="a role of nobody"),
        pytest.param(
            '[[roles]]\nname = "a"\nmatch = { tags = [1] }\n', ["roles[0].match.tags"], id="a tag of WeCom"
        ),
        pytest.param(
            '[[roles]]\nname = "a"\nmatch = { positions = ["b"] }\n',
            ["roles[0].match.positions"],
            id="a position of WeCom",
        ),
    ],
)
def test_keys_that_contradict_each_other_are_faults(tmp_path: Path, text: str, places: list[str]) -> None:
    found = faults(tmp_path, MINIMAL + text)

    assert [line.partition(" ")[0].rstrip(":") for line in found] == places
