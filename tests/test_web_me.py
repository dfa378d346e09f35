"""/me: what the chat says, as a page; its forms do what the chat's commands do, and nothing about others."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from builders.chat import say
from builders.e2e import QUOTA, FakeTime, add_customers, at, outbox_rows
from builders.pages import enter, plain, token_in, web, words
from builders.reviews import BURST_ID, BURST_RULE, ROSTER, TUESDAY, branch, burst, lost_contact, morning
from builders.stores import kept_contacts
from builders.work import counted_work
from flask import Flask
from werkzeug.test import TestResponse

from bot.core.engagement import ChatFigures
from bot.features.close import proof, results
from bot.features.reviews.decide import CaseDecision, decide, find
from bot.features.standings import figures
from bot.features.standings.figures import keep_figures
from bot.features.standings.load import load_standings_of
from bot.features.statements.proof import issue, statement_of
from bot.services import Services
from bot.store.customers import CustomerName
from bot.store.known_people import KnownPeople
from bot.store.preferences import Way
from bot.store.sync import WHOLE
from bot.web.pages import me_view
from scheduler.jobs import PREPARES

NOON = at("2026-11-24T12:00")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, when=NOON, more="") as opened:
        yield opened


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    with web(services) as app:
        yield app


def page(app: Flask, services: Services, userid: str = "zhang", query: str = "") -> str:
    answer = enter(app, services, userid).get(f"/me{query}")
    assert answer.status_code == 200
    return plain(answer.text)


def post(app: Flask, services: Services, path: str, *, userid: str = "zhang", **form: str) -> TestResponse:
    """Send a form of the page, and look at the page again."""
    client = enter(app, services, userid)
    token = token_in(client.get("/me").text)
    done = client.post(f"/me/{path}", data={"token": token, **form})
    assert (done.status_code, done.headers["Location"]) == (303, "../me")
    return client.get("/me")


def notice(answer: TestResponse) -> str:
    """What the page says came of the form."""
    found = re.search(r'<section class="said".*?</section>', answer.text, re.DOTALL)
    return words(found[0]) if found else ""


def contact(text: str, customer: str) -> str:
    """The item of one contact."""
    found = re.search(rf'<li id="contact-{customer}">.*?</li>', text, re.DOTALL)
    assert found, customer
    return words(found[0])


# --- figures ---


def test_the_page_begins_with_the_words_of_the_chat(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-03T10:00"), at("2026-11-24T10:00"))

    said = say(services, "zhang", "进度")
    shown = page(app, services)

    assert f'<h1 class="lead" id="today">{said[0]}</h1>' in shown
    assert [line for line in said[1:-2] if line not in words(shown)] == []  # but for the code and the moment


def test_the_period_is_a_line_beside_the_even_pace_with_a_table(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-03T10:00"), at("2026-11-24T10:00"))

    shown = page(app, services)
    data = json.loads(unescape(re.search(r'data-chart="([^"]*)"', shown)[1]))  # type: ignore[index]  # or fail
    lines = {one["name"]: one["values"] for one in data["series"]}

    assert len(data["x"]) == 30
    assert lines["匀速"][-1] == 50
    assert lines["已计入"][22:25] == [1, 1, None]
    assert lines["含待确认"][22:25] == [1, 2, None]
    rows = re.findall(r"<tr><th scope=row>(11-\d\d)</th>(.*?)</tr>", shown)
    assert (len(rows), rows[23][0], words(rows[23][1]).split()[1:]) == (24, "11-24", ["1", "2", "0"])
    assert shown.index("data-chart") < shown.index("<details>") < shown.index("<table>")


def test_without_the_whole_record_the_page_says_so_and_gives_no_rank(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-24T10:00"))
    services.store.marks.clear(WHOLE)

    shown = page(app, services)

    assert '<h1 class="lead" id="today">客户名单还没有核对完，数字可能偏低</h1>' in shown
    assert 'id="rank"' not in shown


def test_a_leader_without_a_quota_reads_so(app: Flask, services: Services) -> None:
    shown = page(app, services, "team")

    assert "您目前没有指标，不用加也够" in shown
    assert 'id="contacts"' not in shown
    assert 'id="wishes"' in shown


def test_before_their_turn_people_get_no_figures_but_may_mute(tmp_path: Path) -> None:
    with branch(tmp_path, when=NOON, more='[rollout]\nmode = "shadow"\n') as services, web(services) as app:
        add_customers(services, "zhang", at("2026-11-24T10:00"))
        shown = page(app, services)
        muted = post(app, services, "mute", today="1")

    assert "这里还在试运行" in shown
    assert [part for part in ("data-chart", 'id="contacts"', 'id="rank"') if part in shown] == []
    assert "静音到" in plain(muted.text)


# --- contacts and appeals ---


def test_a_pending_contact_has_the_day_on_which_it_counts(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-24T10:00"))
    (customer,) = _customers(services, "zhang")

    item = contact(page(app, services), customer)

    assert "12-01 周二 计入" in item
    assert "到 12-01 10:00 满 7 天，届时计入" in item


def _customers(services: Services, userid: str) -> list[str]:
    found = kept_contacts(services.store)
    return [one.add.external_userid for one in found.get(userid, ())]


def test_a_rejected_contact_has_its_reason_and_can_be_appealed_from_the_page(
    app: Flask, services: Services
) -> None:
    lost_contact(services)
    before = page(app, services)

    after = post(app, services, "appeal", customer="wm-lost", text="柜台误删，客户已加回", period="")

    assert "不计入" in contact(before, "wm-lost")
    assert "不满 7 天" in contact(before, "wm-lost")
    assert "不对？申诉" in contact(before, "wm-lost")
    assert notice(after).startswith("申诉收到了：…lost")
    assert "申诉 1：复核中" in contact(after.text, "wm-lost")
    assert "不对？申诉" not in contact(after.text, "wm-lost")
    (review,) = services.store.reviews.all_open()
    assert (review.contact[:2], review.text) == (("zhang", "wm-lost"), "柜台误删，客户已加回")


def test_a_decision_is_shown_with_its_author_and_reason(app: Flask, services: Services) -> None:
    lost_contact(services)
    post(app, services, "appeal", customer="wm-lost", text="误删")
    decide(services, "appeal:1", CaseDecision(accept=False, by="head", reason="没有记录"), at=NOON)

    assert "申诉未通过，主管乙：没有记录" in contact(page(app, services), "wm-lost")


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"customer": "wm-lost", "text": "  "}, id="without a reason"),
        pytest.param({"customer": "wm-none", "text": "误删"}, id="a customer of nobody"),
        pytest.param({"text": "误删"}, id="without a customer"),
    ],
)
def test_an_appeal_that_says_too_little_opens_nothing(
    app: Flask, services: Services, form: dict[str, str]
) -> None:
    lost_contact(services)

    after = post(app, services, "appeal", **form)

    assert notice(after)
    assert services.store.reviews.all_open() == []


def test_nobody_appeals_about_the_contact_of_a_colleague(app: Flask, services: Services) -> None:
    lost_contact(services)

    post(app, services, "appeal", userid="li", customer="wm-lost", text="是我的")

    assert services.store.reviews.all_open() == []
    assert "wm-lost" not in page(app, services, "li")


# --- questions ---


@pytest.fixture
def questioned(tmp_path: Path) -> Iterator[tuple[Flask, Services]]:
    """zhang was asked about a burst this morning, and li about another one."""
    with branch(tmp_path) as services:
        burst(services)
        burst(services, "li")
        morning(services, TUESDAY)
        with web(services) as app:
            yield app, services


def questions_in(text: str) -> list[str]:
    return re.findall(r'name="question" value="([^"]+)"', text)


def test_a_question_is_put_in_the_words_of_the_message(questioned: tuple[Flask, Services]) -> None:
    app, services = questioned
    shown = page(app, services)

    assert questions_in(shown) == [BURST_ID]
    assert "11-23 10:02–10:09 有 16 位新增，是不是有活动？" in words(shown)
    assert "11-27 周五 18:00 前说一句就够" in words(shown)
    assert "这只是提问" in words(shown)


def test_an_answer_on_the_page_is_one_of_the_chat(questioned: tuple[Flask, Services]) -> None:
    app, services = questioned

    after = post(app, services, "answer", question=BURST_ID, text="  那天\n支行有活动 ")
    case = find(services, BURST_ID, at=TUESDAY)
    again = post(app, services, "answer", question=BURST_ID, text="再说一次")

    assert (case.said, case.reviewers) == ("那天 支行有活动", ("head",))
    assert notice(after) == " ".join(say(services, "li", "回答 那天支行有活动")[:-1])
    assert questions_in(after.text) == []
    assert "现在没有等您回答的问题" in notice(again)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"question": "finding:burst:li:2026-11-23", "text": "替他说"}, id="a colleague's"),
        pytest.param({"question": BURST_ID, "text": " "}, id="without words"),
        pytest.param({"text": "哪个？"}, id="without a question"),
    ],
)
def test_nothing_else_is_answered(questioned: tuple[Flask, Services], form: dict[str, str]) -> None:
    app, services = questioned

    after = post(app, services, "answer", **form)

    assert notice(after)
    assert [finding.answered_at for finding in services.store.findings.open()] == [None, None]


def test_before_their_turn_nobody_answers(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        morning(services, TUESDAY)
    with branch(tmp_path, more=f'{BURST_RULE}[rollout]\nmode = "shadow"\n') as services, web(services) as app:
        shown = page(app, services)
        after = post(app, services, "answer", question=BURST_ID, text="那天有活动")

        assert questions_in(shown) == []
        assert "这里还在试运行" in notice(after)
        assert [finding.answered_at for finding in services.store.findings.open()] == [None]


def test_customers_have_names_for_their_own_employee_only(tmp_path: Path) -> None:
    keeps = "[privacy]\nstore_customer_names = true\n"
    with branch(tmp_path, when=NOON, more=keeps) as services, web(services) as app:
        lost_contact(services)
        name = CustomerName(userid="zhang", external_userid="wm-lost", name="李经理", remark="")
        with services.store.transaction():
            services.store.customer_names.put([name], read_at=1, since=0)
        own, other = page(app, services), page(app, services, "team")

    assert "「李经理」…lost" in contact(own, "wm-lost")
    assert "李经理" not in other


# --- rank ---


@pytest.fixture
def ranked(tmp_path: Path) -> Iterator[tuple[Flask, Services]]:
    people = [f"p{number},员工{number},11,客户经理,,,," for number in range(6)]
    with branch(tmp_path, when=NOON, more="", quotas=QUOTA, roster=(*ROSTER, *people)) as services:
        for number in range(6):
            moments = [at(f"2026-11-{3 + day:02}T10:00") for day in range(number + 1)]
            add_customers(services, f"p{number}", *moments)
        with web(services) as app:
            yield app, services


def test_the_own_rank_has_neighbours_without_names(ranked: tuple[Flask, Services]) -> None:
    app, services = ranked
    shown = words(page(app, services, "p3"))

    assert "第 3 名，共 8 人" in shown
    assert "前面一位：5/50" in shown
    assert "后面一位：3/50" in shown
    assert [f"员工{number}" for number in (0, 1, 2, 4, 5) if f"员工{number}" in shown] == []


def test_neighbours_are_told_quota_by_quota(tmp_path: Path) -> None:
    second = QUOTA.replace("cm-monthly", "vip").replace("target = 50", "target = 10")
    people = [f"p{n},员工{n},11,客户经理,,,," for n in range(6)]
    with branch(tmp_path, when=NOON, more="", quotas=QUOTA + second, roster=(*ROSTER, *people)) as services:
        for number in range(6):
            moments = [at(f"2026-11-{3 + day:02}T10:00") for day in range(number + 1)]
            add_customers(services, f"p{number}", *moments)
        with web(services) as app:
            shown = words(page(app, services, "p3"))

    assert "前面一位：cm-monthly · 本月 5/50" in shown
    assert "前面一位：vip · 本月 5/10" in shown


def test_among_many_the_rank_is_computed_when_it_is_asked_for(
    ranked: tuple[Flask, Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, services = ranked
    monkeypatch.setattr(me_view, "QUICK_PLACES", 3)

    before, asked = page(app, services, "p3"), page(app, services, "p3", "?rank=1")

    assert ("查看名次" in before, "第 3 名" in before) == (True, False)
    assert ("查看名次" in asked, "第 3 名" in asked) == (False, True)


@pytest.mark.parametrize("scope", ["all", "department"])
def test_in_a_large_bank_nobody_is_looked_through_for_a_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    def looked(_people: object) -> None:
        raise AssertionError("everybody was read")

    quota = f'{QUOTA}reward = {{ top = [5], scope = "{scope}" }}\n'
    with branch(tmp_path, when=NOON, more="", quotas=quota) as services, web(services) as app:
        add_customers(services, "zhang", at("2026-11-24T10:00"))
        monkeypatch.setattr(me_view, "QUICK_PLACES", 3)
        with monkeypatch.context() as patch:
            patch.setattr(KnownPeople, "__iter__", looked)
            shown = page(app, services)
        asked = page(app, services, query="?rank=1")

    assert ("查看名次" in shown) is (scope == "all")  # a department is read by itself
    assert "第 1 名" in asked


# --- wishes ---


def test_mute_and_leave_do_what_the_chat_does(app: Flask, services: Services) -> None:
    preferences = services.store.preferences

    muted = post(app, services, "mute", last="2026-11-27")
    mute = preferences.mute_of("zhang")
    unmuted = post(app, services, "unmute")
    away = post(app, services, "leave", first="2026-11-26", last="2026-11-27")
    leaves = [(str(one.first), str(one.last)) for one in preferences.leaves_of("zhang")]
    back = post(app, services, "back")

    assert "静音到 11-27 周五" in plain(muted.text)
    assert mute is not None
    assert mute.until == int(at("2026-11-28T00:00").timestamp())
    assert (preferences.mute_of("zhang"), "静音到 11-27" in plain(unmuted.text)) == (None, False)
    assert leaves == [("2026-11-26", "2026-11-27")]
    assert "已记休假：11-26 周四 至 11-27 周五" in plain(away.text)
    assert "leave:zhang:2026-11-26:2026-11-27:2026-11-24:team" in [
        row["key"] for row in outbox_rows(services)
    ]
    assert "已记休假" not in back.text


def test_a_wish_for_help_reaches_the_leader_only(app: Flask, services: Services) -> None:
    after = post(app, services, "help")

    assert "主管甲" in notice(after)
    assert [row["to_userid"] for row in outbox_rows(services)] == ["team"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param("mute", {"last": "2026-11-01"}, id="a mute that is over"),
        pytest.param("leave", {"first": "2026-11-27", "last": "2026-11-26"}, id="leave that ends first"),
        pytest.param("leave", {"first": "2026-11-01", "last": "2026-11-02"}, id="leave that is over"),
    ],
)
def test_days_that_cannot_be_are_told_back(
    app: Flask, services: Services, path: str, form: dict[str, str]
) -> None:
    after = post(app, services, path, **form)

    assert notice(after)
    assert services.store.preferences.mute_of("zhang") is None
    assert services.store.preferences.leaves_of("zhang") == ()


def test_what_came_of_a_form_is_told_once(app: Flask, services: Services) -> None:
    client = enter(app, services, "zhang")
    client.post("/me/mute", data={"token": token_in(client.get("/me").text), "today": "1"})

    assert [bool(notice(client.get("/me"))) for _ in range(2)] == [True, False]


# --- past days, closed periods, chats ---


def test_past_statements_are_listed_with_their_codes(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-23T10:00"))
    standings = load_standings_of(services, ["zhang", "li"], at=at("2026-11-23T17:00"))
    given = issue(services, [statement_of(standings, userid) for userid in ("zhang", "li")])

    shown, other = page(app, services), page(app, services, "li")
    code = re.sub(r"(.{4})(?=.)", r"\1-", given["zhang"].code)

    assert code in shown
    assert "11-23 周一" in shown
    assert code not in other


def test_a_closed_period_is_listed_and_opens_its_contacts(app: Flask, services: Services) -> None:
    lost_contact(services)
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-12-08T08:42")
    PREPARES["close"](services, at("2026-12-08T08:42"))

    shown = page(app, services)
    opened = page(app, services, "zhang", "?period=2026-11")

    assert 'href="me?period=2026-11#contacts"' in shown
    assert "0/50" in words(shown)
    assert "初步结果" in shown
    assert 'id="contact-wm-lost"' not in shown
    assert "2026-11 的客户" in opened
    assert "不满 7 天" in contact(opened, "wm-lost")


def test_an_appeal_about_another_period_leads_back_to_that_period(app: Flask, services: Services) -> None:
    lost_contact(services)
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-12-03T12:00")

    client = enter(app, services, "zhang")
    form = {"token": token_in(client.get("/me?period=2026-11").text), "customer": "wm-lost", "text": "误删"}
    done = client.post("/me/appeal", data={**form, "period": "2026-11"})
    shown = client.get("/me?period=2026-11").text

    assert done.headers["Location"] == "../me?period=2026-11"
    assert "申诉 1：复核中" in contact(shown, "wm-lost")


def test_each_closed_period_shows_the_root_to_which_a_proof_leads(app: Flask, services: Services) -> None:
    clock, name = services.clock, ("cm-monthly", "2026-11")
    assert isinstance(clock, FakeTime)
    lost_contact(services)
    clock.set("2026-12-08T08:42")
    PREPARES["close"](services, at("2026-12-08T08:42"))
    clock.set("2026-12-15T18:00")
    roots = [proof.published(services.store)[name].root]
    before = page(app, services)
    results.sign(services, *name, by="人事", at=at("2026-12-15T18:00"))
    roots.append(proof.published(services.store)[name].root)
    after = page(app, services)

    assert len(set(roots)) == 2
    assert [root in before for root in roots] == [True, False]
    assert [root in after for root in roots] == [False, True]


@pytest.mark.parametrize("query", ["?period=2026-13", "?period=%3Cscript%3E", "?period=", "?rank=1&x=y"])
def test_a_strange_query_changes_nothing(app: Flask, services: Services, query: str) -> None:
    assert "本期客户" in page(app, services, "zhang", query)


def test_the_chats_of_the_last_days_are_a_table(app: Flask, services: Services) -> None:
    figures = ChatFigures(chats=12, messages=80, reply_rate=8850, first_reply_s=125)
    day = at("2026-11-23T00:00").date()
    with services.store.transaction():
        services.store.engagement.put("zhang", {day: figures}, final_upto=day, read_at=1)

    shown, other = words(page(app, services)), page(app, services, "li")

    assert "11-23 周一 12 80 88% 3 分钟" in shown
    assert 'id="chats"' not in other


# --- what a page costs ---


@pytest.mark.parametrize("behind", [False, True])
def test_the_page_reads_nobody_elses_rows(tmp_path: Path, *, behind: bool) -> None:
    """However many colleagues there are, with whatever they did: the same statements give as many rows."""
    read = []
    for number, colleagues in enumerate((1, 40)):
        folder = tmp_path / str(number)
        folder.mkdir()
        people = [f"p{n},员工,1,客户经理,,,," for n in range(colleagues)]
        reward = 'reward = { top = [5], scope = "department" }'
        quota = f"{QUOTA}{reward}\n[quotas.counting]\nkeep_days = 7\n"
        roster = ("zhang,员工甲,11,客户经理,,,,", "team,主管甲,11,主管,11,,,", *people)
        with (
            branch(folder, when=NOON, more="", quotas=quota, roster=roster) as services,
            web(services) as app,
        ):
            for n in range(colleagues):
                add_customers(services, f"p{n}", at("2026-11-03T10:00"), at("2026-11-24T10:00"))
                services.store.preferences.mute(f"p{n}", until=2**33, since=1, way=Way.BUTTON)
                services.store.preferences.add_leave(f"p{n}", NOON.date(), NOON.date(), at=1)
            moments = [at(f"2026-11-{day:02}T10:00") for day in ([3] if behind else range(2, 24))]
            add_customers(services, "zhang", *moments)
            client = enter(app, services, "zhang")
            client.get("/me")  # what is kept in memory until people change
            with counted_work(services) as work:
                assert client.get("/me").status_code == 200
            read.append((work.statements, work.rows))

    assert read[0] == read[1]


@pytest.mark.parametrize("scope", ["all", "role", "department"])
def test_the_store_works_as_little_in_a_large_bank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    """Whether or not a statement gives more rows, it must not look through everybody either."""
    monkeypatch.setattr(figures, "FEW", 10)
    steps = []
    for people in (40, 160):
        folder = tmp_path / str(people)
        folder.mkdir()
        quota = f'{QUOTA}reward = {{ top = [5], scope = "{scope}" }}\n'
        roster = [f"p{n:03},员工{n},11,客户经理,,,," for n in range(people)]
        with (
            branch(folder, when=NOON, more="", quotas=quota, roster=(*ROSTER, *roster)) as services,
            web(services) as app,
        ):
            add_customers(services, "p001", at("2026-11-03T10:00"))
            keep_figures(services)
            client = enter(app, services, "p001")
            client.get("/me")  # what is kept in memory until people change
            with counted_work(services) as work:
                assert client.get("/me").status_code == 200
            steps.append(work.steps)

    assert steps[1] < 1.1 * steps[0]


# --- the form of the page ---


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_is_whole_in_both_languages(tmp_path: Path, language: str) -> None:
    with (
        branch(tmp_path, when=NOON, more=f'[locale]\nlanguage = "{language}"\n') as services,
        web(services) as app,
    ):
        lost_contact(services)
        add_customers(services, "zhang", at("2026-11-24T10:00"))
        shown = page(app, services)

    ids = re.findall(r'\sid="([^"]+)"', shown)
    assert [one for one, count in Counter(ids).items() if count > 1] == []
    fields = re.findall(r'<(?:input|textarea|select)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', shown)
    assert fields
    assert [field for field in fields if f'<label for="{field}">' not in shown] == []
    assert set(re.findall(r'aria-labelledby="([^"]+)"', shown)) <= set(ids)
    assert [word for word in (" style=", "<style", "onclick", "javascript:") if word in shown] == []
    assert re.findall(r"<script(?![^>]*src=)", shown) == []
    assert (re.search(r"[\u4e00-\u9fff]", re.sub("员工.|主管.", "", words(shown))) is None) is (
        language == "en"
    )
