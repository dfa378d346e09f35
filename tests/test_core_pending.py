"""What pending contacts wait for: how many, until when, and what they lack."""

from __future__ import annotations

from dataclasses import replace

from builders.branches import at, core_branch, event, person, quota, seconds

from bot.core.contacts import Details
from bot.core.counting import Counting
from bot.core.pending import Waiting, waiting
from bot.core.periods import parse_period
from bot.core.quota_periods import QuotaPeriod
from bot.core.relations import RelationKind
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
            "jia": [replace(one, **known[one.add.external_userid]) for one in whole.contacts["jia"]],  # type: ignore[arg-type]  # a builder
        },
    )
    quota_period = QuotaPeriod.of(ASKED, parse_period("2026-11"), calendar=branch.calendar)
    return waiting(quota_period, quota_period.judged("jia", branch.past(epoch_of(at("2026-11-25T12:00")))))


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
        (Verdict.FACTS, 1, SETTLED, ("real_name",)),
        (Verdict.TAGS, 2, SETTLED, ("贵宾", "实名")),
        (Verdict.KEEP_PERIOD, 1, seconds("2026-12-01T10:00"), ()),
    ]


def test_the_last_of_those_that_must_stay_says_until_when() -> None:
    young = {"details": tagged("贵宾", "实名"), "facts": SAID}
    found = waits(one=young, two=young)

    assert [(one.contacts, one.until_s) for one in found] == [(2, seconds("2026-11-28T10:00"))]


def test_what_counts_waits_for_nothing() -> None:
    assert waits(first=2, old={"details": tagged("贵宾", "实名"), "facts": SAID}) == []
