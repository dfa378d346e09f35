"""`segment_tags`: a contact without one of these tags is not of the quota at all."""

from __future__ import annotations

from typing import Any

import pytest
from builders.branches import china, quota, seconds
from builders.contacts import WECHAT, WECOM, branch, contact, rows, won, words

from bot.core.counting import Counting
from bot.core.periods import parse_period
from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import Basis

NOW = "2026-11-24T09:00"
VIP = Counting(segment_tags=("gold", "vip"), keep_days=7)


def listed(**known: Any) -> list[tuple[str, str]]:
    quota_period = QuotaPeriod.of(quota(counting=VIP), parse_period("2026-11"), calendar=china())
    past = branch([contact(**known)]).past(seconds(NOW))
    return [(one.add.external_userid, str(verdict)) for one, verdict in quota_period.listed("jia", past)]


@pytest.mark.parametrize(
    ("known", "word"),
    [
        pytest.param({}, None, id="tags unread"),
        pytest.param({"details": WECOM}, None, id="without any of the tags"),
        pytest.param({"details": WECHAT}, "counted", id="one of the tags is enough"),
        pytest.param({"decisions": {"q": True}}, "counted:review", id="accepted by review"),
        pytest.param({"decisions": {"other": True}}, None, id="accepted for another quota"),
        pytest.param({"decisions": {"q": False}}, None, id="rejected by review: still not of it"),
        pytest.param(
            {"details": WECHAT, "lost": "2026-11-11T10:00"}, "rejected:lost_early", id="tagged, lost early"
        ),
        pytest.param({"lost": "2026-11-11T10:00"}, None, id="lost, and nobody knows whether it had the tag"),
    ],
)
def test_whether_a_contact_is_of_the_quota(known: dict[str, Any], word: str | None) -> None:
    assert words([contact(**known)], rules=VIP) == ({} if word is None else {"c1": word})
    assert listed(**known) == [("c1", word or "left_out")]


@pytest.mark.parametrize("basis", [Basis.ADDED, Basis.HELD])
def test_gross_and_lost_are_of_the_segment_and_kept_90_of_the_person(basis: Basis) -> None:
    vips = [*won(3, details=WECHAT), contact(customer="v", details=WECHAT, lost="2026-11-20T10:00")]
    others = [*won(7, "2026-11-09T10:00", details=WECOM), contact(customer="o", lost="2026-11-20T10:00")]

    found = rows([*vips, *others], NOW, asked=quota(5, basis=basis, counting=VIP))["jia"]

    gross = {Basis.ADDED: 4, Basis.HELD: 3}[basis]
    assert (found.gross, found.counted, found.lost) == (gross, gross, 1)
    assert found.kept_90 == 0.83  # 10 of 12


def test_other_customers_take_no_place_of_the_day_and_make_no_room_under_a_share() -> None:
    rules = Counting(segment_tags=("vip",), max_per_day=1)

    found = words([contact(customer="a"), contact(customer="b", details=WECHAT)], rules=rules)

    assert found == {"b": "counted"}


def test_contacts_are_listed_by_time_whether_they_are_of_the_quota_or_not() -> None:
    quota_period = QuotaPeriod.of(quota(counting=VIP), parse_period("2026-11"), calendar=china())
    contacts = [
        contact("2026-11-10T10:00", "vip", details=WECHAT),
        contact("2026-11-09T10:00", "first"),
        contact("2026-11-11T10:00", "last"),
        contact("2026-12-01T10:00", "december"),
    ]

    found = quota_period.listed("jia", branch(contacts).past(seconds("2026-12-02T10:00")))

    assert [one.add.external_userid for one, _ in found] == ["first", "vip", "last"]
