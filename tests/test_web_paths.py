"""Kind: the path. WeCom's console accepts any address, and a wrong one was a 404 without a word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builders.service import Site, contact_event, logged, running, sealed, services

from bot.web import unknown_paths
from bot.web.unknown_paths import UnknownPaths

KNOWN = ("/callback", "/healthz", "/readyz", "/metrics", "/verify", "/about")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with services(tmp_path_factory.mktemp("bot")) as opened, running(opened) as site:
        yield site


def test_a_callback_with_a_slash_at_its_end_is_stored(site: Site) -> None:
    callback = sealed(contact_event())
    target = callback.target.replace("/callback?", "/callback/?")

    assert site.ask("POST", target, callback.body).status == 200


@pytest.mark.parametrize("path", ["/Callback", "/wecom/callback", "/", "/callback//", "/x" * 500])
def test_a_callback_to_a_wrong_path_is_logged_with_the_right_one(site: Site, path: str) -> None:
    callback = sealed(contact_event())
    with logged(unknown_paths) as entries, pytest.MonkeyPatch.context() as patch:
        patch.setattr(unknown_paths, "_EVERY_S", -1.0)
        site.ask("GET", "/another")  # from now on each request has its line
        answer = site.ask("POST", callback.target.replace("/callback", path), callback.body)

    assert answer.status in {404, 405}
    assert [entry["event"] for entry in entries[-1:]] == ["no such path"]
    assert (entries[-1]["likely"], entries[-1]["peer"]) == ("/callback", "127.0.0.1")
    assert entries[-1]["path"] == path[:80]


@pytest.mark.parametrize(
    ("path", "likely"),
    [
        ("/healtz", "/healthz"),
        ("/ready", "/readyz"),
        ("/Metrics/", "/metrics"),
        ("/callbacks", "/callback"),
        ("/bot/callback", "/callback"),
        ("/favicon.ico", None),
        ("/", None),
    ],
)
def test_the_path_that_is_likely_meant_is_named(path: str, likely: str | None) -> None:
    with logged(unknown_paths) as entries:
        UnknownPaths(KNOWN).note(path, query="", peer="203.0.113.7")

    assert entries[0]["likely"] == likely


def test_there_is_one_line_a_minute_however_many_ask() -> None:
    now = 1000.0
    paths = UnknownPaths(KNOWN, monotonic=lambda: now)
    with logged(unknown_paths) as entries:
        for second in range(0, 180, 10):
            now = 1000.0 + second
            for _ in range(100):
                paths.note("/x", query="", peer="?")

    assert [entry["requests"] for entry in entries] == [1, 600, 600]


def test_a_path_cannot_write_lines_of_its_own() -> None:
    with logged(unknown_paths) as entries:
        UnknownPaths(KNOWN).note("/a\nb\x1b[31m", query="", peer="?")

    assert entries[0]["path"] == "/a\\nb\\x1b[31m"
