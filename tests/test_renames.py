"""A changed userid: the month, the leave, the decisions and the signed lines are the new one's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.directory import Bank
from builders.e2e import add_customers, at
from builders.facts import Fact, put_facts
from builders.renames import MOVED, NOW, facts_of, read_bank, renamed_in_wecom

from bot.core.evidence import Evidence
from bot.core.integrity import Finding, FindingKind, FindingName
from bot.core.progress import QuotaFigures
from bot.core.relations import RelationEvent, RelationKind, fold
from bot.features.imports.absences import AbsenceLines
from bot.features.imports.csv_import import import_file
from bot.features.imports.facts import FactLines
from bot.features.ledger.derive import derive
from bot.features.renames.rename import RenamingError, find_faults, rename
from bot.store.address_book import EntryState
from bot.store.contact_knowledge import Absence
from bot.store.details import ReadState
from bot.store.outbox import OutboxMessage
from bot.store.reviews import Opening, ReviewKind, ReviewState


@pytest.fixture
def opened(tmp_path: Path, place: Path | str) -> Iterator[Bank]:
    with read_bank(tmp_path, place) as found:
        yield found


def figures(row: QuotaFigures | None) -> tuple[object, ...]:
    assert row is not None
    return (row.target, row.gross, row.counted, row.lost, row.department, row.role, row.kept_90)


def test_the_month_is_kept_under_the_new_userid(opened: Bank) -> None:
    add_customers(opened.services, "yg01", *(at(f"2026-11-0{day}T10:00") for day in (3, 4, 5)))
    before = figures(opened.row("yg01", "2026-11-20T18:00"))
    renamed_in_wecom(opened)

    (done,) = rename(opened.services, [("YG01", "zhang.san")], "HR")
    derive(opened.services)

    assert (done.old_userid, done.userid, done.relations) == ("yg01", "zhang.san", 3)
    assert figures(opened.row("zhang.san", "2026-11-20T18:00")) == before
    assert opened.row("yg01", "2026-11-20T18:00") is None
    assert facts_of(opened.services, "yg01") == []


def test_a_move_with_the_rename_is_dated_and_the_past_stays(opened: Bank) -> None:
    opened.corp.act("rename", userid="yg01", to="zhang.san")
    opened.corp.act("change", userid="zhang.san", departments=[12])
    opened.read(MOVED)
    opened.clock.set(NOW)

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    person = opened.services.store.members.all()["zhang.san"]
    assert [person.membership_on(date(2026, 11, day)).departments for day in (12, 13)] == [(11,), (12,)]
    assert person.left_on is None


def test_what_still_comes_under_the_old_userid_is_the_new_ones(opened: Bank) -> None:
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR")

    add_customers(opened.services, "yg01", at("2026-11-12T10:00"))

    row = opened.row("zhang.san", "2026-11-20T18:00")
    assert row is not None
    assert row.gross == 1
    assert facts_of(opened.services, "yg01") == []


def test_a_recount_from_the_ledger_gives_what_is_kept(opened: Bank) -> None:
    add_customers(opened.services, "yg01", at("2026-11-03T10:00"), at("2026-11-04T10:00"))
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR")
    derive(opened.services)
    ledger = opened.services.store.ledger

    recount = {
        relation: fold(ledger.relation(*relation), regain_s=opened.services.config.ledger.regain_s)
        for relation in ledger.relations()
    }

    assert len(recount) == 2
    assert recount == {relation: ledger.kept_adds(*relation) for relation in ledger.relations()}


def test_a_customer_of_both_userids_is_one_relation(opened: Bank) -> None:
    """The customer was added under the old userid and lost under the new one, before anybody said so."""
    renamed_in_wecom(opened)
    moments = (at("2026-11-03T10:00"), at("2026-11-13T09:00"))
    with opened.services.store.transaction():
        for userid, kind, moment in (
            ("yg01", RelationKind.ADDED, moments[0]),
            ("zhang.san", RelationKind.ADDED, moments[0]),
            ("zhang.san", RelationKind.LOST_BY_CUSTOMER, moments[1]),
        ):
            fact = RelationEvent(
                userid=userid, external_userid="wm1", at=int(moment.timestamp()), kind=kind, state=""
            )
            opened.services.store.ledger.append(fact, origin="callback", recorded_at=0)

    rename(opened.services, [("yg01", "zhang.san")], "HR")
    derive(opened.services)

    row = opened.row("zhang.san", "2026-11-20T18:00")
    assert row is not None
    assert (row.gross, row.lost) == (1, 1)


def test_leave_and_own_books_move_along(opened: Bank) -> None:
    store = opened.services.store
    with store.transaction():
        day = date(2026, 11, 9)
        store.contact_knowledge.put_absences([Absence(userid="yg01", first=day, last=day)])
    facts = [Fact(key_kind="external_userid", key="wm1", fact="manager", value="yg01")]
    put_facts(store, facts, imported_at=1)
    renamed_in_wecom(opened)

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    assert store.contact_knowledge.absences() == {"zhang.san": frozenset({day})}
    assert store.contact_knowledge.facts()["external_userid", "wm1"].manager == "zhang.san"


def test_leave_and_books_that_still_name_the_old_userid_are_the_new_ones(
    opened: Bank, tmp_path: Path
) -> None:
    services = opened.services
    renamed_in_wecom(opened)
    rename(services, [("yg01", "zhang.san")], "HR")
    leave, books = tmp_path / "leave.csv", tmp_path / "facts.csv"
    leave.write_text("userid,from,to\nYG01,2026-11-09,2026-11-09\n", encoding="utf-8")
    books.write_text("external_userid,manager\nwm1,YG01\n", encoding="utf-8")

    for lines, path in ((AbsenceLines(services, leave), leave), (FactLines(services, books), books)):
        import_file(services, lines, path, by="HR", skip_bad=False, dry_run=False)

    knowledge = services.store.contact_knowledge
    assert knowledge.absences() == {"zhang.san": frozenset({date(2026, 11, 9)})}
    assert knowledge.facts()["external_userid", "wm1"].manager == "zhang.san"


def test_cases_and_questions_move_along(opened: Bank) -> None:
    """An appeal decided under the old userid holds; one open under both stays once under the new one."""
    store = opened.services.store
    decided, both = ("yg01", "wm1", 100), ("yg01", "wm2", 200)
    burst = FindingName(kind=FindingKind.BURST, userid="yg01", subject="2026-11-09")
    finding = Finding(name=burst, on=date(2026, 11, 9), concerned=(decided, both), seen=15)
    with store.transaction():
        for contact in (decided, both, ("zhang.san", "wm2", 200)):
            store.reviews.open([appeal(contact)])
        number = store.reviews.of_contact(decided)[0].number
        store.reviews.decide(number, ReviewState.ACCEPTED, by="team", at=3, reason="看过")
        store.findings.ask(finding, Evidence(first=100, last=200, n=15), at=3)
    renamed_in_wecom(opened)

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    (question,), (waits,) = store.findings.open(), store.reviews.all_open()
    moved = [store.reviews.of_contact(("zhang.san", customer, at)) for _, customer, at in (decided, both)]
    assert [[one.state for one in cases] for cases in moved] == [[ReviewState.ACCEPTED], [ReviewState.OPEN]]
    assert waits.contact == ("zhang.san", "wm2", 200)
    assert question.name == replace(burst, userid="zhang.san")
    assert question.concerned == (("zhang.san", "wm1", 100), ("zhang.san", "wm2", 200))


def appeal(contact: tuple[str, str, int]) -> Opening:
    return Opening(
        kind=ReviewKind.APPEAL,
        quota="cm-monthly",
        period="2026-11",
        contact=contact,
        opened_at=1,
        text="不对",
    )


@pytest.mark.parametrize(
    ("state", "moved"),
    [
        pytest.param(ReadState.WANTED, ReadState.WANTED, id="what was to be read still is"),
        pytest.param(ReadState.FAILED, ReadState.WANTED, id="what was given up is tried again"),
        pytest.param(ReadState.ENDED, ReadState.ENDED, id="what ended first stays so"),
    ],
)
def test_wishes_to_read_contacts_move_along(opened: Bank, state: ReadState, moved: ReadState) -> None:
    details = opened.services.store.details
    with opened.services.store.transaction():
        details.want("yg01", "wm1", now=0)
    (wish,) = details.due(now=0, batch=9)
    if state is not ReadState.WANTED:
        details.end(wish, state=state, error="84061")
    renamed_in_wecom(opened)

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    found = details.wish("zhang.san", "wm1")
    assert found is not None
    assert (found.state, found.attempts, details.wish("yg01", "wm1")) == (moved, 0, None)


def test_a_late_add_is_read_under_the_new_userid(opened: Bank) -> None:
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR")
    details = opened.services.store.details

    with opened.services.store.transaction():
        details.want("yg01", "wm1", now=7)

    assert [(wish.userid, wish.external_userid) for wish in details.due(now=7, batch=9)] == [
        ("zhang.san", "wm1")
    ]


def test_he_is_no_joiner_and_no_leaver(opened: Bank) -> None:
    renamed_in_wecom(opened)
    left = opened.services.store.address_book.states()[EntryState.LEFT]

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    book = opened.services.store.address_book
    entry = book.all()["zhang.san"]
    assert (left, book.states()[EntryState.LEFT]) == (1, 0)
    assert (entry.listed, entry.listed_on, entry.state) == (True, None, EntryState.PRESENT)


def test_it_stands_in_the_audit_log(opened: Bank) -> None:
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR, Wang")

    (act,) = opened.services.store.audit.acts()
    assert (act.actor, act.act, act.subject) == ("HR, Wang", "rename", "zhang.san")
    assert '"old_userid": "yg01"' in act.detail


def test_doing_it_again_changes_nothing_more(opened: Bank) -> None:
    add_customers(opened.services, "yg01", at("2026-11-03T10:00"))
    renamed_in_wecom(opened)
    for _ in range(2):
        rename(opened.services, [("yg01", "zhang.san")], "HR")
        derive(opened.services)

    row = opened.row("zhang.san", "2026-11-20T18:00")
    assert row is not None
    assert row.gross == 1


def test_two_renames_one_after_the_other_lead_to_the_last_userid(opened: Bank) -> None:
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR")
    opened.corp.act("rename", userid="zhang.san", to="zs")
    opened.read("2026-11-14T02:17")
    rename(opened.services, [("zhang.san", "zs")], "HR")

    add_customers(opened.services, "yg01", at("2026-11-12T10:00"))

    assert opened.services.store.renames.all() == {"yg01": "zs", "zhang.san": "zs"}
    assert len(facts_of(opened.services, "zs")) == 1


def test_a_rename_that_is_taken_back_gives_everything_back(opened: Bank) -> None:
    add_customers(opened.services, "yg01", at("2026-11-03T10:00"))
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR")
    opened.corp.act("rename", userid="zhang.san", to="yg01")
    opened.read("2026-11-14T02:17")

    rename(opened.services, [("zhang.san", "yg01")], "HR")
    add_customers(opened.services, "yg01", at("2026-11-04T10:00"))

    assert len(facts_of(opened.services, "yg01")) == 2
    assert opened.services.store.renames.all() == {"zhang.san": "yg01"}


def test_nobody_is_told_the_same_again_under_the_new_userid(opened: Bank) -> None:
    store = opened.services.store
    message = OutboxMessage(
        key="progress:2026-11-13:yg01",
        job="progress",
        to_userid="yg01",
        content="今天加 2 位就够",
        msgtype="text",
        not_before=0,
        expires_at=2**40,
    )
    with store.transaction():
        store.outbox.add(message, created_at=0)
    renamed_in_wecom(opened)

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    row = store.outbox.by_key("progress:2026-11-13:zhang.san")
    assert row is not None
    assert row["to_userid"] == "zhang.san"
    assert store.outbox.by_key("progress:2026-11-13:yg01") is None


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        pytest.param([("nobody", "zs")], ["nothing is known of nobody"], id="an unknown userid"),
        pytest.param([("yg02", "zs")], ["WeCom still shows yg02"], id="one who is still there"),
        pytest.param([("yg01", "YG01")], ["both userids are the same"], id="only the case differs"),
        pytest.param([("yg01", "员工")], ["must be a WeCom userid"], id="no userid"),
        pytest.param([("yg01", "a"), ("yg01", "b")], ["in one line only"] * 2, id="one to two"),
        pytest.param([("yg01", "a"), ("a", "b")], [None, "in one line only"], id="a chain"),
        pytest.param(
            [("yg01", "zhang.san"), ("nobody", "zs")], [None, "nothing is known"], id="one of two is wrong"
        ),
    ],
)
def test_pairs_that_cannot_be_taken_say_why_and_change_nothing(
    opened: Bank, pairs: list[tuple[str, str]], said: list[str | None]
) -> None:
    renamed_in_wecom(opened)
    before = opened.services.store.members.all()

    found = find_faults(opened.services, pairs)
    with pytest.raises(RenamingError):
        rename(opened.services, pairs, "HR")

    assert [told and fault and told in fault for told, fault in zip(said, found, strict=True)] == [
        None if told is None else True for told in said
    ]
    assert opened.services.store.members.all() == before
    assert opened.services.store.renames.all() == {}
