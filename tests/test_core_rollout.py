"""Adds near the first start of customers whom somebody at the bank had before: asked about, by day."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from builders.branches import contacts_of
from hypothesis import given
from hypothesis import strategies as st

from bot.core.contacts import PLACE, Contact, Details
from bot.core.counting import FirstAdd, Integrity
from bot.core.integrity import FindingKind, FindingName, LaunchRule, find_rollouts, list_findings
from bot.core.relations import Add

DAY = 86_400
START = 20_000 * DAY
WINDOW = 30 * DAY
PAIR = LaunchRule(start=START, first_add=FirstAdd.PAIR)


def contact(
    at: int, *, known_since: int | None = START - 300 * DAY, nth: int = 1, add_way: int | None = 1
) -> Contact:
    return Contact(
        userid="jia",
        external_userid=f"wm{at}",
        added_at=at,
        nth=nth,
        known_since=known_since,
        details=None if add_way is None else Details(customer_type=1, add_way=add_way),
    )


@pytest.mark.parametrize(
    ("asked", "first_add", "concerns"),
    [
        pytest.param(contact(START), FirstAdd.PAIR, True, id="a colleague had the customer"),
        pytest.param(contact(START, known_since=None), FirstAdd.PAIR, False, id="nobody had"),
        pytest.param(contact(START - WINDOW), FirstAdd.PAIR, True, id="30 days before"),
        pytest.param(contact(START - WINDOW - 1), FirstAdd.PAIR, False, id="a second earlier"),
        pytest.param(contact(START + WINDOW), FirstAdd.PAIR, True, id="30 days after"),
        pytest.param(contact(START + WINDOW + 1), FirstAdd.PAIR, False, id="a second later"),
        pytest.param(contact(START, known_since=START - 60), FirstAdd.PAIR, False, id="they stood together"),
        pytest.param(contact(START, known_since=START - 61), FirstAdd.PAIR, True, id="61 s apart"),
        pytest.param(contact(START, add_way=202), FirstAdd.PAIR, False, id="given by an admin"),
        pytest.param(contact(START, add_way=201), FirstAdd.PAIR, False, id="shared by a colleague"),
        pytest.param(contact(START, add_way=None), FirstAdd.PAIR, False, id="the way is not known yet"),
        pytest.param(contact(START, nth=2), FirstAdd.PAIR, False, id="a re-add earns nothing as it is"),
        pytest.param(contact(START, nth=2, known_since=None), FirstAdd.ANY, True, id="each add earns"),
        pytest.param(contact(START), FirstAdd.CORP, False, id="earns nothing as it is"),
    ],
)
def test_an_add_near_the_start_of_a_customer_known_before(
    asked: Contact, first_add: FirstAdd, concerns: bool
) -> None:
    assert LaunchRule(start=START, first_add=first_add).concerns(asked) is concerns


def day_of(moment: int) -> date:
    return datetime.fromtimestamp(moment, UTC).date()


def test_one_question_for_a_person_and_day() -> None:
    told = [contact(START), contact(START + 60), contact(START + 70, add_way=202), contact(START + DAY)]

    first, second = find_rollouts(told, rollout=PAIR, day_of=day_of)
    assert first.name == FindingName(
        kind=FindingKind.ROLLOUT, userid="jia", subject=day_of(START).isoformat()
    )
    assert (first.seen, first.concerned) == (2, (told[0].key, told[1].key))
    assert (second.seen, second.concerned, second.on) == (1, (told[3].key,), day_of(START + DAY))


def test_days_of_a_declared_event_are_left_out() -> None:
    told = [contact(START), contact(START + DAY)]

    found = find_rollouts(told, rollout=PAIR, day_of=day_of, planned=lambda _, day: day == day_of(START))

    assert [one.on for one in found] == [day_of(START + DAY)]


def test_without_a_start_nothing_is_seen() -> None:
    assert list_findings({"jia": [contact(START)]}, integrity=Integrity(), day_of=day_of) == []


@given(st.integers(0, 2**32))
def test_no_order_changes_what_is_asked_and_who_was_first_is_never_asked(seed: int) -> None:
    chance = random.Random(seed)
    adds = [
        Add(userid=userid, external_userid=customer, added_at=START + chance.randrange(-90, 90) * DAY, nth=1)
        for userid in ("jia", "yi", "bing")
        for customer in ("wm1", "wm2", "wm3", "wm4")
        if chance.random() < 0.7
    ]

    def asked(told: list[Add]) -> set[tuple[str, str, int]]:
        known = {
            userid: sorted(
                (one._replace(details=Details(customer_type=1, add_way=1)) for one in contacts),
                key=PLACE,
            )
            for userid, contacts in contacts_of(told).items()
        }
        found = list_findings(known, integrity=Integrity(), day_of=day_of, rollout=PAIR)
        return {key for one in found for key in one.concerned}

    expected = {
        (add.userid, add.external_userid, add.added_at)
        for add in adds
        if abs(add.added_at - START) <= WINDOW
        and any(
            one.external_userid == add.external_userid
            and one.userid != add.userid
            and one.added_at < add.added_at
            for one in adds
        )
    }
    assert asked(adds) == asked(chance.sample(adds, len(adds))) == expected
