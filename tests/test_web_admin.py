"""/admin: what the command line says, for administrators alone, and no act that it does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.delivery import give_up
from builders.e2e import FakeTime, at, change, command_here, outbox_rows, write_config
from builders.pages import by_hand, enter, plain, token_in, web, words
from builders.reviews import ROSTER, RULES, branch
from flask import Flask
from werkzeug.test import TestResponse

from bot.config import load
from bot.features.outages.gaps import take_as_complete
from bot.features.rules.changes import adopt
from bot.features.status.labels import span
from bot.locales import languages
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.store.audit import Audit
from bot.store.sync import WHOLE
from bot.web.pages import admin_view
from scheduler.jobs import JOBS

NOON = at("2026-11-24T12:00")
ADMIN = '[admins]\nuserids = ["boss"]\n'
PEOPLE = (*ROSTER, "boss,管理员,1,科技,,,,")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, when=NOON, more=ADMIN, roster=PEOPLE) as opened:
        yield opened


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    with web(services) as app:
        yield app


def page(app: Flask, services: Services, query: str = "") -> str:
    answer = enter(app, services, "boss").get(f"/admin{query}")
    assert answer.status_code == 200
    return plain(answer.text)


def section(text: str, name: str) -> str:
    found = re.search(rf'<section class="card" id="{name}".*?</section>', text, re.DOTALL)
    assert found, name
    return found[0]


def retry(app: Flask, services: Services, *idents: str) -> TestResponse:
    """Send the form with these ticked, and look at the page again."""
    client = enter(app, services, "boss")
    token = token_in(client.get("/admin").text)
    done = client.post("/admin/dead", data={"token": token, "id": list(idents)})
    assert (done.status_code, done.headers["Location"]) == (303, "../admin")
    return client.get("/admin")


# --- what the command line says ---


def test_the_page_has_every_line_of_status(
    app: Flask, services: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up(services, "a", at=NOON)
    services.store.marks.clear(WHOLE)
    shown = words(section(page(app, services), "status"))

    printed = command_here(capsys, monkeypatch)("status", "--config", str(services.config.file))
    lines = [" ".join(line.split()) for line in printed.out.splitlines()]

    assert len(lines) > 8
    assert [line for line in lines if line not in shown] == []


def test_the_head_counts_what_needs_a_person(app: Flask, services: Services) -> None:
    fine = page(app, services)
    give_up(services, "a", "b", at=NOON)

    assert "一切正常" in section(fine, "status")
    assert "有 2 处需要您看一眼" in section(page(app, services), "status")


def test_what_needs_a_person_is_marked_where_it_stands(app: Flask, services: Services) -> None:
    assert marked(page(app, services)) == []
    give_up(services, "a", at=NOON)
    services.store.marks.clear(WHOLE)

    assert marked(page(app, services)) == ["发件", "数据"]


def marked(text: str) -> list[str]:
    return re.findall(r"<dt><strong>([^<]+)</strong></dt>", section(text, "status"))


@pytest.mark.parametrize(
    ("seconds", "said"), [(45, "45 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (271_380, "3 d")]
)
def test_times_are_told_as_people_tell_them(seconds: int, said: str) -> None:
    assert span(seconds, texts_in("en")) == said


def test_the_page_in_english_begins_each_section_with_a_sentence(tmp_path: Path) -> None:
    more = f'{ADMIN}[locale]\nlanguage = "en"\n'
    with branch(tmp_path, when=NOON, more=more, roster=PEOPLE) as services, web(services) as app:
        shown = page(app, services, "?changes=1")

    said = re.findall(r"<(?:h\d|p)[^>]*>([^<]+)<", shown)
    assert len(said) > 8
    assert [text for text in said if text.strip()[:1].islower()] == []
    assert re.findall(r"\d\d:\d\d:\d\d\+|\w_\w", words(section(shown, "status"))) == []


@pytest.mark.parametrize("language", languages())
def test_no_line_begins_with_the_name_of_a_job_but_its_own(language: str) -> None:
    assert not {*texts_in(language).table("cli.status.labels").values()} & {*JOBS}


def test_nothing_is_tried_with_wecom(app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*_arguments: object, **_options: object) -> None:
        raise AssertionError("the page calls")

    monkeypatch.setattr("requests.Session.send", called)

    assert "quotabot check --live" in page(app, services)


def test_the_warnings_of_the_file_and_the_next_step_are_said(tmp_path: Path) -> None:
    shadow = (
        f'{ADMIN}[rollout]\nmode = "shadow"\n[schedule]\nprogress = {{ at = "09:00", on = "workdays" }}\n'
    )
    with branch(tmp_path, when=NOON, more=shadow, roster=PEOPLE) as services, web(services) as app:
        shown = words(section(page(app, services), "check"))

    assert "还不到改为 pilot 的时候" in shown
    assert "schedule.progress" in shown


# --- dead letters ---


def test_a_dead_letter_is_retried_as_by_the_command(app: Flask, services: Services) -> None:
    give_up(services, "a", "b", at=NOON)
    shown = section(page(app, services), "dead")

    after = plain(retry(app, services, "message:a").text)

    assert re.findall(r'name="id" value="([^"]+)"', shown) == ["message:a", "message:b"]
    assert "progress，发给 zhang" in words(shown)
    assert [row["state"] for row in outbox_rows(services)] == ["pending", "failed"]
    assert "1 条等待下一次重试" in after
    assert "message:a：等待下一次重试" in after
    assert re.findall(r'name="id" value="([^"]+)"', after) == ["message:b"]


@pytest.mark.parametrize("ident", ["message:none", "event:7", "event:x", "event:99999999999999999999", ""])
def test_what_is_no_dead_letter_is_said_and_changes_nothing(
    app: Flask, services: Services, ident: str
) -> None:
    give_up(services, "a", at=NOON)

    after = retry(app, services, ident).text

    assert f"{ident}：没有这一条" in after
    assert [row["state"] for row in outbox_rows(services)] == ["failed"]


def test_a_retry_is_an_entry_of_the_audit_log(app: Flask, services: Services) -> None:
    give_up(services, "a", "b", at=NOON)

    retry(app, services, "message:a", "message:none")

    acts = [(act.actor, act.act, act.subject) for act in services.store.audit.acts()]
    assert acts == [("boss", "retry", "message:a")]


def test_an_empty_form_does_nothing(app: Flask, services: Services) -> None:
    give_up(services, "a", at=NOON)

    assert "没有勾选任何一条" in retry(app, services).text
    assert [row["state"] for row in outbox_rows(services)] == ["failed"]


@pytest.mark.parametrize("userid", ["zhang", "team", "head"])
def test_nobody_else_retries(app: Flask, services: Services, userid: str) -> None:
    give_up(services, "a", at=NOON)

    done = by_hand(app, services, userid, "/admin/dead", id="message:a")

    assert done.status_code == 403
    assert [row["state"] for row in outbox_rows(services)] == ["failed"]


def test_messages_that_were_not_sent_are_counted_by_reason(app: Flask, services: Services) -> None:
    give_up(services, "a", "b", at=NOON, error="81013")
    give_up(services, "c", at=NOON, error="<b>60020</b>")

    rows = re.findall(
        r'<th scope=row>(.*?)</th><td class="number">(\d+)</td>', section(page(app, services), "dead")
    )

    assert rows == [("81013", "2"), ("＜b＞60020＜/b＞", "1")]


def test_many_letters_have_pages(app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_view, "A_PAGE", 2)
    give_up(services, *(f"m{n}" for n in range(5)), at=NOON)

    last = section(page(app, services, "?dead=99"), "dead")

    assert re.findall(r'name="id" value="([^"]+)"', last) == ["message:m4"]
    assert 'href="admin?dead=2#dead"' in last


# --- rules ---


def test_the_rules_in_force_are_said_with_their_period(app: Flask, services: Services) -> None:
    shown = words(section(page(app, services), "rules"))

    assert "cm-monthly · 2026-11 · 目标 50" in shown
    assert "2026-11-01 – 2026-11-30" in shown
    assert "7 天" in shown


def test_a_changed_file_is_compared_only_when_asked_for(app: Flask, services: Services) -> None:
    adopt(services, [], by="test", now=0, at=NOON)  # the first version is recorded
    same = section(page(app, services, "?changes=1"), "rules")
    changed = write_config(services.config.file.parent, quotas=RULES.replace("50", "60"), more=ADMIN)
    services.use(load(changed, environ={}), services.directory)
    before = section(page(app, services), "rules")
    after = words(section(page(app, services, "?changes=1"), "rules"))

    assert "配置没有改变什么" in same
    assert 'href="admin?changes=1#changes"' in before
    assert "目标：50 → 60" in after
    assert "从 2026-12 开始" in after


# --- the audit log ---


def test_the_audit_log_is_shown_newest_first_in_pages(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_view, "A_PAGE", 2)
    for n in range(1, 6):
        take_as_complete(services, by=f"HR {n}", reason="名单读不到")

    first, last = (section(page(app, services, f"?audit={number}"), "audit") for number in (1, 3))

    assert "reason: 名单读不到" in first
    assert re.findall(r"<td class=\"nowrap\">(HR \d)</td>", first) == ["HR 5", "HR 4"]
    assert re.findall(r"<td class=\"nowrap\">(HR \d)</td>", last) == ["HR 1"]
    assert "第 3 页，共 3 页" in last
    assert texts_in("zh-CN")["audit.whole"] in first


def test_the_file_is_read_as_it_stands_now(app: Flask, services: Services) -> None:
    adopt(services, [], by="test", now=0, at=NOON)  # the first version is recorded
    folder = services.config.file.parent
    write_config(folder, quotas=RULES.replace("50", "60"), more=ADMIN)  # and nobody told the service
    changed = words(section(page(app, services, "?changes=1"), "rules"))
    write_config(folder, quotas=RULES.replace("50", '"many"'), more=ADMIN)
    faulty = words(section(page(app, services, "?changes=1"), "rules"))

    assert "目标：50 → 60" in changed
    assert "配置文件现在有错，服务仍按上次读到的运行" in faulty
    assert "target" in faulty
    assert services.config.core_quotas()[0].target == 50


def test_the_chain_is_verified_once_a_day_or_when_asked(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[int] = []
    broken_at = Audit.broken_at
    monkeypatch.setattr(Audit, "broken_at", lambda audit: verified.append(1) or broken_at(audit))
    take_as_complete(services, by="HR", reason="名单读不到")

    first, second = page(app, services), page(app, services)
    opened = len(verified)
    take_as_complete(services, by="HR", reason="名单读不到")
    pressed = by_hand(app, services, "boss", "/admin/audit")
    after = page(app, services)
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.pass_(24 * 3600)
    page(app, services)

    assert (opened, len(verified)) == (1, 3)
    assert "11-24 周二 12:00 核对到第 1 条" in words(section(first, "audit"))
    assert words(section(first, "audit")) == words(section(second, "audit"))
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "../admin")
    assert "核对到第 2 条" in words(section(after, "audit"))


def test_a_broken_chain_is_said_aloud(app: Flask, services: Services) -> None:
    take_as_complete(services, by="HR", reason="名单读不到")
    change(services, "UPDATE audit SET actor = 'nobody'")

    shown = section(page(app, services), "audit")

    assert 'class="alert"' in shown
    assert "有 1 处需要您看一眼" in page(app, services)
