"""Importing leave and facts: every bad line is named, all of a file is stored or nothing."""

from __future__ import annotations

import builtins
import hashlib
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import QUOTA, FakeTime, installation, write_config, write_roster
from builders.imports import FACTS, JIA, KINDS, NOW, OWN_BOOK, branch, detail, file, imported, row, tell

from bot.config.csv_table import Cells
from bot.features.contacts.explain import explain
from bot.features.imports import csv_import
from bot.features.imports.absences import AbsenceLines
from bot.features.imports.csv_import import ImportingError, Lines, Report, import_file
from bot.features.imports.facts import FactLine, FactLines
from bot.features.imports.roster import RosterLines
from bot.services import Services
from bot.store import staging
from bot.store.contact_knowledge import Absence
from bot.store.facts import Facts, FactsImport, StoredFacts

SHA = hashlib.sha256(b"13800000000").hexdigest()


def said(report: Report) -> list[tuple[int | None, str | None, str]]:
    return [(fault.line, fault.column, fault.allowed) for fault in report.faults.items]


# absences


def test_leave_makes_the_target_smaller_at_once_both_days_included(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        before = row(services).target
        path = file(tmp_path, "userid,from,to,kind", "ZhangSan,2026-11-24,2026-11-25,年假")
        report = imported(services, "absences", path)
        after = row(services)

    assert report.stored
    assert (before, after.target) == (50, 45)  # 21 workdays in November, 19 of them his: 50 x 19 / 21 = 45.2
    assert after.workdays_left == 3


def test_lines_may_overlap_and_come_again(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        line = "lisi,2026-11-02,2026-11-04,年假"
        path = file(tmp_path, "userid,from,to,kind", line, line, "lisi,2026-11-04,2026-11-05,病假")
        reports = [imported(services, "absences", path) for _ in range(2)]
        days = services.store.contact_knowledge.absences()["lisi"]

    assert [(report.good, report.bad) for report in reports] == [(3, 0), (3, 0)]
    assert sorted(day.day for day in days) == [2, 3, 4, 5]


def test_leave_that_was_called_off_asks_for_the_days_again(tmp_path: Path, place: Path | str) -> None:
    header, first, second = "userid,from,to,kind", "lisi,2026-11-02,2026-11-04", "lisi,2026-11-04,2026-11-05"
    with branch(tmp_path, place) as services:
        imported(services, "absences", file(tmp_path, header, f"{first},年假", f"{second},病假"))
        off = [f"{first},取消", f"{second},Cancelled", f"{second},病假", "lisi,2026-11-09,2026-11-09,取消"]
        report = imported(services, "absences", file(tmp_path, header, *off))
        days = services.store.contact_knowledge.absences()["lisi"]

    assert (report.good, report.stored) == (4, True)
    assert sorted(day.day for day in days) == [4, 5]


def test_kind_may_be_left_out_and_columns_stand_in_any_order(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        imported(services, "absences", file(tmp_path, "to,from,userid", "2026-11-03,2026-11-02,lisi"))

        assert len(services.store.contact_knowledge.absences()["lisi"]) == 2


@pytest.mark.parametrize(
    ("line", "column", "allowed"),
    [
        pytest.param("wangwu,2026-11-02,2026-11-03,", "userid", "whom the roster has", id="nobody"),
        pytest.param("张三,2026-11-02,2026-11-03,", "userid", "a letter or digit", id="no userid"),
        pytest.param("lisi,2026-11-03,2026-11-02,", "to", "must not be before", id="backwards"),
        pytest.param("lisi,2026-11-31,2026-12-02,", "from", "must be a date", id="no such day"),
        pytest.param("lisi,02.11.2026,2026-11-03,", "from", "must be a date", id="another way to write it"),
        pytest.param("lisi,2026-11-02,,", "to", "must be a date", id="open end"),
        pytest.param("lisi,2026-11-02,2062-11-03,", "to", "within 1096 days", id="a slip in the year"),
        pytest.param("lisi,2026-11-02,2026-11-03,年\x07假", "kind", "one line of text", id="control"),
        pytest.param("lisi,2026-11-02", None, "2 cells, but the header has 4", id="too short"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_stored(
    tmp_path: Path, line: str, column: str | None, allowed: str
) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        path = file(tmp_path, "userid,from,to,kind", "lisi,2026-11-09,2026-11-09,", "", line)
        report = imported(services, "absences", path)
        stored = services.store.contact_knowledge.absences()
        ((number, where, why),) = said(report)

    assert (number, where) == (4, column)
    assert allowed in why
    assert (report.good, report.bad, report.stored, stored) == (1, 1, False, {})


def test_skip_bad_stores_the_good_lines(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        path = file(tmp_path, "userid,from,to", "nobody,2026-11-02,2026-11-03", "lisi,2026-11-02,2026-11-02")
        report = imported(services, "absences", path, skip_bad=True)

        assert (report.good, report.bad, report.stored) == (1, 1, True)
        assert set(services.store.contact_knowledge.absences()) == {"lisi"}


# facts


@pytest.mark.parametrize(
    ("word", "tally"),
    [
        *(pytest.param(word, (1, 0, 0), id=word) for word in ("1", "true", "TRUE", "True")),
        *(pytest.param(word, (0, 0, 1), id=word) for word in ("0", "false", "False")),
        pytest.param("", (0, 1, 0), id="unknown"),
    ],
)
def test_facts_change_verdicts_at_once(
    tmp_path: Path, place: Path | str, word: str, tally: tuple[int, int, int]
) -> None:
    with branch(tmp_path, place, quotas=QUOTA + FACTS) as services:
        before = row(services)
        report = imported(
            services, "facts", file(tmp_path, "external_userid,account", f"{JIA},{word}", "wm-new,1")
        )
        after = row(services)

    assert report.stored
    assert (before.counted, before.pending, before.rejected) == (0, 1, 0)
    assert (after.counted, after.pending, after.rejected) == tally


def test_an_empty_cell_forgets_what_was_known(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, quotas=QUOTA + FACTS) as services:
        imported(services, "facts", file(tmp_path, "external_userid,manager,account", f"{JIA},LiSi,1"))
        known = services.store.contact_knowledge.facts()
        imported(services, "facts", file(tmp_path, "external_userid,manager,account", f"{JIA},,"))

        assert known == {("external_userid", JIA): StoredFacts(manager="lisi", facts={"account": True})}
        assert services.store.contact_knowledge.facts() == {}
        assert row(services).pending == 1


def test_a_column_that_is_not_in_the_file_stays_as_it_was(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        imported(services, "facts", file(tmp_path, "external_userid,account", f"{JIA},1"))
        imported(services, "facts", file(tmp_path, "external_userid,real_name", f"{JIA},0"))

        assert services.store.contact_knowledge.facts()["external_userid", JIA].facts == {
            "account": True,
            "real_name": False,
        }


def test_the_manager_decides_whose_book_it_is(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, quotas=QUOTA + OWN_BOOK) as services:
        imported(services, "facts", file(tmp_path, "external_userid,manager", f"{JIA},LISI"))
        other = row(services).rejected
        imported(services, "facts", file(tmp_path, "external_userid,manager", f"{JIA},ZhangSan"))

        assert (other, row(services).counted) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("unionid", "o6_Union"),
        ("mobile_sha256", SHA),
        ("mobile_sha256", SHA.upper()),
        ("state", "柜台“A”\\1"),
    ],
)
def test_every_key_finds_its_customer(tmp_path: Path, place: Path | str, kind: str, key: str) -> None:
    with branch(tmp_path, place, quotas=QUOTA + FACTS) as services:
        stored = key.lower() if kind == "mobile_sha256" else key
        detail(services, "zhangsan", JIA, "2026-11-10T10:00", **{kind: stored})
        report = imported(services, "facts", file(tmp_path, f"{kind},account", f"{key},1"))

        assert (report.unmatched.count, report.ambiguous.count) == (0, 0)
        assert row(services).counted == 1


def test_the_state_of_a_callback_is_a_key_too(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, quotas=QUOTA + FACTS) as services:
        tell(services, "lisi", "wm-yi", "2026-11-11T10:00", state="desk-7")
        report = imported(services, "facts", file(tmp_path, "state,account", "desk-7,1"))

        assert report.unmatched.count == 0
        assert row(services, "lisi").counted == 1


def test_unmatched_and_ambiguous_keys_are_named_and_stored(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, quotas=QUOTA + FACTS) as services:
        for customer in ("wm-yi", "wm-bing"):
            tell(services, "lisi", customer, "2026-11-11T10:00", state="hall")
        tell(services, "zhangsan", "wm-yi", "2026-11-12T10:00", state="desk-7")
        tell(services, "lisi", "wm-yi", "2026-11-20T10:00", state="desk-7")
        path = file(tmp_path, "state,account", "desk-7,1", "hall,1", "tomorrow,1")
        report = imported(services, "facts", path)
        tell(services, "lisi", "wm-ding", "2026-11-22T10:00", state="tomorrow")

        assert report.stored
        assert [(one.line, one.value) for one in report.ambiguous.items] == [(3, "hall")]
        assert [(one.line, one.value) for one in report.unmatched.items] == [(4, "tomorrow")]
        assert row(services, "lisi").counted == 3  # facts that came before the add count for it


def test_lines_that_contradict_each_other_are_all_bad(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        path = file(
            tmp_path, "external_userid,account", f"{JIA},1", "wm-yi,1", "wm-yi,TRUE", "wm-zi,x", f"{JIA},0"
        )
        report = imported(services, "facts", path, skip_bad=True)
        stored = services.store.contact_knowledge.facts()

    assert said(report) == [
        (2, "external_userid", "line 6 says something else of the same key"),
        (5, "account", "must be 1, 0, true, false, yes, no, 是, 否 or empty (unknown)"),
        (6, "external_userid", "line 2 says something else of the same key"),
    ]
    assert (report.good, report.bad, report.faults.count) == (2, 3, 3)
    assert set(stored) == {("external_userid", "wm-yi")}


@pytest.mark.parametrize(
    ("header", "line", "column", "allowed"),
    [
        pytest.param("mobile_sha256,a", f"{SHA[:-1]},1", "mobile_sha256", "64 hexadecimal", id="short"),
        pytest.param("mobile_sha256,a", "13800000000,1", "mobile_sha256", "64 hexadecimal", id="a number"),
        pytest.param("unionid,a", ",1", "unionid", "must not be empty", id="no key"),
        pytest.param("unionid,a", "u,ja", "a", "是, 否 or empty", id="another word"),
        pytest.param("unionid,manager", "u,张三", "manager", "a letter or digit", id="no userid"),
    ],
)
def test_a_bad_line_of_facts_is_named(
    tmp_path: Path, header: str, line: str, column: str, allowed: str
) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        report = imported(services, "facts", file(tmp_path, header, line))
        ((number, where, why),) = said(report)

    assert (number, where, report.stored) == (2, column, False)
    assert allowed in why


@pytest.mark.parametrize(
    ("header", "why"),
    [
        pytest.param("userid,account", "the first column must be one of external_userid", id="no key"),
        pytest.param("account,unionid", "the first column must be one of", id="key not first"),
        pytest.param("unionid,state,account", "only the first column is a key", id="two keys"),
        pytest.param("unionid,account,account", "appears twice", id="twice"),
        pytest.param("unionid", "there must be manager or a fact", id="nothing said"),
        pytest.param("unionid,,vip", "a column must have a name", id="no name"),
        pytest.param("", "has no header line", id="empty"),
    ],
)
def test_a_wrong_header_cannot_be_skipped(tmp_path: Path, header: str, why: str) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        report = imported(services, "facts", file(tmp_path, header, "x,1"), skip_bad=True)

    assert report.broken
    assert not report.stored
    assert any(why in one for _, _, one in said(report))


def test_a_file_that_breaks_off_stores_nothing_even_with_skip_bad(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        path = tmp_path / "facts.csv"
        path.write_bytes(f"external_userid,account\n{JIA},1\n".encode() + b"wm-\xd5\xff,1\n")
        report = imported(services, "facts", path, skip_bad=True)

        assert (report.broken, report.stored, services.store.contact_knowledge.facts()) == (True, False, {})
        assert [line for line, _, _ in said(report)] == [3]


def test_managers_whom_nobody_knows_are_named_once_and_stored(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        path = file(tmp_path, "unionid,manager", "u1,zhangsan", "u2,WangWu", "u3,wangwu", "u4,")
        report = imported(services, "facts", path)

        assert report.strangers == {"wangwu": 3}
        assert services.store.contact_knowledge.facts()["unionid", "u3"].manager == "wangwu"


def test_a_column_that_looks_like_one_a_quota_asks_for_is_named(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db", quotas=QUOTA + FACTS) as services:
        report = imported(services, "facts", file(tmp_path, "unionid,acount,vip", "u1,1,1"))

    assert report.unasked == {"acount": "account"}


# both


def test_a_dry_run_looks_and_stores_nothing(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        path = file(tmp_path, "external_userid,account", f"{JIA},1", "wm-zi,x")
        report = imported(services, "facts", path, dry_run=True, skip_bad=True)

        assert (report.good, report.bad, report.stored) == (1, 1, False)
        assert services.store.contact_knowledge.facts() == {}
        assert services.store.audit.acts() == []


def test_each_import_is_one_line_in_the_audit_log(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        path = file(tmp_path, "external_userid,account", f"{JIA},1", "wm-zi,x")
        imported(services, "facts", path)
        imported(services, "facts", path, skip_bad=True)
        (act,) = services.store.audit.acts()

        assert (act.actor, act.act, act.subject) == ("人事", "import facts", "file.csv")
        assert act.at == int(NOW.timestamp())
        assert hashlib.sha256(path.read_bytes()).hexdigest() in act.detail
        assert '"rows": 1' in act.detail


def test_bom_and_blanks_do_no_harm(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        path = tmp_path / "facts.csv"
        path.write_bytes(b"\xef\xbb\xbf" + f"external_userid , account\r\n {JIA} , 1 \r\n".encode())

        assert imported(services, "facts", path).stored
        assert ("external_userid", JIA) in services.store.contact_knowledge.facts()


class _TamperedFacts(FactLines):
    """A file that somebody saves again while it is read."""

    def read(self, cells: Cells) -> FactLine | None:
        self._path.write_text("external_userid,account\nwm-abc,1\n", encoding="utf-8")
        return super().read(cells)


class _TamperedAbsences(AbsenceLines):
    """A file that somebody saves again while it is read for the second time."""

    looks = 0

    def read(self, cells: Cells) -> Absence | None:
        self.looks += 1
        if self.looks == 2:
            self._path.write_text("userid,from,to\nlisi,2026-11-02,2026-11-02\n", encoding="utf-8")
        return super().read(cells)


@pytest.mark.parametrize(
    ("tampered", "lines"),
    [
        pytest.param(_TamperedFacts, ("external_userid,account", f"{JIA},1"), id="facts, read once"),
        pytest.param(_TamperedAbsences, ("userid,from,to", "lisi,2026-11-03,2026-11-03"), id="read twice"),
    ],
)
def test_a_file_that_changes_meanwhile_leaves_nothing_behind(
    tmp_path: Path,
    place: Path | str,
    tampered: Callable[[Services, Path], Lines[Any]],
    lines: tuple[str, ...],
) -> None:
    with branch(tmp_path, place) as services:
        path = file(tmp_path, *lines)
        with pytest.raises(ImportingError, match="changed while it was read"):
            import_file(services, tampered(services, path), path, by="x", skip_bad=False, dry_run=False)

        assert services.store.contact_knowledge.facts() == {}
        assert services.store.contact_knowledge.absences() == {}
        assert services.store.audit.acts() == []


def test_keys_with_the_same_hash_are_different_customers(
    tmp_path: Path, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands for a key, only the key itself says which customer is meant."""
    with branch(tmp_path, place) as services:
        tell(services, "lisi", "wm-yi", "2026-11-11T10:00")
        monkeypatch.setattr(builtins, "hash", lambda _: 7)
        path = file(tmp_path, "external_userid,account", f"{JIA},1", "wm-yi,0", "wm-unknown,1")
        report = imported(services, "facts", path)
        again = imported(services, "facts", path)
        stored = services.store.contact_knowledge.facts()

    assert said(report) == said(again) == []
    assert [(one.line, one.value) for one in report.unmatched.items] == [(4, "wm-unknown")]
    assert report.ambiguous.count == 0
    assert {key: facts.facts["account"] for (_, key), facts in stored.items()} == {
        JIA: True,
        "wm-yi": False,
        "wm-unknown": True,
    }


def test_a_disk_without_room_for_what_is_compared_stores_nothing(
    tmp_path: Path, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_SETTINGS", ("max_page_count = 5",))
    with branch(tmp_path, place) as services:
        path = file(tmp_path, "external_userid,account", *(f"wm-{number},1" for number in range(2000)))
        with pytest.raises(ImportingError, match="temporary files cannot be written"):
            imported(services, "facts", path)

        assert services.store.contact_knowledge.facts() == {}


def test_a_long_file_is_stored_in_pieces_and_reported_in_bounds(
    tmp_path: Path, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FactLines, "chunk", 7)
    monkeypatch.setattr(csv_import, "LISTED", 5)
    with branch(tmp_path, place) as services:
        written = [f"wm-{number},{number % 2}" for number in range(50)] + [f"bad-{n},x" for n in range(30)]
        path = file(tmp_path, "external_userid,account", *written)
        report = imported(services, "facts", path, skip_bad=True)
        stored = services.store.contact_knowledge.facts()

    assert (report.good, report.bad) == (50, 30)
    assert {key: said.facts["account"] for (_, key), said in stored.items()} == {
        f"wm-{number}": number % 2 == 1 for number in range(50)
    }
    assert (report.faults.count, len(report.faults.items)) == (30, 5)
    assert (report.unmatched.count, len(report.unmatched.items)) == (50, 5)


def test_a_longer_file_takes_hardly_more_memory(tmp_path: Path) -> None:
    """Some bytes stand for a line once the lists of the report are full."""

    def peak(services: Services, lines: int) -> int:
        path = tmp_path / f"{lines}.csv"
        with path.open("w", encoding="utf-8") as stream:
            stream.write("external_userid,manager,account\n")
            stream.writelines(f"wmSIM0AAAAcust{number:018d},wangwu,x\n" for number in range(lines // 4))
            stream.writelines(f"wmSIM0BBBBcust{number:018d},lisi,1\n" for number in range(lines * 3 // 4))
        tracemalloc.start()
        try:
            report = imported(services, "facts", path, dry_run=True)
            assert (report.bad, report.good) == (lines // 4, lines * 3 // 4)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with branch(tmp_path, tmp_path / "bot.db") as services:
        peak(services, 4000)
        short, long = peak(services, 4000), peak(services, 12_000)

    assert (long - short) / 8000 < 70


def test_how_old_the_newest_facts_are(tmp_path: Path, place: Path | str) -> None:
    """A file that says the same again makes them new: the bank has looked."""
    with branch(tmp_path, place) as services:
        path = file(tmp_path, "external_userid,account", f"{JIA},1")
        ages = [services.store.contact_knowledge.newest_facts()]
        for when in (NOW, NOW + timedelta(days=1)):
            services.clock = FakeTime(when)
            imported(services, "facts", path)
            ages.append(services.store.contact_knowledge.newest_facts())

    assert ages == [None, int(NOW.timestamp()), int(NOW.timestamp()) + 24 * 3600]


def test_what_is_known_already_is_not_written_again(tmp_path: Path, place: Path | str) -> None:
    header = "external_userid,manager,account"
    with branch(tmp_path, place) as services:
        stored = Facts(services.store.engine)
        imported(services, "facts", file(tmp_path, header, f"{JIA},lisi,1", "wm-yi,lisi,0", "wm-zi,,"))
        first = [row.number for row in stored.of_kind("external_userid")]
        imported(
            services,
            "facts",
            file(tmp_path, header, "wm-yi,lisi,0", f"{JIA},zhangsan,1", f"{JIA},zhangsan,1"),
        )
        changed = {row.number: row.words.manager for row in stored.of_kind("external_userid")}
        imported(services, "facts", file(tmp_path, "external_userid,account", f"{JIA},"))
        imported(services, "facts", file(tmp_path, header, "wm-yi,,"))
        left = [(row.key, row.words) for row in stored.of_kind("external_userid")]

    assert first == [1, 2]  # nothing is known of wm-zi, so there is no row
    assert changed == {2: "lisi", 3: "zhangsan"}
    assert left == [(JIA, ("zhangsan", "{}"))]


def test_a_second_import_of_facts_at_the_same_time_stores_nothing(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        now = services.store.now
        path = file(tmp_path, "external_userid,account", f"{JIA},1")
        with (
            FactsImport(services.store.engine, holder="another", now=now).open(),
            pytest.raises(ImportingError, match="imported by another process"),
        ):
            imported(services, "facts", path)

        assert services.store.contact_knowledge.facts() == {}
        assert services.store.audit.acts() == []


@pytest.mark.parametrize(
    ("better", "declared"),
    [
        pytest.param("", ("account", "manager"), id="only the number"),
        pytest.param("0", ("manager",), id="the bank says it by a better key, too"),
    ],
)
def test_what_is_known_by_a_number_that_the_employee_typed_is_marked(
    tmp_path: Path, place: Path | str, better: str, declared: tuple[str, ...]
) -> None:
    with branch(tmp_path, place, quotas=QUOTA + FACTS) as services:
        detail(services, "zhangsan", JIA, "2026-11-10T10:00", mobile_sha256=SHA)
        report = imported(services, "facts", file(tmp_path, "mobile_sha256,manager,account", f"{SHA},lisi,1"))
        other = imported(services, "facts", file(tmp_path, "external_userid,account", f"{JIA},{better}"))
        ((contact,),) = [one.contacts for one in explain(services, "zhangsan", at=NOW).quotas]

    assert (report.self_declared, other.self_declared) == (True, False)
    assert contact.self_declared == declared


def test_a_number_that_two_customers_have_is_ambiguous(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place) as services:
        tell(services, "lisi", "wm-yi", "2026-11-11T10:00")
        detail(services, "zhangsan", JIA, "2026-11-10T10:00", mobile_sha256=f"{SHA} {'0' * 64}")
        detail(services, "lisi", "wm-yi", "2026-11-11T10:00", mobile_sha256=SHA)
        report = imported(
            services, "facts", file(tmp_path, "mobile_sha256,account", f"{SHA},1", f"{'0' * 64},1")
        )

    assert [one.line for one in report.ambiguous.items] == [2]
    assert report.unmatched.count == 0


@pytest.mark.parametrize(
    ("what", "header", "line"),
    [
        pytest.param("absences", "userid,from,to,kind", "123,2026-11-02,2026-11-03,", id="absences"),
        pytest.param("facts", "unionid,manager", "u1,123", id="facts"),
        pytest.param("roster", "userid,department", "123,1", id="roster"),
    ],
)
def test_zeros_that_a_spreadsheet_dropped_are_a_fault_that_names_both(
    tmp_path: Path, what: str, header: str, line: str
) -> None:
    write_roster(tmp_path, "00123,员工甲,1,客户经理,,,,")
    with installation(write_config(tmp_path), FakeTime(NOW)) as services:
        path = file(tmp_path, header, line)
        lines = {**KINDS, "roster": RosterLines}[what](services, path)
        report = import_file(services, lines, path, by="人事", skip_bad=False, dry_run=False)

    ((number, _, why),) = said(report)
    assert (report.stored, number) == (False, 2)
    assert "differs from 00123 only by zeros at the beginning" in why
    assert [fault.value for fault in report.faults.items] == ['"123"']
