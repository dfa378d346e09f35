"""What pending contacts wait for: how many, until when, and what they lack."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from builders.branches import at, core_branch, event, person, quota, seconds
from builders.contacts import WECHAT, WECOM, contact, rows, won

from bot.core.contacts import Details
from bot.core.counting import Counting, MaxShare
from bot.core.pending import Waiting, list_waits
from bot.core.periods import parse_period
from bot.core.quota_periods import QuotaPeriod
from bot.core.relations import RelationKind
from bot.core.status import Status
from bot.core.verdicts import Verdict
from bot.core.workdays import epoch_of

RULES = Counting(keep_days=7, required_tags=("贵宾", "实名"), required_facts=("account", "real_name"))
ASKED = quota(counting=RULES)
SETTLED = seconds("2026-12-08T00:00")


def waits(*, first: int = 20, **known: dict[str, object]) -> list[Waiting]:
    """Of customers added a day apart from *first* November on, with what is known of each; as of the 25th."""
    days = {customer: f"2026-11-{first + n:02d}T10:00" for n, customer in enumerate(known)}
    whole = core_branch(
        [person()], [event(RelationKind.ADDED, when, customer=name) for name, when in days.items()]
    )
    branch = replace(
        whole,
        contacts={
            "jia": [one._replace(**known[one.add.external_userid]) for one in whole.contacts["jia"]],
        },
    )
    quota_period = QuotaPeriod.of(ASKED, parse_period("2026-11"), calendar=branch.calendar)
    return list_waits(quota_period, quota_period.judged("jia", branch.past(epoch_of(at("2026-11-25T12:00")))))


def tagged(*tags: str) -> Details:
    return Details(customer_type=1, add_way=1, tags=frozenset(tags))


SAID = {"account": True, "real_name": True}


def test_each_reason_says_how_many_wait_for_it_and_until_when() -> None:
    found = waits(
        unread={"facts": SAID},
        silent={"details": tagged("贵宾", "实名"), "facts": {"account": True}},
        untagged={"details": tagged("实名"), "facts": SAID},
        bare={"details": tagged(), "facts": SAID},
        young={"details": tagged("贵宾", "实名"), "facts": SAID},
    )

    assert [(one.verdict, one.contacts, one.until_s, one.missing) for one in found] == [
        (Verdict.DETAILS, 1, SETTLED, ()),
        (Verdict.TAGS, 2, SETTLED, ("贵宾", "实名")),
        (Verdict.FACTS, 1, SETTLED, ("real_name",)),
        (Verdict.KEEP_PERIOD, 1, seconds("2026-12-01T10:00"), ()),
    ]


def test_the_last_of_those_that_must_stay_says_until_when() -> None:
    young = {"details": tagged("贵宾", "实名"), "facts": SAID}
    found = waits(one=young, two=young)

    assert [(one.contacts, one.until_s) for one in found] == [(2, seconds("2026-11-28T10:00"))]


def test_what_counts_waits_for_nothing() -> None:
    assert waits(first=2, old={"details": tagged("贵宾", "实名"), "facts": SAID}) == []


def test_twelve_customers_without_the_required_tag_are_open_and_cover_nothing() -> None:
    asked = quota(12, counting=Counting(required_tags=("vip",)))

    found = rows(won(12, details=WECOM), "2026-11-24T09:00", asked=asked)["jia"]

    assert (found.counted, found.pending, found.open, found.sure) == (0, 12, 12, 0)
    assert (found.status, found.to_add, found.pace, found.forecast) == (Status.BEHIND, 12, 0.0, 0.0)
    # 12 are missing on the five own workdays from today on: 12 / 5 = 2.4
    assert (found.today_dose, found.today_left) == (3, 3)


def test_of_five_near_and_twenty_far_with_a_fifth_allowed_six_are_sure() -> None:
    asked = quota(10, counting=Counting(max_share=(MaxShare(fact="far", share=Fraction(1, 5)),)))
    near = won(5, "2026-11-10T10:00", facts={"far": False})
    far = won(20, "2026-11-11T10:00", facts={"far": True})

    found = rows([*near, *far], "2026-11-24T09:00", asked=asked)["jia"]

    # 0.2 / 0.8 x 5 = 1.25: one of the far ones is let through
    assert (found.counted, found.pending, found.open, found.sure, found.to_add) == (6, 19, 19, 6, 4)


def test_the_dose_of_today_takes_no_share_that_todays_adds_let_through() -> None:
    asked = quota(20, counting=Counting(max_share=(MaxShare(fact="far", share=Fraction(1, 5)),)))
    near = won(5, "2026-11-10T10:00", facts={"far": False})
    far = won(20, "2026-11-11T10:00", facts={"far": True})
    today = won(5, "2026-11-30T08:30", facts={"far": False})

    found = rows([*near, *far, *today], "2026-11-30T09:00", asked=asked)["jia"]

    # 0.2 / 0.8 x 10 = 2.5: now two of the far ones are let through, yesterday it was one; 20 - 6 were missing
    assert (found.sure, found.to_add, found.today_dose) == (12, 8, 14)


def test_an_add_that_is_lost_before_its_details_were_read_is_open_and_in_the_dose() -> None:
    asked = quota(5, counting=Counting(exclude_add_ways=frozenset({201})))
    unread = [contact(customer="kept"), contact(customer="lost", lost="2026-11-12T10:00")]

    found = rows([*won(3, details=WECHAT), *unread], "2026-11-30T09:00", asked=asked)["jia"]

    assert (found.counted, found.pending, found.open, found.sure) == (3, 2, 1, 4)
    assert (found.status, found.to_add, found.today_dose) == (Status.BEHIND, 1, 1)


def test_an_add_of_today_without_its_tag_does_not_reduce_what_is_left_of_today() -> None:
    asked = quota(21, counting=Counting(required_tags=("vip",)))

    found = rows(won(2, "2026-11-02T10:00", details=WECOM), "2026-11-02T12:00", asked=asked)["jia"]

    assert (found.today_dose, found.today_left, found.pending) == (1, 1, 2)
