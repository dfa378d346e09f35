"""A month with lost, doubled and late callbacks, compared at its end; and a comparison killed anywhere."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from builders.e2e import COMMAND, ROOT, FakeTime, at, command, installation, rows_of, until, write_config
from builders.sandbox import NOON, TODAY
from builders.service import running
from builders.sync import NIGHT, Desk, KilledError, count_down, desk

from bot.core.relations import SAME_ADD_S, RelationEvent, RelationKind
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.services import Services
from handlers.inbox import work_off
from sandbox.branch import make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.history import history
from sandbox.server import start
from sandbox.switches import ApiSwitches
from sandbox.world import World

Relation = tuple[str, str]
Facts = dict[Relation, list[RelationEvent]]
_KINDS = {
    "add": RelationKind.ADDED,
    "del_by_member": RelationKind.LOST_BY_MEMBER,
    "del_by_customer": RelationKind.LOST_BY_CUSTOMER,
    "transfer": RelationKind.TRANSFERRED,
}


def truth_of(stage: Desk) -> Facts:
    """What the sandbox's people did in the month, whoever heard of it."""
    facts: Facts = {}
    for spec in history(stage.world.branch, until=stage.clock.moment, calendar=stage.world.calendar):
        told = [(str(spec["userid"]), _KINDS.get(str(spec["kind"])))]
        if "to" in spec:
            told.append((str(spec["to"]), RelationKind.ADDED))
        for userid, kind in told:
            if kind is not None:
                relation = (userid.lower(), str(spec["external_userid"]))
                fact = RelationEvent(
                    userid=relation[0], external_userid=relation[1], at=int(str(spec["at"])), kind=kind
                )
                facts.setdefault(relation, []).append(fact)
    return facts


def heard_by(services: Services) -> Facts:
    """What the bot was told, as its ledger has it."""
    found: Facts = {}
    for userid, customer in services.store.ledger.relations():
        facts = services.store.ledger.relation(userid, customer)
        found[userid, customer] = [fact for fact in facts if fact.kind in _KINDS.values()]
    return found


def can_show_alive(created: dict[Relation, int], heard: list[RelationEvent], relation: Relation) -> bool:
    """Whether a relation is alive as far as WeCom's lists and what was heard tell."""
    if relation not in created:
        return False
    left = [fact.at for fact in heard if fact.kind is RelationKind.LOST_BY_CUSTOMER]
    came = [fact.at for fact in heard if fact.kind is RelationKind.ADDED] + [created[relation]]
    return not left or max(came) > max(left)


def is_shown(truth: list[RelationEvent], heard: list[RelationEvent], *, created: int | None) -> bool:
    """Whether the lists make up for all that was missed of a relation: its last add, or its last end.

    *created*: the listed createtime, None without one. A customer who came back may keep an earlier one: then
    the list does not show when, and whether it was a slip or a second add.
    """
    missed = {(fact.at, fact.kind) for fact in truth} - {(fact.at, fact.kind) for fact in heard}
    last = max(truth, key=lambda fact: fact.at)
    is_dated = created is not None and abs(created - last.at) <= SAME_ADD_S
    shown = is_dated if last.kind is RelationKind.ADDED else created is None
    return missed <= {(last.at, last.kind)} and (not missed or shown)


def numbers(services: Services, moment: FakeTime) -> dict[str, tuple[int, ...]]:
    return {
        row.userid: (row.counted, row.pending, row.rejected, row.gross, row.lost)
        for row in load_standings(services, at=moment.moment).rows
    }


@contextmanager
def truthful(stage: Desk, folder: Path, facts: Facts) -> Iterator[Services]:
    """The same installation, if nothing had been missed."""
    folder.mkdir()
    write_files(stage.world.branch, folder)
    with installation(write_config(folder), stage.clock) as services:
        with services.store.transaction():
            for of_one in facts.values():
                services.store.ledger.append_all(of_one, origin="callback", recorded_at=0)
        derive(services)
        yield services


def test_a_month_with_lost_callbacks_is_made_good_as_far_as_lists_can_show(tmp_path: Path) -> None:
    with desk(tmp_path) as stage, running(stage.services) as site:
        stage.world.callback_url = f"http://127.0.0.1:{site.port}/callback"
        shares = {"drop_rate": 0.05, "double_rate": 0.05, "late_rate": 0.1}
        sent = requests.post(f"{stage.sandbox.url}/sandbox/history", json=shares, timeout=120).json()
        work_off(stage.services)
        truth, heard = truth_of(stage), heard_by(stage.services)
        created = {
            (one.userid.lower(), one.external_userid): one.createtime for one in stage.world.contacts.all()
        }
        expected = {
            relation for relation in created if can_show_alive(created, heard.get(relation, []), relation)
        }
        in_doubt = {
            userid
            for (userid, customer), facts in truth.items()
            if not is_shown(facts, heard.get((userid, customer), []), created=created.get((userid, customer)))
        }
        before, before_numbers = stage.living(), numbers(stage.services, stage.clock)
        first = stage.report_totals(stage.sync())
        after, after_numbers = stage.living(), numbers(stage.services, stage.clock)
        second = stage.report_totals(stage.sync())
        stage.next_night()
        third = stage.report_totals(stage.sync())
        with truthful(stage, tmp_path / "truth", truth) as told:
            true_numbers = numbers(told, FakeTime(at(NIGHT)))

        clear = true_numbers.keys() - in_doubt
        assert sent["lost"] > 15
        assert before != expected
        assert before_numbers != true_numbers
        assert after == expected
        assert len(clear) >= 4
        assert {userid: after_numbers[userid] for userid in clear} == {
            userid: true_numbers[userid] for userid in clear
        }
        assert first.keys() >= {"imported"}
        assert {cause: number for cause, number in second.items() if cause != "one_way"} == {}
        assert {cause: number for cause, number in third.items() if cause != "one_way"} == {}


# --- killed, and run again ---


def eventful(stage: Desk) -> None:
    """Something of every cause between two comparisons."""
    for userid in stage.world.people:
        for _ in range(4):
            stage.happen("add", userid, when="2026-09-01T10:00")
    mine = [stage.happen("add", when="2026-09-02T10:00") for _ in range(30)]
    stage.sync()
    stage.next_night()
    for customer in mine[:15]:
        stage.happen("del_by_member", external_userid=customer, when="2026-11-21T10:00", hears=False)
    for userid in ("yg02", "yg03", "yg04"):
        stage.happen("add", userid, when="2026-11-21T11:00", hears=False)
        stage.happen("del_by_member", userid, when="2026-11-22T10:00", hears=False)
        gone = stage.world.customers_of(userid)[0]
        stage.happen("del_by_member", userid, external_userid=gone, when="2026-11-22T11:00", hears=False)
        stage.happen("add", userid, when="2026-11-22T12:00", hears=False)
    moved = stage.world.customers_of("yg05")[0]
    stage.happen("transfer", "yg05", external_userid=moved, to="yg06", when="2026-11-24T11:00", hears=False)


@contextmanager
def copied(stage: Desk, folder: Path) -> Iterator[Desk]:
    """A copy of the installation beside the same sandbox."""
    folder.mkdir()
    source = stage.services.config.store.where
    assert isinstance(source, Path)
    for file in source.parent.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    clock = FakeTime(stage.clock.moment)
    with installation(folder / "config.toml", clock) as services:
        yield Desk(services, stage.sandbox, clock)


def end_state(services: Services) -> dict[str, list[dict[str, Any]]]:
    """All that a comparison leaves behind."""
    tables = {
        "relation_events": "userid, external_userid, at, kind, origin, state",
        "adds": "userid, external_userid, added_at, nth, ended_at, ended_by, slips",
        "details": "userid, external_userid, createtime, add_way, tags",
        "sync_drift": "run, cause, userid, number, text",
        "sync_losses": "userid, external_userid, at, is_gone",
        "sync_readings": "userid, read_at",
        "sync_listed": "userid",
    }
    derive(services)
    where = services.config.store.where
    assert isinstance(where, Path)
    return {
        table: rows_of(where, f"SELECT {columns} FROM {table} ORDER BY {columns}")
        for table, columns in tables.items()
    }


def test_killed_at_ten_random_points_and_run_again_it_ends_the_same(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    with desk(tmp_path / "first") as stage:
        eventful(stage)
        derive(stage.services)
        with copied(stage, tmp_path / "whole") as whole:
            worked = count_down(whole.services, None)
            drift = whole.report_totals(whole.sync())
            total = worked()
            expected = end_state(whole.services)
        points = random.Random(7).sample(range(10, total - 10), 10)
        ends = []
        for point in sorted(points):
            with copied(stage, tmp_path / f"killed{point}") as killed:
                mortal = replace(killed.services, holder=f"killed at {point}")
                kept = {
                    name: getattr(mortal.store.engine, name) for name in ("run", "run_many", "all", "one")
                }
                count_down(mortal, point)
                moment = killed.clock.moment
                with pytest.raises(KilledError):
                    killed.sync(services=mortal)
                for name, act in kept.items():
                    setattr(killed.services.store.engine, name, act)
                killed.sync(began=moment)
                ends.append(end_state(killed.services))

    assert {"held", "missed_add", "missed_loss", "missed_transfer"} <= drift.keys()
    assert [end == expected for end in ends] == [True] * 10


@pytest.mark.lasting
def test_a_process_that_is_killed_leaves_nothing_that_the_next_one_cannot_finish(tmp_path: Path) -> None:
    branch = make_branch(seed=7, today=TODAY)
    world = World(branch, clock=VirtualClock(NOON, speed=0), api=ApiSwitches(details_delay=0.0))
    for number in range(400):
        spec = {"kind": "add", "userid": f"yg{1 + number % 12:02d}", "at": 1_790_000_000 + number}
        compose(world, spec)
    write_files(branch, tmp_path)
    with start(world) as sandbox:
        config = str(write_config(tmp_path, app=asdict(world.app), api_url=sandbox.url))
        words = ["run", "sync", "--config", config, "--at", "2026-11-23T02:17"]
        world.faults.arm({"delay_ms": 700})
        with subprocess.Popen([*COMMAND, *words], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            # The first page of several is kept, or soon will be.
            until(lambda: sum("get_by_user" in call.path for call in list(world.calls)) > 1)
            process.send_signal(signal.SIGKILL)
        world.faults.clear()
        done = command(*words, "--format", "json", within_s=120)
        world.stopping.set()

    assert (process.returncode, done.code) == (-signal.SIGKILL, 0)
    assert done.json()["drift"]["causes"] == {"imported": 400}
    added = rows_of(tmp_path / "quotabot.db", "SELECT COUNT(*) AS adds FROM adds WHERE ended_at IS NULL")
    assert added == [{"adds": 400}]
