"""`quotabot export contact-keys`: what the bank needs to say facts of its customers, and its trace."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from builders.backups import write_config
from builders.config import ENVIRON
from builders.copy import live_a_day
from builders.e2e import Quotabot, change, command_here
from builders.imports import JIA, branch, detail, file, tell
from builders.spreadsheet import read_back

from bot.app.bootstrap import open_services
from bot.cli.export import TABLES
from bot.config import load
from bot.store.audit import Act

FIRST, SECOND = (hashlib.sha256(number).hexdigest() for number in (b"13800000001", b"13800000002"))


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    return command_here(capsys, monkeypatch)


def bank(folder: Path, place: Path | str) -> tuple[str, str]:
    """zhangsan's customer is known by everything, lisi's by the channel that the event told."""
    with branch(folder, place) as services:
        detail(
            services,
            "zhangsan",
            JIA,
            "2026-11-10T10:00:30",
            unionid="o6_Union",
            state="desk-1",
            mobile_sha256=f"{FIRST} {SECOND}",
        )
        detail(services, "zhangsan", JIA, "2026-10-01T10:00", unionid="of another add")
        tell(services, "lisi", "wm-yi", "2026-11-11T10:00", state="desk-7")
    return ("--config", str(folder / "config.toml"))


def test_every_contact_stands_with_each_key_it_has(
    tmp_path: Path, place: Path | str, quotabot: Quotabot
) -> None:
    done = quotabot("export", "contact-keys", *bank(tmp_path, place))
    known = {
        "external_userid": JIA,
        "unionid": "o6_Union",
        "state": "desk-1",
        "userid": "zhangsan",
        "added_at": "2026-11-10T10:00:00+08:00",
        "self_declared": "mobile_sha256",
    }

    assert done.code == 0
    assert list(csv.DictReader(io.StringIO(done.out))) == [
        {
            "external_userid": "wm-yi",
            "unionid": "",
            "mobile_sha256": "",
            "state": "desk-7",
            "userid": "lisi",
            "added_at": "2026-11-11T10:00:00+08:00",
            "self_declared": "",
        },
        *({**known, "mobile_sha256": mobile} for mobile in (FIRST, SECOND)),
    ]


def test_what_is_exported_can_be_imported_again_with_facts(
    tmp_path: Path, place: Path | str, quotabot: Quotabot
) -> None:
    config = bank(tmp_path, place)
    lines = list(csv.DictReader(io.StringIO(quotabot("export", "contact-keys", *config).out)))
    said = [f"{line['mobile_sha256']},1" for line in lines if line["unionid"]]
    facts = file(tmp_path, "mobile_sha256,account", *said)
    report = quotabot("import", "facts", str(facts), *config, "--format", "json").json()

    assert (report["good"], report["bad"], report["unmatched"]["count"]) == (2, 0, 0)


def test_the_other_forms_hold_the_same(tmp_path: Path, quotabot: Quotabot) -> None:
    config = bank(tmp_path, tmp_path / "bot.db")
    sheet = tmp_path / "keys.xlsx"
    told = quotabot("export", "contact-keys", "--format", "json", *config).json()["contact_keys"]
    quotabot("export", "contact-keys", "--format", "xlsx", "--output", str(sheet), *config)

    assert [line["external_userid"] for line in told] == ["wm-yi", JIA, JIA]
    (read,) = read_back(sheet.read_bytes())
    assert [read.cells[f"A{number}"][1] for number in (3, 4, 5)] == ["wm-yi", JIA, JIA]


def test_an_export_stands_in_the_audit_log(tmp_path: Path, quotabot: Quotabot) -> None:
    place = tmp_path / "bot.db"
    quotabot("export", "contact-keys", "--by", "人事", *bank(tmp_path, place))
    with branch(tmp_path, place) as services:
        acts: list[Act] = services.store.audit.acts()

    assert [(act.actor, act.act, act.subject) for act in acts] == [("人事", "export", "contact-keys")]
    assert acts[0].detail == '{"rows": 3, "format": "csv"}'


def test_status_says_whether_the_audit_log_is_whole(tmp_path: Path, quotabot: Quotabot) -> None:
    place = tmp_path / "bot.db"
    config = bank(tmp_path, place)
    for _ in range(3):
        quotabot("export", "contact-keys", "--by", "人事", *config)
    whole, shown = quotabot("status", "--format", "json", *config).json(), quotabot("status", *config).out
    with branch(tmp_path, place) as services:
        change(services, "UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    changed, then = quotabot("status", "--format", "json", *config).json(), quotabot("status", *config).out

    assert (whole["audit"], changed["audit"]) == ({"broken_at": None}, {"broken_at": 2})
    assert "审计链完整" in shown
    assert "第 2 条被改动或删除" in then


def test_any_table_of_the_store_goes_out_with_its_moments_as_times(
    tmp_path: Path, place: Path | str, quotabot: Quotabot
) -> None:
    done = quotabot("export", "adds", "relation_events", "--format", "json", *bank(tmp_path, place)).json()

    assert list(done) == ["adds", "relation_events"]
    assert done["adds"][0]["added_at"] == "2026-11-11T10:00:00+08:00"
    assert done["adds"][0]["ended_at"] is None
    assert [row["kind"] for row in done["relation_events"]] == ["added", "added"]


def test_every_table_can_be_exported_in_every_form(tmp_path: Path, quotabot: Quotabot) -> None:
    write_config(tmp_path, tmp_path / "bot.db")
    with open_services(load(tmp_path / "config.toml", environ=ENVIRON)) as services:
        live_a_day(services)
    config, folder = ("--config", str(tmp_path / "config.toml")), tmp_path / "out"
    folder.mkdir()
    told = quotabot("export", *TABLES, "--format", "json", *config).json()
    quotabot("export", *TABLES, "--output", str(folder), *config)
    quotabot("export", *TABLES, "--format", "xlsx", "--output", str(tmp_path / "x.xlsx"), *config)
    texts = {file.stem: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    sheets = read_back((tmp_path / "x.xlsx").read_bytes())

    assert set(texts) == set(TABLES)
    assert [sheet.cells["A1"][1] for sheet in sheets] == list(TABLES)
    for table in TABLES:
        lines = told[table.replace("-", "_")]
        assert lines, table
        added = len(TABLES) if table == "audit" else 0  # the first export stands in it
        assert len(list(csv.DictReader(io.StringIO(texts[table])))) == len(lines) + added
    assert "made-up-token" not in "".join(texts.values())


def test_several_tables_as_csv_are_files_in_a_folder(tmp_path: Path, quotabot: Quotabot) -> None:
    config = bank(tmp_path, tmp_path / "bot.db")
    refused = quotabot("export", "adds", "members", *config)
    (tmp_path / "out").mkdir()
    done = quotabot("export", "adds", "members", "--output", str(tmp_path / "out"), *config)

    assert refused.code == 2
    assert "请写一个文件夹" in refused.err
    assert done.code == 0, done.err
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["adds.csv", "members.csv"]
    assert (tmp_path / "out" / "adds.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("state", ["=1+1", "+86", "-x", "@SUM(A1)"])
def test_no_cell_of_a_csv_is_a_formula_and_an_import_reads_it_as_it_was(
    tmp_path: Path, quotabot: Quotabot, state: str
) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        tell(services, "lisi", "wm-yi", "2026-11-11T10:00", state=state)
    config = ("--config", str(tmp_path / "config.toml"))
    lines = csv.DictReader(io.StringIO(quotabot("export", "contact-keys", *config).out))
    line = next(one for one in lines if one["userid"] == "lisi")
    facts = file(tmp_path, "state,account", f"{line['state']},1")
    report = quotabot("import", "facts", str(facts), *config, "--format", "json").json()

    assert line["state"] == f"'{state}"
    assert (report["good"], report["unmatched"]["count"]) == (1, 0)
