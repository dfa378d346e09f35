"""`quotabot export contact-keys`: what the bank needs to say facts of its customers, and its trace."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from builders.e2e import Quotabot, change, command_here
from builders.imports import JIA, branch, detail, file, tell
from builders.spreadsheet import read_back

from bot.store.audit import Act

FIRST, SECOND = (hashlib.sha256(number).hexdigest() for number in (b"13800000001", b"13800000002"))


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
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
