"""An erased customer is found nowhere, and no figure changes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest
from builders.backups import use_programs, write_config
from builders.config import ENVIRON
from builders.copy import EVENT_AT, Quotabot, command_here, put_events
from builders.sync import desk
from psycopg import sql

from bot.app.bootstrap import begin_record, open_services
from bot.config import load
from bot.features.ledger.replay import recount
from bot.features.privacy.erase import UnknownCustomerError, erase
from bot.services import Services
from bot.store.customers import CustomerName
from bot.store.details import ContactRead
from bot.store.erasures import is_pseudonym
from bot.store.reviews import Opening, ReviewKind
from bot.store.store import Store
from handlers.inbox import work_off

WHO, OTHER = "wmErasable00000000000000000000001", "wmOther0000000000000000000000002"
UNION, MOBILE, NAME, REMARK = "o6_Erasable_Union", "ab" * 32, "向阳花客户", "到店的向阳花"
NEEDLES = (WHO, UNION, MOBILE, NAME, REMARK)
PROGRESS = ("progress", "--at", "2026-11-24T18:00", "--format", "json")


def event(customer: str, *, userid: str, change: str = "add_external_contact", at: int = EVENT_AT) -> bytes:
    return (
        "<xml><ToUserName>ww0123456789abcdef</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>{change}</ChangeType>"
        f"<UserID>{userid}</UserID><ExternalUserID>{customer}</ExternalUserID></xml>"
    ).encode()


def word(text: str, *, userid: str) -> bytes:
    return (
        f"<xml><ToUserName>ww0123456789abcdef</ToUserName><FromUserName>{userid}</FromUserName>"
        f"<CreateTime>{EVENT_AT}</CreateTime><MsgType>text</MsgType><Content>{text}</Content>"
        "<MsgId>7349000000000000009</MsgId><AgentID>1000002</AgentID></xml>"
    ).encode()


def read(userid: str, customer: str, **more: object) -> ContactRead:
    values = {"unionid": UNION, "mobiles_sha256": (MOBILE,)} | more
    return ContactRead(
        userid=userid,
        external_userid=customer,
        createtime=EVENT_AT,
        customer_type=1,
        add_way=1,
        **values,  # type: ignore[arg-type]
    )


def live(services: Services) -> None:
    """Two employees have the customer, and every table that may name them does."""
    store = services.store
    begin_record(services, now=services.clock.now())
    events = [event(WHO, userid="sales01"), event(WHO, userid="sales02", at=EVENT_AT + 90)]
    put_events(store, [*events, event(OTHER, userid="sales01"), word(f"申诉 {NAME}", userid="sales01")])
    work_off(services)
    names = [CustomerName(userid="sales01", external_userid=WHO, name=NAME, remark=REMARK)]
    with store.transaction():
        store.details.put([read("sales01", WHO), read("sales02", WHO)], read_at=EVENT_AT)
        store.details.put([read("sales01", OTHER, unionid="o6_other", mobiles_sha256=())], read_at=EVENT_AT)
        store.customer_names.put(names, read_at=EVENT_AT, since=0)
        key = ("sales01", WHO, EVENT_AT)
        about = {"quota": "cm-monthly", "period": "2026-11", "contact": key, "opened_at": EVENT_AT}
        store.reviews.open([Opening(kind=ReviewKind.APPEAL, text=f"{NAME} is real", **about)])
        store.audit.add(at=1, actor="甲", act="note", subject="x", detail={"reason": f"{NAME}, {WHO}"})
        store.audit.add(at=2, actor="甲", act="note", subject="y", detail={})
    for number, statement in enumerate(FILLED):
        store.engine.learn(f"-- name: live_{number}()!\n{statement};")
        store.engine.run(f"live_{number}")
    store.marks.put("facts_upto", "3")


_FACT = "INSERT INTO facts (number, key_kind, key, manager, said) VALUES"
FILLED = (
    f"{_FACT} (1, 'unionid', '{UNION}', NULL, '{{\"account\": \"1\"}}')",
    f"{_FACT} (2, 'external_userid', '{WHO}', 'sales01', '{{}}')",
    f"{_FACT} (3, 'mobile_sha256', '{MOBILE}', NULL, '{{\"b\": \"0\"}}')",
    f"INSERT INTO sync_listed VALUES ('sales01', '{WHO}', 1, 1, 1, '', '{WHO}', '[]', '{UNION}', '{MOBILE}')",
    f"INSERT INTO sync_losses VALUES ('sales01', '{WHO}', 5, 1)",
    f"INSERT INTO lists_shown VALUES ('sales01', 1, '{WHO}', 5)",
    f"INSERT INTO withheld VALUES ('question:{WHO}', 'question', 'sales01', '2026-11-23', 'm', 5)",
    f"""INSERT INTO findings (kind, userid, subject, on_day, concerned, evidence, asked_at, answer)
        VALUES ('shared', 'sales01', '{WHO}', '2026-11-23', '[["sales01", "{WHO}", {EVENT_AT}]]', '{{}}', 1,
                '{NAME}')""",
    f"""INSERT INTO outbox (key, job, to_userid, lane, msgtype, content, created_at, not_before, expires_at,
                            forms, private)
        VALUES ('a:1', 'answer', 'sales01', 0, 'template_card', 'x', 1, 1, 1, '{{"n": "{NAME}"}}', 1)""",
    f"INSERT INTO outbox_keys VALUES ('question:{WHO}')",
)
EXPORTED = (
    *(
        "contact-keys",
        "adds",
        "relation_events",
        "details",
        "facts",
        "reviews",
        "findings",
        "audit",
        "outbox",
    ),
)


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    use_programs(monkeypatch)
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path, place: Path | str) -> Path:
    return write_config(tmp_path, place, more="[privacy]\nstore_customer_names = true\n")


@pytest.fixture
def services(config: Path) -> Iterator[Services]:
    with open_services(load(config, environ=ENVIRON)) as opened:
        live(opened)
        yield opened


def everything(place: Path | str) -> str:
    """Every cell of every table, as text; bytes as they are."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            rows = [row for (name,) in names for row in connection.execute(f"SELECT * FROM {name}")]
    else:
        with psycopg.connect(place) as connection:
            names = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            asked = [sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)) for (name,) in names]
            rows = [row for one in asked for row in connection.execute(one)]
    cells = [
        bytes(cell).decode(errors="replace") if isinstance(cell, bytes) else str(cell)
        for row in rows
        for cell in row
    ]
    return "\n".join(cells)


def found_in(text: str) -> list[str]:
    return [needle for needle in NEEDLES if needle in text]


def test_nothing_of_the_customer_is_left_in_any_table_file_export_backup_or_log(
    quotabot: Quotabot, services: Services, config: Path, tmp_path: Path, place: Path | str
) -> None:
    told = ("--config", str(config))
    assert found_in(everything(place)) == list(NEEDLES)
    done = quotabot("erase", WHO, "--by", "数据保护", "--format", "json", *told)
    report = json.loads(done.out)
    exported = quotabot("export", *EXPORTED, "--format", "json", *told)
    backed = quotabot("backup", str(tmp_path / "kept"), *told)

    assert (done.code, exported.code, backed.code) == (0, 0, 0), done.err
    assert report == {"relations": 2, "clean": True, "left": [], "older_backups": 0}
    assert found_in(everything(place)) == []
    assert found_in(exported.out) == []
    assert found_in(done.err) == []
    if isinstance(place, Path):
        files = [place, place.with_name(f"{place.name}-wal"), tmp_path / "kept"]
        assert [found_in(file.read_bytes().decode("utf-8", "replace")) for file in files] == [[], [], []]


def test_every_figure_stays_as_it_was(quotabot: Quotabot, services: Services, config: Path) -> None:
    told = ("--config", str(config))
    before = quotabot(*PROGRESS, *told).out
    erase(services.store, WHO, by="李", at=EVENT_AT)

    assert json.loads(before)["rows"]
    assert quotabot(*PROGRESS, *told).out == before
    assert [one for stage in recount(services, mend=False) for one in stage.differences] == []


def test_both_employees_keep_the_same_pseudonym_which_is_random(services: Services) -> None:
    store = services.store
    erase(services.store, WHO, by="李", at=EVENT_AT)
    relations = [external for _, external in store.ledger.relations() if external != OTHER]

    assert len(relations) == 2
    assert len(set(relations)) == 1
    assert is_pseudonym(relations[0])


def test_what_the_bank_says_still_counts(services: Services) -> None:
    erase(services.store, WHO, by="李", at=EVENT_AT)
    facts = services.store.contact_knowledge.facts()
    ((kind, key),) = facts

    assert kind == "external_userid"
    assert is_pseudonym(key)
    assert facts[kind, key].manager == "sales01"
    assert facts[kind, key].facts == {"account": True, "b": False}


def test_the_audit_log_says_who_and_not_whom_and_its_chain_is_whole(services: Services) -> None:
    erase(services.store, WHO, by="李", at=EVENT_AT)
    acts = services.store.audit.acts()

    assert services.store.audit.broken_at() is None
    assert (acts[-1].actor, acts[-1].act, acts[-1].subject) == ("李", "erase", "customer")
    assert found_in(str([asdict(act) for act in acts])) == []


def test_a_rewritten_entry_cannot_be_rewritten_again_quietly(services: Services) -> None:
    erase(services.store, WHO, by="李", at=EVENT_AT)
    services.store.engine.learn("-- name: forge()!\nUPDATE audit SET detail = '{}' WHERE seq = 1;")
    services.store.engine.run("forge")

    assert services.store.audit.broken_at() == 1


def test_later_callbacks_about_the_contact_leave_no_trace(
    services: Services, place: Path | str, quotabot: Quotabot, config: Path
) -> None:
    told = ("--config", str(config))
    before = quotabot(*PROGRESS, *told).out
    erase(services.store, WHO, by="李", at=EVENT_AT)
    later = [
        event(WHO, userid="sales01", change="del_follow_user", at=EVENT_AT + 200),
        event(WHO, userid="SALES02", at=EVENT_AT + 300),
        event(WHO, userid="sales02", change="edit_external_contact", at=EVENT_AT + 400),
    ]
    put_events(services.store, later)
    work_off(services)

    assert quotabot(*PROGRESS, *told).out == before
    assert found_in(everything(place)) == []
    put_events(services.store, later)  # the same once more: their hashes are known
    assert services.store.inbox.depth(now=EVENT_AT).pending == 0


def test_a_contact_with_another_employee_is_a_new_customer(services: Services) -> None:
    erase(services.store, WHO, by="李", at=EVENT_AT)
    put_events(services.store, [event(WHO, userid="sales03", at=EVENT_AT + 500)])
    work_off(services)

    assert ("sales03", WHO) in services.store.ledger.relations()


def test_a_changed_userid_keeps_the_marks(services: Services) -> None:
    erase(services.store, WHO, by="李", at=EVENT_AT)
    store = services.store
    with store.transaction():
        store.renames.put("sales01", "sales09", at=1, by="x")
        store.renames.move("sales01", "sales09")

    assert store.erasures.is_erased("sales09", WHO)
    assert store.erasures.is_erased("sales01", WHO)
    assert not store.erasures.is_erased("sales09", OTHER)


def test_a_customer_of_whom_nothing_is_stored_is_said_so(
    services: Services, quotabot: Quotabot, config: Path
) -> None:
    with pytest.raises(UnknownCustomerError):
        erase(services.store, "wmNobody", by="李", at=EVENT_AT)
    done = quotabot("erase", "wmNobody", "--config", str(config))

    assert done.code == 1
    assert done.err.strip() == "没有保存过这位客户的任何数据"


@pytest.mark.parametrize("part", ["", " ", "w", "wm", WHO[:-1], "sales01", "account", "."])
def test_a_part_of_an_id_is_no_customer_and_changes_nothing(
    services: Services, quotabot: Quotabot, config: Path, place: Path | str, part: str
) -> None:
    quotabot("erase", "wmNobody", "--config", str(config))  # works off what came in
    before = everything(place)
    done = quotabot("erase", part, "--config", str(config))

    assert (done.code, done.err.strip()) == (1, "没有保存过这位客户的任何数据")
    assert everything(place) == before


def test_a_customer_known_only_by_a_text_is_erased(services: Services, place: Path | str) -> None:
    stranger = "wmStranger0000000000000000000003"
    with services.store.transaction():
        services.store.audit.add(at=3, actor="甲", act="note", subject="z", detail={"reason": stranger})
    put_events(services.store, [event(stranger, userid="sales01", change="msg_audit_approved")])
    erase(services.store, stranger, by="李", at=EVENT_AT)

    assert stranger not in everything(place)


def test_a_comparison_that_lists_the_customer_again_adds_and_loses_nothing(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        customer = one.happen("add", when="2026-11-20T10:00")
        one.sync()
        before = len(one.living())
        with one.services.store.transaction():
            one.services.store.details.want("yg01", customer, now=0)
        erase(one.services.store, customer, by="李", at=EVENT_AT)
        one.next_night()
        run = one.sync()

        assert one.report_totals(run) == {}
        assert len(one.living()) == before
        assert customer not in everything(tmp_path / "quotabot.db")
        assert one.services.store.details.wish("yg01", customer) is None


def test_facts_of_an_erased_customer_are_passed_over(
    tmp_path: Path, quotabot: Quotabot, place: Path | str, services: Services, config: Path
) -> None:
    erase(services.store, WHO, by="李", at=EVENT_AT)
    for key, kind in ((WHO, "external_userid"), (UNION, "unionid")):
        file = tmp_path / f"{kind}.csv"
        file.write_text(f"{kind},account\n{key},1\n{kind}-of-another,1\n", encoding="utf-8")
        assert quotabot("import", "facts", str(file), "--config", str(config)).code == 0

    assert found_in(everything(place)) == []
    assert {key for _, key in services.store.contact_knowledge.facts()} > {"unionid-of-another"}


def test_a_restore_erases_again_who_was_erased_since(
    quotabot: Quotabot, services: Services, config: Path, tmp_path: Path, place: Path | str
) -> None:
    told, kept = ("--config", str(config)), tmp_path / "kept"
    services.store.erasures.any()
    quotabot("backup", str(kept), *told)
    erase(services.store, WHO, by="李", at=EVENT_AT)
    services.store.close()
    done = quotabot("restore", str(kept), "--replace", "--format", "json", *told)

    assert done.code == 0, done.err
    assert json.loads(done.out)["erased_again"] == 1
    assert found_in(everything(place)) == []


def test_looking_into_the_file_keeps_its_locks(tmp_path: Path) -> None:
    """Closing the file would end the locks of this process: another one would remove the log as the last."""
    where = tmp_path / "bot.db"
    visit = (
        f"import sqlite3; c = sqlite3.connect({str(where)!r}); c.execute('SELECT * FROM marks'); c.close()"
    )
    with closing(Store(where)) as store:
        put_events(store, [event(WHO, userid="sales01")])
        store.engine._holds_any([b"x" * 40])  # type: ignore[attr-defined]
        subprocess.run([sys.executable, "-c", visit], check=True)

        assert where.with_name("bot.db-wal").exists()
        store.engine.check()
