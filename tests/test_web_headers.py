"""Every answer, at every path and for every refusal, keeps browsers from running, showing or keeping it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from builders.service import HOST, Answer, Site, contact_event, running, sealed, services

from bot.web.request import GUARD, MAX_BODY

NAMES = {name for name, _ in GUARD}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("headers")
    (folder / "files").mkdir()
    (folder / "files" / "WW_verify_a1.txt").write_text("a1")
    with services(folder, server='verify_files = "files"') as opened, running(opened) as site:
        yield site


def lacks(answer: Answer) -> set[str]:
    return NAMES - answer.headers.keys()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/WW_verify_a1.txt", 200),
        ("GET", "/about", 200),
        ("GET", "/me", 302),
        ("GET", "/static/page.css", 200),
        ("GET", "/nothing", 404),
        ("GET", "/a/b/c", 404),
        ("POST", "/about", 405),
        ("PUT", "/callback", 405),
        ("GET", "/callback", 400),
        ("POST", "/callback", 400),
    ],
)
def test_every_path_has_the_headers(site: Site, method: str, path: str, status: int) -> None:
    answer = site.ask(method, path)

    assert (answer.status, lacks(answer)) == (status, set())


def test_callbacks_have_them_whether_stored_or_refused(site: Site) -> None:
    good = sealed(contact_event())
    answers = [
        site.post(good),
        site.post(good.with_query(msg_signature="0" * 40)),
        site.ask("POST", good.target, b"x" * (MAX_BODY + 1)),
    ]

    assert [answer.status for answer in answers] == [200, 403, 413]
    assert [lacks(answer) for answer in answers] == [set()] * 3


def test_what_is_no_http_is_refused_with_them(site: Site) -> None:
    with socket.create_connection((HOST, site.port), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nbad header\r\n\r\n")
        head = connection.recv(4096).decode().lower()

    assert head.startswith("http/1.1 400")
    assert [name for name in NAMES if f"\r\n{name}: " not in head] == []


@pytest.mark.parametrize("path", ["/about", "/static/page.css"])
def test_a_page_keeps_its_own_policy_once(site: Site, path: str) -> None:
    with socket.create_connection((HOST, site.port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
    text = head.partition(b"\r\n\r\n")[0].decode().lower()

    assert text.count("content-security-policy:") == text.count("x-frame-options:") == 1
    assert "style-src 'self'" in text
