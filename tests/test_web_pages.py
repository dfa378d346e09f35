"""Pages that people open: what /verify says of a code, what it never says, and what it lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_network
from urllib.parse import urlencode

import pytest
from builders.e2e import at
from builders.pages import plain
from builders.service import Answer, Site, locked, logged, running, services
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.features.statements.proof import WRONG_CODES_OF_AN_ADDRESS, StatementCheck, issue
from bot.features.statements.rules import Figure, Statement, shown_code
from bot.locales import languages
from bot.messages.catalog import texts_in
from bot.store.engine import StoreBusyError
from bot.web import pages
from bot.web.pages import verify as verify_page
from bot.web.pages.verify import LOOKS_AT_ONCE, MAX_FORM_BYTES, Verdict
from bot.web.peer import Peer, household

CODE = "7K3M-9Q2P-XW4D-8HTR"
GIVEN_AT = at("2026-11-23T16:37")
GENUINE = StatementCheck(genuine=True, at=GIVEN_AT)
WRONG = StatementCheck(genuine=False)


@dataclass
class Branch:
    """What the pages are given, in a test's hand; *asked*: words and address of each look."""

    language: str = "zh-CN"
    looked: StatementCheck = WRONG
    asked: list[tuple[str, str]] = field(default_factory=list)

    def check_code(self, words: str, /, *, address: str) -> StatementCheck:
        self.asked.append((words, address))
        return self.looked


@pytest.fixture
def branch() -> Branch:
    return Branch()


@pytest.fixture
def client(branch: Branch) -> FlaskClient:
    app = Flask("pages", static_folder=None)
    for blueprint in pages.blueprints(
        language=lambda: branch.language,
        check_code=lambda words, *, address: branch.check_code(words, address=address),
        peer=Peer([ip_network("127.0.0.1")]),
    ):
        app.register_blueprint(blueprint)
    return app.test_client()


def heading(page: TestResponse) -> str:
    """What the page says of a code, in one line."""
    return "".join(re.findall(r"<h2>(.*)</h2>", page.text))


@pytest.mark.parametrize(
    ("language", "looked", "status", "head"),
    [
        pytest.param("zh-CN", GENUINE, 200, "有效：由本应用发出", id="genuine"),
        pytest.param("zh-CN", WRONG, 200, "无效：没有发出过这个校验码", id="not genuine"),
        pytest.param("zh-CN", replace(WRONG, too_many=True), 429, "试得太多了", id="too many tries"),
        pytest.param("en", GENUINE, 200, "Genuine: given out by this app", id="genuine, English"),
        pytest.param("en", WRONG, 200, "Not genuine: no such code was ever given out", id="not, English"),
        pytest.param("en", replace(WRONG, too_many=True), 429, "Too many tries", id="too many, English"),
    ],
)
def test_the_page_says_what_a_code_is(
    client: FlaskClient, branch: Branch, language: str, looked: StatementCheck, status: int, head: str
) -> None:
    branch.language, branch.looked = language, looked

    page = client.post("/verify", data={"code": CODE})

    assert (page.status_code, heading(page)) == (status, head)
    assert f'<html lang="{language}">' in page.text
    assert page.headers["Content-Language"] == language


@pytest.mark.parametrize(
    ("given_at", "shown", "machine"),
    [
        pytest.param(
            GIVEN_AT, "2026-11-23 16:37 (UTC+08:00)", "2026-11-23T16:37:00+08:00", id="the configured zone"
        ),
        pytest.param(
            datetime.fromisoformat("2026-11-23T08:37:09-03:30"),
            "2026-11-23 08:37 (UTC-03:30)",
            "2026-11-23T08:37:09-03:30",
            id="another one",
        ),
    ],
)
def test_a_genuine_code_is_told_with_the_time_and_its_zone(
    client: FlaskClient, branch: Branch, given_at: datetime, shown: str, machine: str
) -> None:
    branch.looked = StatementCheck(genuine=True, at=given_at)

    page = client.post("/verify", data={"code": f" 校验码 {CODE.lower()} "})

    assert f'<time datetime="{machine}">{shown}</time>' in plain(page.text)
    assert f'<dd class="code">{CODE}</dd>' in plain(page.text)


def test_figures_do_not_reach_the_page_even_if_they_reach_its_hands(
    client: FlaskClient, branch: Branch
) -> None:
    branch.looked = replace(GENUINE, statement=TOLD)

    page = client.post("/verify", data={"code": CODE})

    assert heading(page) == "有效：由本应用发出"
    assert [word for word in ("sales01", "cm-monthly", "4711", "4242", "4343") if word in page.text] == []


def test_a_wrong_code_stands_in_its_field_again_and_cannot_leave_it(client: FlaskClient) -> None:
    typed = "7K3M\"><script>alert(1)</script>&amp;'"

    page = client.post("/verify", data={"code": typed})

    assert "<script>" not in page.text
    assert 'value="7K3M&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&#39;"' in page.text
    assert 'aria-invalid="true"' in page.text


def test_a_genuine_code_leaves_the_field_empty_for_the_next_one(client: FlaskClient, branch: Branch) -> None:
    branch.looked = GENUINE

    page = client.post("/verify", data={"code": CODE})

    assert 'value=""' in page.text
    assert "aria-invalid" not in page.text


@pytest.mark.parametrize(
    ("form", "status", "head"),
    [
        pytest.param({}, 400, "请先填写校验码", id="no field"),
        pytest.param({"code": " \t"}, 400, "请先填写校验码", id="blanks"),
        pytest.param({"code": "7" * MAX_FORM_BYTES}, 413, "这不是校验码：太长了", id="a long field"),
        pytest.param(
            {"x": "7" * MAX_FORM_BYTES, "code": CODE}, 413, "这不是校验码：太长了", id="a long form"
        ),
    ],
)
def test_what_cannot_be_a_code_is_not_looked_at(
    client: FlaskClient, branch: Branch, form: dict[str, str], status: int, head: str
) -> None:
    page = client.post("/verify", data=form)

    assert (page.status_code, heading(page), branch.asked) == (status, head, [])


def test_a_code_in_the_address_is_not_looked_at(client: FlaskClient, branch: Branch) -> None:
    asked, posted = client.get(f"/verify?code={CODE}"), client.post(f"/verify?code={CODE}")

    assert (asked.status_code, posted.status_code, branch.asked) == (200, 400, [])
    assert CODE not in asked.text + posted.text


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        pytest.param("zh-CN", "现在查不了，请过几分钟再试", id="Chinese"),
        pytest.param(
            "en", "This cannot be checked right now, please try again in a few minutes", id="English"
        ),
    ],
)
def test_without_the_store_the_page_says_so_in_one_sentence(
    client: FlaskClient, branch: Branch, monkeypatch: pytest.MonkeyPatch, language: str, sentence: str
) -> None:
    def away(_words: str, /, *, address: str) -> StatementCheck:
        raise StoreBusyError(f"the store is away for {address}")

    branch.language = language
    monkeypatch.setattr(branch, "check_code", away)
    with logged(verify_page) as entries:
        page = client.post("/verify", data={"code": CODE})
    again = client.post("/verify", data={"code": CODE})

    assert (page.status_code, heading(page), again.status_code) == (503, sentence, 503)
    assert [(entry["event"], entry["path"]) for entry in entries] == [
        ("a page could not ask the store", "/verify")
    ]
    assert CODE not in str(entries)


def test_a_crowd_is_sent_away_before_it_takes_every_thread(
    client: FlaskClient, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[int] = []

    def slow(_words: str, /, *, address: str) -> StatementCheck:
        # While this look lasts, another caller comes.
        statuses.append(client.application.test_client().post("/verify", data={"code": CODE}).status_code)
        branch.asked.append(("", address))
        return WRONG

    monkeypatch.setattr(branch, "check_code", slow)
    last = client.post("/verify", data={"code": CODE}).status_code

    assert ([*statuses, last], len(branch.asked)) == ([503, *[200] * LOOKS_AT_ONCE], LOOKS_AT_ONCE)


@pytest.mark.parametrize(
    ("client_address", "forwarded", "counted"),
    [
        pytest.param("203.0.113.7", "198.51.100.1", "203.0.113.7", id="a stranger may say nothing"),
        pytest.param("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7", id="behind the proxy"),
        pytest.param("127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64", id="IPv6 behind the proxy"),
        pytest.param("[2001:db8::1]", "", "2001:db8::/64", id="IPv6 in brackets"),
    ],
)
def test_tries_are_counted_by_who_calls(
    client: FlaskClient, branch: Branch, client_address: str, forwarded: str, counted: str
) -> None:
    client.post(
        "/verify",
        data={"code": CODE},
        headers={"X-Forwarded-For": forwarded},
        environ_overrides={"REMOTE_ADDR": client_address},
    )

    assert branch.asked == [(CODE, counted)]


@pytest.mark.parametrize(
    ("address", "known"),
    [
        pytest.param("203.0.113.7", "203.0.113.7", id="IPv4"),
        pytest.param("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64", id="an address of a /64"),
        pytest.param("2001:db8:1:2:bbbb::1", "2001:db8:1:2::/64", id="another one of it"),
        pytest.param("::1", "::/64", id="a small IPv6 number"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="with a zone"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", id="IPv4 written as IPv6"),
        pytest.param("?", "?", id="nobody worth believing"),
    ],
)
def test_an_ipv6_caller_cannot_be_a_crowd(address: str, known: str) -> None:
    assert household(address) == known


@pytest.mark.parametrize("path", ["/verify", "/about"])
@pytest.mark.parametrize("language", languages())
def test_a_page_takes_nothing_from_elsewhere_and_is_kept_nowhere(
    client: FlaskClient, branch: Branch, path: str, language: str
) -> None:
    branch.language = language
    page = client.get(path)
    links = set(re.findall(r'(?:src|href|action)="([^"]*)"', page.text))
    files = {link for link in links if link.startswith(("static/page.css?v=", "static/icon.svg?v="))}
    policy = {one.partition(" ")[::2] for one in page.headers["Content-Security-Policy"].split("; ")}

    assert policy == {
        ("default-src", "'none'"),
        ("style-src", "'self'"),
        ("script-src", "'self'"),
        ("img-src", "'self'"),
        ("form-action", "'self'"),
        ("base-uri", "'none'"),
        ("frame-ancestors", "'none'"),
    }
    assert len(files) == 2
    assert links == {"verify", *files} | ({"me"} if path == "/about" else set())
    assert [word for word in ("<script", "<style", " style=", "onclick") if word in page.text] == []
    assert [
        page.headers[name]
        for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options")
    ] == [
        "no-store",
        "no-referrer",
        "nosniff",
        "DENY",
    ]
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("path", ["/", "/Me", "/a/b/c"])
def test_an_address_without_a_page_says_so_and_leads_on(
    client: FlaskClient, branch: Branch, language: str, path: str
) -> None:
    branch.language = language
    page = client.get(path, headers={"Accept": "text/html"})
    bare = client.get(path, headers={"Accept": "*/*"})

    assert (page.status_code, bare.status_code) == (404, 404)
    assert texts_in(language).table("pages.refused.head")["nothing"] in page.text
    assert f'href="{"../" * (path.count("/") - 1)}me"' in page.text
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<link" not in bare.text


def test_what_breaks_is_told_calmly(client: FlaskClient, branch: Branch) -> None:
    app = client.application
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["pages.about"] = lambda: 1 // 0

    page = client.get("/about", headers={"Accept": "text/html"})

    assert page.status_code == 500
    assert texts_in(branch.language).table("pages.refused.head")["broken"] in page.text


def test_the_icon_is_there_under_the_name_that_browsers_ask_for(client: FlaskClient) -> None:
    link = re.findall(r'rel="icon" type="image/svg\+xml" href="([^"]+)"', client.get("/about").text)

    with client.get(f"/{link[0]}") as linked, client.get("/favicon.ico") as asked:
        assert (asked.status_code, asked.mimetype) == (200, "image/svg+xml")
        assert asked.data == linked.data
        assert asked.headers["Cache-Control"] == "no-cache"


def test_a_file_beside_the_pages_is_kept_under_an_address_of_its_content(client: FlaskClient) -> None:
    style = re.findall(r'href="(static/page[^"]*)"', client.get("/about").text)

    with client.get(f"/{style[0]}") as kept, client.get("/static/page.css") as asked:
        assert kept.data == asked.data
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asked.headers["Cache-Control"] == "no-cache"
        assert asked.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/static/../layout.py").status_code == 404


@pytest.mark.parametrize("form", [{}, {"code": CODE}, {"code": "7" * MAX_FORM_BYTES}])
def test_answers_are_guarded_like_the_form(client: FlaskClient, form: dict[str, str]) -> None:
    guarded = ("Cache-Control", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options")
    asked, page = client.get("/verify"), client.post("/verify", data=form)

    assert [page.headers[name] for name in guarded] == [asked.headers[name] for name in guarded]


def test_the_field_has_a_label_and_the_verdict_is_read_out(client: FlaskClient) -> None:
    page = client.post("/verify", data={"code": CODE}).text

    assert '<label for="code">' in page
    assert 'id="code" name="code"' in page
    assert set(re.search(r'aria-describedby="([^"]+)"', page)[1].split()) <= set(  # type: ignore[index]  # or fail
        re.findall(r'id="([^"]+)"', page)
    )
    assert 'role="alert"' in page


def test_where_cards_without_buttons_lead_is_told_in_the_language(
    client: FlaskClient, branch: Branch
) -> None:
    chinese, branch.language = client.get("/about").text, "en"

    assert "您的数字在企业微信的消息里" in chinese
    assert "Your figures come as messages in WeCom" in client.get("/about").text


@pytest.mark.parametrize("language", languages())
def test_each_verdict_has_its_words_and_none_is_loud(language: str) -> None:
    heads, more = (texts_in(language).table(f"pages.verify.{name}") for name in ("head", "more"))

    assert set(heads) == set(Verdict)
    assert set(more) <= set(Verdict)
    assert [text for text in (*heads.values(), *more.values()) if re.search("[!！]|落后", text)] == []


# --- over the real server ---

TOLD = Statement(
    userid="sales01",
    at=int(GIVEN_AT.timestamp()),
    day="2026-11-23",
    added=4711,
    figures=(Figure(quota="cm-monthly", period="2026-11", target=50, counted=4242, pending=4343),),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with services(tmp_path_factory.mktemp("pages")) as opened, running(opened) as site:
        yield site


@pytest.fixture(scope="module")
def code(site: Site) -> str:
    return shown_code(issue(site.services, [TOLD])["sales01"].code)


def post(site: Site, code: str, *, caller: str) -> Answer:
    """As a browser behind the trusted proxy of this machine."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": caller}
    return site.ask("POST", "/verify", urlencode({"code": code}).encode(), headers=headers)


def test_a_receiver_tells_a_genuine_code_and_not_whose_it_is(site: Site, code: str) -> None:
    answer = post(site, code, caller="203.0.113.1")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "2026-11-23 16:37 (UTC+08:00)" in plain(answer.body.decode())
    assert [word for word in (b"sales01", b"cm-monthly", b"4711", b"4242") if word in answer.body] == []


def test_who_tried_too_often_waits_and_others_do_not(
    site: Site, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    site.services.store.now = lambda: 1_795_420_000.0  # type: ignore[method-assign]  # the hour must not end
    wrong = {
        post(site, "0000-0000-0000-0000", caller="203.0.113.2").status
        for _ in range(WRONG_CODES_OF_AN_ADDRESS)
    }

    blocked, other = (post(site, code, caller=f"203.0.113.{host}").status for host in (2, 3))

    assert (wrong, blocked, other) == ({200}, 429, 200)
    assert "0000-0000" not in "".join(capfd.readouterr())


def test_a_store_that_takes_nothing_makes_the_page_say_so(site: Site) -> None:
    with locked(site.path):
        answer = post(site, "0000-0000-0000-0001", caller="203.0.113.4")

    assert answer.status == 503
    assert "现在查不了，请过几分钟再试" in answer.body.decode()
