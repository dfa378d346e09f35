"""Replaying: what is derived is what the ledger says, whatever way it came to be; what is not is mended."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from builders.e2e import Quotabot, at, command_here
from builders.examples import tried
from builders.imports import JIA, branch, tell
from builders.stores import kept_contacts
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bot.core.relations import Add, RelationEvent, RelationKind, fold
from bot.features.ledger import replay
from bot.features.ledger.derive import derive, note_rules
from bot.features.ledger.replay import Difference, recount
from bot.services import Services

MORE = """
-- name: tamper_end()!
UPDATE adds SET ended_at = 5, ended_by = 'lost_by_member'
 WHERE userid = 'zhangsan' AND external_userid = 'wm-jia';

-- name: tamper_lost()!
DELETE FROM adds WHERE userid = 'zhangsan' AND external_userid = 'wm-jia';

-- name: tamper_extra()!
INSERT INTO adds (userid, external_userid, added_at, nth) VALUES ('lisi', 'wm-nobody', 7, 1);

-- name: tamper_state()!
UPDATE adds SET state = 'hall' WHERE userid = 'zhangsan' AND external_userid = 'wm-jia';

-- name: tamper_fact()!
INSERT INTO relation_events (userid, external_userid, at, kind, origin, recorded_at)
VALUES ('zhangsan', 'wm-unseen', 9, 'added', 'callback', 0);

-- name: empty_events()!
DELETE FROM relation_events;

-- name: empty_adds()!
DELETE FROM adds;

-- name: empty_dirty()!
DELETE FROM dirty;
"""
TAMPERINGS = {
    "tamper_end": ("zhangsan", JIA),
    "tamper_lost": ("zhangsan", JIA),
    "tamper_extra": ("lisi", "wm-nobody"),
    "tamper_state": ("zhangsan", JIA),
    "tamper_fact": ("zhangsan", "wm-unseen"),
}


@pytest.fixture
def opened(tmp_path: Path, place: Path | str) -> Iterator[Services]:
    """A branch with three relations, one of which was lost and won again."""
    with branch(tmp_path, place) as services:
        note_rules(services)
        tell(services, "lisi", JIA, "2026-11-11T10:00")
        tell(services, "lisi", "wm-yi", "2026-11-11T10:00")
        tell(services, "lisi", "wm-yi", "2026-11-12T10:00", RelationKind.LOST_BY_CUSTOMER)
        tell(services, "lisi", "wm-yi", "2026-11-13T10:00")
        services.store.engine.learn(MORE)
        yield services


def differences(services: Services, *, mend: bool = False) -> list[Difference]:
    return [one for stage in recount(services, mend=mend) for one in stage.differences]


def kept(services: Services) -> dict[str, list[Add]]:
    found = kept_contacts(services.store)
    return {userid: [contact.add for contact in contacts] for userid, contacts in found.items()}


def test_what_was_derived_is_what_the_ledger_says(opened: Services) -> None:
    stages = list(recount(opened, mend=False))

    assert [(stage.relations, stage.differences) for stage in stages] == [(3, ())]


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_tampered_with_is_named_and_mended(opened: Services, tampering: str) -> None:
    before = kept(opened)
    opened.store.engine.run(tampering)
    tampered = kept(opened)
    (found,) = differences(opened)
    checked = kept(opened)
    mended = differences(opened, mend=True)
    after = kept(opened)

    assert (found.userid, found.external_userid) == TAMPERINGS[tampering]
    assert checked == tampered  # looking changes nothing
    assert mended == [found]
    assert differences(opened) == []
    assert opened.store.ledger.dirty() == 0
    if tampering != "tamper_fact":
        assert after == before
    else:
        assert [add.external_userid for add in after["zhangsan"]] == ["wm-unseen", JIA]


def test_all_that_was_derived_can_be_built_anew(opened: Services) -> None:
    before = kept(opened)
    opened.store.engine.run("empty_adds")
    mended = differences(opened, mend=True)

    assert len(mended) == 3
    assert kept(opened) == before


def test_relations_come_in_pieces(opened: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_BATCH", 2)
    opened.store.engine.run("tamper_end")
    opened.store.engine.run("tamper_extra")
    stages = list(recount(opened, mend=False))

    assert [stage.relations for stage in stages] == [2, 2]
    assert sum(len(stage.differences) for stage in stages) == 2


def test_what_waits_to_be_derived_is_no_difference(opened: Services) -> None:
    event = RelationEvent(
        userid="zhangsan",
        external_userid=JIA,
        at=int(at("2026-11-20T10:00").timestamp()),
        kind=RelationKind.TRANSFERRED,
    )
    with opened.store.transaction():
        opened.store.ledger.append(event, origin="callback", recorded_at=0)
    waiting = differences(opened, mend=True)
    still = opened.store.ledger.dirty()
    derive(opened)

    assert (waiting, still) == ([], 1)
    assert differences(opened) == []


def test_a_service_that_derives_meanwhile_makes_no_difference_and_loses_nothing(opened: Services) -> None:
    """One thread tells and derives, others check and mend."""
    failures: list[BaseException] = []
    found: list[Difference] = []
    over = threading.Event()

    def service() -> None:
        try:
            for number in range(60):
                kind = RelationKind.LOST_BY_CUSTOMER if number % 2 else RelationKind.ADDED
                tell(opened, "lisi", f"wm-{number // 8}", f"2026-11-14T10:{number:02d}", kind)
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            over.set()

    def look(*, mend: bool) -> None:
        try:
            while not over.is_set():
                found.extend(differences(opened, mend=mend))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [
        threading.Thread(target=service),
        threading.Thread(target=look, kwargs={"mend": False}),
        threading.Thread(target=look, kwargs={"mend": True}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    derive(opened)

    assert failures == []
    assert found == []
    assert differences(opened) == []


def test_a_fact_that_comes_while_its_relation_is_mended_is_not_lost(
    opened: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    mending, told, unmark = threading.Event(), threading.Event(), opened.store.ledger.unmark

    def unmark_late(relations: Iterable[tuple[str, str]]) -> None:
        mending.set()
        told.wait(0.5)  # in vain: as long as the mending lasts nobody can tell anything
        unmark(relations)

    monkeypatch.setattr(opened.store.ledger, "unmark", unmark_late)
    opened.store.engine.run("tamper_end")
    mender = threading.Thread(target=differences, args=(opened,), kwargs={"mend": True})
    mender.start()
    assert mending.wait(60)
    tell(opened, "zhangsan", JIA, "2026-11-20T10:00", RelationKind.LOST_BY_CUSTOMER)
    told.set()
    mender.join(60)

    assert [add.ended_by for add in kept(opened)["zhangsan"]] == [RelationKind.LOST_BY_CUSTOMER]
    assert differences(opened) == []


relations = st.tuples(st.sampled_from(["zhangsan", "lisi"]), st.sampled_from(["wm1", "wm2", "wm3"]))
happenings = st.builds(
    lambda relation, at_s, kind, state: RelationEvent(
        userid=relation[0],
        external_userid=relation[1],
        at=at_s * 40_000,
        kind=kind,
        state=state if kind is RelationKind.ADDED else "",
    ),
    relations,
    st.integers(1, 12),
    st.sampled_from(list(RelationKind)),
    st.sampled_from(["", "hall"]),
)


@tried(25, unhealthy=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow))
@given(events=st.lists(happenings, max_size=25), data=st.data())
def test_deriving_step_by_step_in_any_order_is_what_a_recount_says(
    opened: Services, events: list[RelationEvent], data: st.DataObject
) -> None:
    for statement in ("empty_events", "empty_adds", "empty_dirty"):
        opened.store.engine.run(statement)
    order = data.draw(st.permutations([*events, *events[:5]]))
    for event in order:
        with opened.store.transaction():
            opened.store.ledger.append(event, origin="callback", recorded_at=0)
        if data.draw(st.booleans()):
            derive(opened)
    half_way = differences(opened)
    derive(opened)
    incremental = kept(opened)
    opened.store.engine.run("empty_adds")
    differences(opened, mend=True)

    told: dict[tuple[str, str], list[RelationEvent]] = {}
    for event in events:
        told.setdefault((event.userid, event.external_userid), []).append(event)
    counted: dict[str, list[Add]] = {}
    for (userid, _), facts in sorted(told.items()):
        counted.setdefault(userid, []).extend(fold(facts, regain_s=opened.config.ledger.regain_s))
    by_time = {
        userid: sorted(adds, key=lambda add: (add.added_at, add.external_userid))
        for userid, adds in counted.items()
        if adds
    }
    assert half_way == []
    assert incremental == kept(opened) == by_time


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


def test_the_command_checks_names_and_mends(opened: Services, quotabot: Quotabot) -> None:
    config = ("--config", str(opened.config.file))
    clean = quotabot("replay", "--check", *config)
    opened.store.engine.run("tamper_end")
    bad = quotabot("replay", "--check", *config)
    told = quotabot("replay", "--check", "--format", "json", *config)
    mended = quotabot("replay", *config)
    again = quotabot("replay", "--check", "--format", "json", *config)

    assert (clean.code, clean.out, clean.err) == (0, "3 个关系：0 处不一致\n", "")
    assert (bad.code, told.code, mended.code, again.code) == (1, 1, 0, 0)
    assert bad.out.splitlines() == [
        (
            "zhangsan …-jia：存的是 2026-11-10 10:00:00 添加（第 1 次），"
            "1970-01-01 08:00:05 结束（lost_by_member）；账本得出 2026-11-10 10:00:00 添加（第 1 次）"
        ),
        "3 个关系：1 处不一致",
    ]
    (first,) = told.json()["differences"]["listed"]
    assert (first["userid"], first["external_userid"]) == ("zhangsan", JIA)
    assert (first["kept"][0]["ended_by"], first["recounted"][0]["ended_by"]) == ("lost_by_member", None)
    assert mended.out.splitlines()[-1] == "3 个关系：1 处不一致，已改正"
    assert again.json() == {
        "check": True,
        "relations": 3,
        "waiting": 0,
        "differences": {"count": 0, "listed": []},
        "mended": 0,
    }


def test_a_check_says_that_the_rules_of_the_ledger_changed(opened: Services, quotabot: Quotabot) -> None:
    """Losses keep the rule of their day: the slip of wm-yi stays one, whatever holds from tomorrow on."""
    file = opened.config.file
    file.write_text(file.read_text(encoding="utf-8") + "\n[ledger]\nregain_days = 0\n", encoding="utf-8")
    config = ("--config", str(file))
    checked = quotabot("replay", "--check", *config)
    replayed = quotabot("replay", *config)

    assert checked.code == 0
    assert "[ledger] 已改过" in checked.err
    assert "0 处不一致" in checked.out
    assert replayed.out == "3 个关系：0 处不一致，已改正\n"  # derived by the ordinary way
    assert [add.nth for add in kept(opened)["lisi"] if add.external_userid == "wm-yi"] == [1]
