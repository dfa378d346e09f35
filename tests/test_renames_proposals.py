"""A userid changed in WeCom without a word: proposed, and nothing counts twice or is lost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders.directory import ROLES
from builders.reviews import morning
from builders.sync import Desk, KilledError, count_down, desk

from bot.app.bootstrap import refresh_directory
from bot.features.ledger.derive import derive
from bot.features.ledger.replay import recount
from bot.features.renames.rename import rename
from bot.features.reviews.cases import load_cases
from bot.features.reviews.decide import CaseDecision, ReviewError, answer, decide
from bot.features.standings.load import load_standings
from bot.store.rename_proposals import ProposalState
from bot.store.sync import SyncRun
from sandbox.staffing import carry_out
from scheduler.planner import plan
from scheduler.sync import take_over

NEW = "zhang.san"
ID = f"rename:yg01:{NEW}"
ADMINS = '[admins]\nuserids = ["yg01", "zhang.san", "yg02"]\n'


@dataclass
class Stage:
    """A bank whose yg01 has six customers of this month, compared once; it may rename him."""

    desk: Desk
    source: str
    roster: Path

    def night(self) -> SyncRun:
        """The next night's comparison."""
        self.desk.next_night()
        run = take_over(self.desk.services, self.desk.clock.moment)
        derive(self.desk.services)
        return run

    def renamed(self, userid: str = "yg01", to: str = "Zhang.San") -> None:
        """The userid is changed, and where a roster stands for the directory HR changes it there."""
        carry_out(self.desk.world, {"act": "rename", "userid": userid, "to": to})
        self.roster_says(userid, to)

    def roster_says(self, userid: str, to: str) -> None:
        if self.source == "csv":
            text = self.roster.read_text(encoding="utf-8-sig")
            self.roster.write_text(text.replace(f"\n{userid},", f"\n{to},"), encoding="utf-8")
            refresh_directory(self.desk.services)

    def gross(self, *userids: str) -> list[int]:
        """Adds of this month, by person; 0 for somebody without a row."""
        rows = {
            row.userid: row.gross
            for row in load_standings(self.desk.services, at=self.desk.clock.moment).rows
        }
        return [rows.get(userid, 0) for userid in userids]

    def open(self) -> list[str]:
        return [case.id for case in load_cases(self.desk.services, at=self.desk.clock.moment)]

    def decide(self, *, accept: bool, by: str = "yg02", case: str = ID) -> str:
        moment = self.desk.clock.moment
        _, state = decide(
            self.desk.services, case, CaseDecision(accept=accept, by=by, reason="HR"), at=moment
        )
        derive(self.desk.services)
        return state

    def differing(self) -> int:
        """What `replay --check` finds."""
        return sum(len(stage.differences) for stage in recount(self.desk.services, mend=False))

    def found(self, run: SyncRun) -> dict[str, int]:
        return self.desk.report_totals(run)


@pytest.fixture
def source() -> str:
    return "csv"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest, engine: str, source: str) -> Iterator[Stage]:
    store = request.getfixturevalue("postgres_url") if engine == "postgres" else "sqlite:///quotabot.db"
    more = ADMINS + (ROLES if source == "wecom" else "")
    with desk(tmp_path, store=store, source=source, more=more) as opened:
        for userid in opened.world.people:
            opened.happen("add", userid, when="2026-09-01T10:00")
        for day in range(2, 8):
            opened.happen("add", when=f"2026-11-{day:02d}T10:00", hears=day != 5)
        found = Stage(opened, source, tmp_path / "roster.csv")
        found.night()
        yield found


@pytest.mark.parametrize(("source", "engine"), [("csv", "sqlite"), ("wecom", "postgres")])
def test_a_changed_userid_is_proposed_once_and_taken_over_with_the_month(stage: Stage) -> None:
    before = stage.gross("yg01", NEW)
    stage.renamed()
    stage.desk.happen("add", NEW, when="2026-11-25T10:00")
    stage.desk.happen("add", NEW, when="2026-11-25T11:00", hears=False)
    first = stage.found(stage.night())
    while_open = stage.gross("yg01", NEW)
    again = stage.found(stage.night())
    asked = stage.open()
    state = stage.decide(accept=True)
    after = stage.gross("yg01", NEW)
    last = [stage.found(stage.night()) for _ in range(2)]

    # WeCom's list names the new one on the 26th, the roster on the day of the change: that day they joined.
    own = 1 if stage.source == "csv" else 0
    assert (before, while_open, after) == ([6, 0], [6, own], [0, 7])
    assert first == again == {"renamed": 1}
    assert (asked, state, stage.open()) == ([ID], "accepted", [])
    # what came under the new userid meanwhile and was missed is made good now
    assert last == [{"missed_add": 1}, {}]
    assert (stage.gross("yg01", NEW), stage.differing()) == ([0, 8], 0)


@pytest.mark.parametrize("source", ["csv", "wecom"])
def test_refused_they_are_two_people_for_good(stage: Stage) -> None:
    stage.renamed()
    stage.night()
    state = stage.decide(accept=False)
    later = [stage.found(stage.night()) for _ in range(2)]

    assert (state, stage.open()) == ("rejected", [])
    assert later == [{"frozen": 1, "imported": 7}, {"frozen": 1}]
    # The new one joined on the day of the first list with them: what WeCom dates before is not theirs.
    assert (stage.gross("yg01", NEW), stage.differing()) == ([6, 0], 0)


def test_who_may_be_somebody_else_is_told_no_figures_before_it_is_decided(stage: Stage) -> None:
    stage.renamed()
    stage.night()
    stage.desk.clock.set("2026-11-26T16:37")
    told = {
        job: {message.to_userid for message in plan(stage.desk.services, job, at=stage.desk.clock.moment)}
        for job in ("progress", "reminder", "weekly")
    }
    stage.decide(accept=True)
    later = {message.key for message in plan(stage.desk.services, "reminder", at=stage.desk.clock.moment)}

    assert "yg02" in told["progress"]
    assert "yg02" in told["weekly"]
    assert NEW not in told["progress"] | told["reminder"] | told["weekly"]
    assert f"reminder:2026-11-26:{NEW}" in later


def test_nobody_decides_about_his_own_userid(stage: Stage) -> None:
    stage.renamed()
    stage.night()

    for userid in ("yg01", NEW):
        with pytest.raises(ReviewError, match="nobody may decide about themselves"):
            stage.decide(accept=True, by=userid)
    with pytest.raises(ReviewError, match="it is with yg02"):
        stage.decide(accept=True, by="yg03")
    with pytest.raises(ReviewError, match="is a question to the admins"):
        answer(stage.desk.services, ID, "我就是他", at=stage.desk.clock.moment)
    assert stage.open() == [ID]


def test_the_admins_are_told_in_the_morning_once(stage: Stage) -> None:
    stage.renamed()
    stage.night()
    stage.desk.clock.set("2026-11-26T09:07")
    told = morning(stage.desk.services, stage.desk.clock.moment)
    stage.desk.clock.set("2026-11-27T09:07")
    again = morning(stage.desk.services, stage.desk.clock.moment)

    assert list(told) == ["review:2026-11-26:yg02"]
    assert f"yg01 不见了，新账号 {NEW} 有其 7 位客户中的 7 位" in told["review:2026-11-26:yg02"]
    assert again == {}


def test_while_the_roster_has_the_old_userid_nothing_can_be_taken_over(stage: Stage) -> None:
    roster = stage.roster.read_text(encoding="utf-8-sig")
    stage.renamed()
    line = next(line for line in roster.splitlines() if line.startswith("yg01,"))
    stage.roster.write_text(stage.roster.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    refresh_directory(stage.desk.services)
    stage.night()

    with pytest.raises(ReviewError, match="replace the roster first"):
        stage.decide(accept=True)
    assert (stage.open(), stage.gross("yg01", NEW)) == ([ID], [6, 0])


def test_a_line_of_import_renames_answers_the_question(stage: Stage) -> None:
    stage.renamed()
    stage.night()
    rename(stage.desk.services, [("yg01", NEW)], "HR")
    derive(stage.desk.services)

    assert (stage.open(), stage.gross("yg01", NEW)) == ([], [0, 6])
    assert stage.found(stage.night()) == {}


def test_who_is_renamed_again_before_anybody_decided_is_asked_about_under_the_newest(stage: Stage) -> None:
    stage.renamed()
    stage.night()
    stage.renamed("Zhang.San", "zs2")
    found = stage.found(stage.night())

    assert (stage.open(), found) == (["rename:yg01:zs2"], {"renamed": 1})
    assert stage.gross("yg01", NEW, "zs2") == [6, 0, 0]


def test_if_the_old_userid_is_there_again_nobody_is_asked_any_more(stage: Stage) -> None:
    stage.renamed()
    stage.night()
    carry_out(stage.desk.world, {"act": "rename", "userid": NEW, "to": "yg01"})
    stage.roster_says("Zhang.San", "yg01")

    assert stage.found(stage.night()) == {}
    assert (stage.open(), stage.gross("yg01", NEW)) == ([], [6, 0])


def test_a_handover_of_everybody_to_somebody_new_is_no_changed_userid(stage: Stage) -> None:
    world = stage.desk.world
    carry_out(world, {"act": "join", "userid": NEW, "name": "员工新", "departments": [11]})
    for customer in world.customers_of("yg01"):
        stage.desk.happen(
            "transfer", "yg01", external_userid=customer, to=NEW, when="2026-11-25T10:00", hears=False
        )
    carry_out(world, {"act": "leave", "userid": "yg01"})
    stage.roster_says("yg01", NEW)
    found = stage.found(stage.night())

    assert stage.open() == []
    assert found == {"imported": 7, "frozen": 1}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_killed_anywhere_it_proposes_once_and_writes_nothing_for_the_two(stage: Stage, share: float) -> None:
    stage.renamed()
    services, began = stage.desk.services, stage.desk.clock.moment
    engine = services.store.engine
    kept = {name: getattr(engine, name) for name in ("run", "run_many", "all", "one")}
    worked = count_down(services, None)
    stage.desk.sync(began=began)
    total = worked()
    for name, act in kept.items():
        setattr(engine, name, act)
    with services.store.transaction():
        services.store.proposals.end(
            ("yg01", NEW), ProposalState.RELEASED, by="a test", reason="from the beginning", at=0
        )
    stage.desk.next_night()
    count_down(services, int(total * share))
    moment = stage.desk.clock.moment
    with pytest.raises(KilledError):
        stage.desk.sync(began=moment)
    for name, act in kept.items():
        setattr(engine, name, act)
    found = stage.desk.report_totals(stage.desk.sync(began=moment))

    assert (stage.open(), found) == ([ID], {"renamed": 1})
    assert stage.gross("yg01", NEW) == [6, 0]


@pytest.mark.parametrize("point", [25, 40, 60])
def test_killed_while_it_is_decided_all_is_done_or_nothing(stage: Stage, point: int) -> None:
    stage.renamed()
    stage.night()
    engine = stage.desk.services.store.engine
    kept = {name: getattr(engine, name) for name in ("run", "run_many", "all", "one")}
    count_down(stage.desk.services, point)
    with pytest.raises(KilledError):
        stage.decide(accept=True)
    for name, act in kept.items():
        setattr(engine, name, act)
    derive(stage.desk.services)
    between = (stage.open(), stage.gross("yg01", NEW))
    if stage.open():
        stage.decide(accept=True)

    assert between in (([ID], [6, 0]), ([], [0, 6]))
    assert (stage.open(), stage.gross("yg01", NEW), stage.differing()) == ([], [0, 6], 0)
