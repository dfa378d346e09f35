"""The login and the rights: who gets in, who stays out, and how a session ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from builders.e2e import COMMAND_NOW, FakeTime, at, installation, write_config, write_roster
from builders.pages import IN_WECOM, beside_wecom, code_for, enter, token_in, web, words
from builders.service import logged, running
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.app.bootstrap import refresh_directory
from bot.features.access import session as sessions
from bot.features.access.rules import Page
from bot.features.access.session import LOGIN_S, SESSION_S, Sessions
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.web import pages
from bot.web.pages import login as login_page
from bot.web.pages.door import LOGIN_COOKIE, SESSION_COOKIE
from sandbox.server import RunningServer

DEPARTMENTS = "id,name,parent\n1,支行,\n11,一部,1\n"
ROSTER = (
    "zhang,员工甲,11,客户经理,,,,",
    "team,主管甲,11,主管,11,,,",
    "head,主管乙,1,主管,1,,,",
    "judge,复核人,1,合规,,,,",
    "boss,管理员,1,科技,,,,",
    "gone,员工丁,11,客户经理,,,2026-11-20,",
)
MORE = '[review]\nreviewers = ["judge"]\n[admins]\nuserids = ["boss", "outside"]\n'


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(tmp_path, *ROSTER)
    with installation(write_config(tmp_path, more=MORE), FakeTime(at(COMMAND_NOW))) as opened:
        yield opened


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    with web(services) as app:
        yield app


def pass_time(services: Services, seconds: float) -> None:
    assert isinstance(services.clock, FakeTime)
    services.clock.pass_(seconds)


# --- all pages, all roles ---

ROLES = {
    "zhang": {Page.ME},
    "team": {Page.ME, Page.TEAM, Page.REVIEW},
    "head": {Page.ME, Page.TEAM, Page.REVIEW},
    "judge": {Page.ME, Page.REVIEW},
    "boss": {Page.ME, Page.REVIEW, Page.ADMIN},
    "outside": {Page.REVIEW, Page.ADMIN},
    "gone": set(),
    "stranger": set(),
}
WITHOUT_A_SESSION = {"/login", "/login/done", "/logout", "/logged-out"}


def built_pages(app: Flask) -> list[Page]:
    """The pages that this version has."""
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    return [page for page in Page if f"/{page.value}" in paths]


@pytest.mark.parametrize("userid", ROLES)
def test_each_role_opens_its_pages_and_no_other(app: Flask, services: Services, userid: str) -> None:
    client = enter(app, services, userid)

    statuses = {page: client.get(f"/{page.value}").status_code for page in built_pages(app)}

    assert statuses == {page: 200 if page in ROLES[userid] else 403 for page in built_pages(app)}


@pytest.mark.parametrize("userid", [userid for userid, pages in ROLES.items() if pages])
def test_the_navigation_leads_to_the_pages_that_are_open_and_nowhere_else(
    app: Flask, services: Services, userid: str
) -> None:
    client = enter(app, services, userid)
    first = next(page for page in built_pages(app) if page in ROLES[userid])

    shown = client.get(f"/{first.value}").text
    (bar,) = re.findall(r"<nav.*?</nav>", shown, re.DOTALL)

    assert set(re.findall(r'href="(\w+)"', bar)) == {page.value for page in built_pages(app)} & {
        page.value for page in ROLES[userid]
    }
    assert re.findall(r'href="(\w+)" aria-current="page"', bar) == [first.value]


def test_every_path_of_ones_own_asks_who_it_is(app: Flask) -> None:
    """Also the paths of forms: nobody forgets the door of a new one."""
    client = app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("own.")]
    asked = [
        (rule.rule, method, client.open(_filled(rule.rule), method=method))
        for rule in rules
        if rule.rule not in WITHOUT_A_SESSION
        for method in (rule.methods or set()) & {"GET", "POST"}
    ]

    assert asked
    assert [
        (path, method, answer.status_code)
        for path, method, answer in asked
        if answer.status_code != 302 or "login?next=" not in answer.headers["Location"]
    ] == []


def _filled(path: str) -> str:
    return path.replace("<", "").replace(">", "")


def test_every_form_of_ones_own_needs_the_token_of_its_session(app: Flask, services: Services) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("own.")]
    posts = [rule.rule for rule in rules if "POST" in (rule.methods or ())]
    token = Sessions(services).find(Sessions(services).begin("boss"))
    assert token is not None
    refused = {
        (path, kind): client.post(_filled(path), data=form).status_code
        for path in posts
        for client in [enter(app, services, "boss")]
        for kind, form in {"none": {}, "another session's": {"token": token.token}}.items()
    }

    assert "/logout" in posts
    assert set(refused.values()) == {403}


def cookies(services: Services) -> dict[str, str]:
    """Values that are no session any more, or never were, by what is wrong with them."""
    good = Sessions(services).begin("zhang")
    value, dot, mark = good.rpartition(".")
    other = Sessions(services).begin("boss")
    _, login = Sessions(services).begin_login("/me")
    return {
        "empty": "",
        "nonsense": "x.y",
        "another signature": f"{value}{dot}{mark[::-1]}",
        "the signature of somebody else": f"{value}{dot}{other.rpartition('.')[2]}",
        "without a signature": value,
        "a login for a session": login,
    }


def test_a_forged_cookie_is_none(app: Flask, services: Services) -> None:
    answers = {}
    for kind, value in cookies(services).items():
        client = app.test_client()
        client.set_cookie(SESSION_COOKIE, value)
        answers[kind] = client.get("/me").status_code

    assert set(answers.values()) == {302}, answers


def test_a_session_of_another_installation_is_none(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(services.store.marks, "get", lambda _name: "another key")
        cookie = Sessions(services).begin("zhang")
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, cookie)

    assert client.get("/me").status_code == 302


# --- how a session ends ---


def test_a_session_lasts_eight_hours(app: Flask, services: Services) -> None:
    client = enter(app, services, "zhang")
    pass_time(services, SESSION_S - 1)
    in_time = client.get("/me").status_code
    pass_time(services, 1)

    assert (SESSION_S, in_time, client.get("/me").status_code) == (8 * 3600, 200, 302)


def test_a_session_from_the_future_is_none(app: Flask, services: Services) -> None:
    """The clock was wrong, or the cookie comes from elsewhere."""
    client = enter(app, services, "zhang")
    pass_time(services, -60)

    assert client.get("/me").status_code == 302


def test_who_logs_out_is_out_with_every_copy_of_the_cookie(app: Flask, services: Services) -> None:
    client, copy = enter(app, services, "zhang"), enter(app, services, "zhang")
    other = enter(app, services, "team")
    token = token_in(client.get("/me").text)

    out = client.post("/logout", data={"token": token})

    assert (out.status_code, out.headers["Location"]) == (303, "logged-out")
    assert f"{SESSION_COOKIE}=;" in out.headers["Set-Cookie"]
    assert [one.get("/me").status_code for one in (client, copy, other)] == [302, 302, 200]
    assert enter(app, services, "zhang").get("/me").status_code == 200
    assert "您已退出" in client.get("/logged-out").text


def test_who_leaves_the_bank_is_out_at_the_next_request(
    app: Flask, services: Services, tmp_path: Path
) -> None:
    client = enter(app, services, "zhang")
    before = client.get("/me").status_code
    write_roster(tmp_path, "zhang,员工甲,11,客户经理,,,2026-11-24,", *ROSTER[1:])
    refresh_directory(services)

    after = client.get("/me")

    assert (before, after.status_code) == (200, 403)
    assert "这里没有您的页面" in after.text


def test_who_left_is_told_whom_to_ask(app: Flask, services: Services) -> None:
    page = words(enter(app, services, "gone").get("/me").text)

    assert "这里没有您的页面" in page
    assert "有疑问请问：主管甲" in page


def test_a_page_of_others_says_why_and_leads_to_the_own_one(app: Flask, services: Services) -> None:
    client = enter(app, services, "stranger")
    page = client.get("/me")

    assert page.status_code == 403
    assert "有疑问请问：管理员" in words(page.text)
    assert "<nav" not in page.text


def test_without_the_store_a_page_says_so_in_one_sentence(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = enter(app, services, "zhang")

    def away(_userid: str) -> int:
        raise StoreBusyError("the store is away")

    monkeypatch.setattr(services.store.logouts, "count", away)
    with logged(pages) as entries:
        answer = client.get("/me")

    assert (answer.status_code, "现在打不开" in answer.text) == (503, True)
    assert [(entry["event"], entry["path"]) for entry in entries] == [
        ("a page could not ask the store", "/me")
    ]


# --- the way through WeCom ---


@pytest.fixture
def wecom(tmp_path: Path) -> Iterator[tuple[Services, RunningServer]]:
    with beside_wecom(tmp_path) as both:
        yield both


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.mark.parametrize(
    ("user_agent", "path", "query"),
    [
        pytest.param(
            IN_WECOM,
            "/connect/oauth2/authorize",
            {"response_type": "code", "scope": "snsapi_base"},
            id="within WeCom",
        ),
        pytest.param(
            "Mozilla/5.0 Firefox/140.0", "/wwlogin/sso/login", {"login_type": "CorpApp"}, id="outside"
        ),
    ],
)
def test_a_browser_is_sent_to_wecoms_login(
    app: Flask, services: Services, user_agent: str, path: str, query: dict[str, str]
) -> None:
    answer = app.test_client().get("/login", headers={"User-Agent": user_agent})

    target = urlsplit(answer.headers["Location"])
    asked = query_of(answer.headers["Location"])
    assert (answer.status_code, target.path) == (302, path)
    assert target.fragment == ("wechat_redirect" if "oauth2" in path else "")
    assert query.items() <= asked.items()
    assert (asked["appid"], asked["agentid"]) == ("ww0123456789abcdef", "1000002")
    assert asked["redirect_uri"] == "http://localhost/login/done"
    assert asked["state"].isalnum()
    assert len(asked["state"]) == 32


def test_each_login_has_a_state_of_its_own(app: Flask) -> None:
    client = app.test_client()
    states = {query_of(client.get("/login").headers["Location"])["state"] for _ in range(5)}

    assert len(states) == 5


def begin(client: FlaskClient, *, back_to: str = "/me", user_agent: str = IN_WECOM) -> str:
    """Ask for a page without a session, up to WeCom's address."""
    asked = client.get(f"/login?next={back_to}", headers={"User-Agent": user_agent})
    return asked.headers["Location"]


def finish(client: FlaskClient, *, code: str, state: str) -> TestResponse:
    return client.get("/login/done", query_string={"code": code, "state": state})


@pytest.mark.parametrize("user_agent", [IN_WECOM, "Mozilla/5.0 Firefox/140.0"])
def test_a_member_comes_in_and_back_to_where_they_began(
    wecom: tuple[Services, RunningServer], user_agent: str
) -> None:
    services, _ = wecom
    with web(services) as app:
        client = app.test_client()
        first = client.get("/me?period=2026-11")
        address = begin(client, back_to=query_of(first.headers["Location"])["next"], user_agent=user_agent)
        code, state = code_for(address, "yg07")
        entered = finish(client, code=code, state=state)
        page = client.get("/me")

    assert first.headers["Location"] == "login?next=%2Fme%3Fperiod%3D2026-11"
    assert (entered.status_code, entered.headers["Location"]) == (302, "../me?period=2026-11")
    assert page.status_code == 200
    assert "员工庚" in page.text  # registered as Yg07: userids are compared in lower case


def test_the_cookies_cannot_be_read_by_scripts_or_sent_by_other_sites(
    wecom: tuple[Services, RunningServer],
) -> None:
    services, _ = wecom
    with web(services) as app:
        client = app.test_client()
        asked = client.get("/login", headers={"User-Agent": IN_WECOM})
        code, state = code_for(asked.headers["Location"], "yg01")
        entered = finish(client, code=code, state=state)

    flags = [flags_of(asked, LOGIN_COOKIE), flags_of(entered, SESSION_COOKIE)]
    common = {"HttpOnly", "SameSite=Lax", "Path=/"}
    assert flags == [common | {f"Max-Age={LOGIN_S}"}, common | {f"Max-Age={SESSION_S}"}]
    assert f"{LOGIN_COOKIE}=;" in "".join(entered.headers.getlist("Set-Cookie"))


def flags_of(answer: TestResponse, name: str) -> set[str]:
    (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{name}="))
    return {flag for flag in cookie.split("; ")[1:] if not flag.startswith("Expires")}


def test_with_a_public_address_it_is_come_back_to_and_cookies_need_https(tmp_path: Path) -> None:
    public = 'public_url = "https://quota.example.com/bot"'
    with beside_wecom(tmp_path, server=public) as (services, _), web(services) as app:
        asked = app.test_client().get("/login")

    assert query_of(asked.headers["Location"])["redirect_uri"] == "https://quota.example.com/bot/login/done"
    assert "Secure" in flags_of(asked, LOGIN_COOKIE)


def test_a_login_that_did_not_begin_in_this_browser_is_refused(
    wecom: tuple[Services, RunningServer],
) -> None:
    """Else somebody could make others act under their own name."""
    services, _ = wecom
    with web(services) as app:
        attacker, victim = app.test_client(), app.test_client()
        code, state = code_for(begin(attacker), "yg01")
        without = finish(victim, code=code, state=state)
        begin(victim)
        foreign = finish(victim, code=code, state=state)
        forged = finish(attacker, code=code, state=state[::-1])
        calls = [call for call in _calls(wecom) if call == "auth/getuserinfo"]

    assert [one.status_code for one in (without, foreign, forged)] == [400, 400, 400]
    assert "这次登录已经失效" in without.text
    assert SESSION_COOKIE not in "".join(without.headers.getlist("Set-Cookie"))
    assert calls == []


def _calls(wecom: tuple[Services, RunningServer]) -> list[str]:
    return [call.path for call in wecom[1].world.calls]


def test_a_code_lets_in_once(wecom: tuple[Services, RunningServer]) -> None:
    services, _ = wecom
    with web(services) as app:
        client = app.test_client()
        code, state = code_for(begin(client), "yg01")
        cookie = client.get_cookie(LOGIN_COOKIE)
        assert cookie is not None
        first = finish(client, code=code, state=state)
        other = app.test_client()  # as somebody who saw the whole exchange would
        other.set_cookie(LOGIN_COOKIE, cookie.value)
        second = finish(other, code=code, state=state)
        again = finish(client, code=code, state=state)  # as a phone that loads an address twice does

    assert (first.status_code, second.status_code) == (302, 400)
    assert (again.status_code, again.headers["Location"]) == (302, "../me")
    assert SESSION_COOKIE not in "".join(again.headers.getlist("Set-Cookie"))


def test_a_login_page_lies_open_for_ten_minutes_at_most(app: Flask, services: Services) -> None:
    began, cookie = Sessions(services).begin_login("/me")
    in_time = Sessions(services).login(cookie, state=began.state)
    pass_time(services, LOGIN_S)

    assert in_time == began
    assert Sessions(services).login(cookie, state=began.state) is None


def test_without_a_code_wecom_is_not_asked(app: Flask, services: Services) -> None:
    client = app.test_client()
    state = query_of(begin(client))["state"]

    assert client.get("/login/done", query_string={"state": state}).status_code == 400


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        pytest.param("outsider", "只有本行员工可以登录", id="somebody of WeChat"),
        pytest.param("yg12", "这里没有您的页面", id="a member whom the roster does not know"),
    ],
)
def test_who_is_not_known_gets_no_session(
    wecom: tuple[Services, RunningServer], who: str, sentence: str
) -> None:
    services, _ = wecom
    known = tuple(person for person in services.directory.people if person.userid != "yg12")
    services.use(services.config, replace(services.directory, people=known))
    with services.store.transaction():
        services.store.renames.forget_person("yg12")
    with web(services) as app:
        client = app.test_client()
        code, state = code_for(begin(client), who)
        answer = finish(client, code=code, state=state)

    assert answer.status_code == 403
    assert sentence in answer.text
    assert SESSION_COOKIE not in "".join(answer.headers.getlist("Set-Cookie"))


def test_without_wecom_the_login_says_so_and_the_log_has_no_code(
    wecom: tuple[Services, RunningServer],
) -> None:
    services, server = wecom
    with web(services) as app:
        client = app.test_client()
        code, state = code_for(begin(client), "yg01")
        server.world.api = replace(server.world.api, trusted_ips=("203.0.113.9",))
        with logged(login_page) as entries:
            answer = finish(client, code=code, state=state)

    assert answer.status_code == 503
    assert "现在无法登录" in answer.text
    assert [entry["event"] for entry in entries] == ["WeCom could not say who logs in"]
    assert "60020" in str(entries)
    assert code not in str(entries)


def test_a_crowd_at_the_login_leaves_threads_for_the_others(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[int] = []

    def slow(_reads: object, _code: str) -> str:
        other = app.test_client()  # while this login lasts, another one comes
        statuses.append(finish(other, code="c", state=query_of(begin(other))["state"]).status_code)
        return "zhang"

    monkeypatch.setattr(login_page, "read_userid", slow)
    client = app.test_client()
    last = finish(client, code="c", state=query_of(begin(client))["state"]).status_code

    assert [*statuses, last] == [503, *[302] * login_page.LOGINS_AT_ONCE]


@pytest.mark.parametrize(
    "back_to", ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com"]
)
def test_a_login_leads_to_no_other_site(app: Flask, services: Services, back_to: str) -> None:
    _, cookie = Sessions(services).begin_login(back_to)

    assert "evil" not in repr(Sessions(services)._read(sessions._LOGIN, cookie, lasts_s=60))


# --- over the real server ---


def test_from_a_phone_through_wecom_to_the_own_page(tmp_path: Path) -> None:
    """The whole way over HTTP, between two servers, as a browser goes it."""
    with beside_wecom(tmp_path) as (services, server), running(services) as site:
        browser = requests.Session()
        browser.headers["User-Agent"] = IN_WECOM
        address = f"http://127.0.0.1:{site.port}/me"
        asked = browser.get(address, timeout=60)
        opened = browser.get(f"{server.url}/phone/open", params={"as": "yg02", "to": address}, timeout=60)
        again = browser.get(address, timeout=60)
        style = browser.get(f"http://127.0.0.1:{site.port}/static/page.css", timeout=60)
        browser.close()

    assert "Continue as" in asked.text
    assert (opened.status_code, opened.url.partition("#")[0]) == (200, address)
    assert "员工乙" in opened.text
    assert "员工乙" in again.text
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
