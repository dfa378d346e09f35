"""The pages as a browser asks for them: with a session, or on the way to one through the local WeCom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.app import service
from bot.features.access.session import Sessions
from bot.services import Services
from bot.web.pages.door import SESSION_COOKIE
from builders.e2e import QUOTA, FakeTime, at, installation, write_config
from sandbox.branch import make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.server import RunningServer, start
from sandbox.world import World

NOON = at("2026-11-25T12:00")
RULES = f"{QUOTA}[quotas.counting]\nkeep_days = 7\n"
IN_WECOM = "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36 wxwork/4.1.30 MicroMessenger/7.0.1"


@contextmanager
def web(services: Services) -> Iterator[Flask]:
    """The application over *services*."""
    with service.open_app(services) as (app, _):
        yield app


def enter(app: Flask, services: Services, userid: str) -> FlaskClient:
    """A browser in which *userid* logged in just now."""
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, Sessions(services).begin(userid))
    return client


def by_hand(app: Flask, services: Services, userid: str, path: str, **form: str) -> TestResponse:
    """Send a form of *userid* that no page need have."""
    cookie = Sessions(services).begin(userid)
    session = Sessions(services).find(cookie)
    assert session is not None
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, cookie)
    return client.post(path, data={"token": session.token, **form})


def token_in(page: str) -> str:
    """The token that the forms of *page* send back."""
    found = set(re.findall(r'name="token" value="([^"]+)"', page))
    assert len(found) == 1
    return found.pop()


def plain(page: str) -> str:
    """*page* without the marks that keep dates, ids and numbers with units on one line."""
    return re.sub(r'<span class="nowrap">([^<]*)</span>', r"\1", page)


def words(page: str) -> str:
    """What *page* says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", plain(page))).split())


@contextmanager
def beside_wecom(
    folder: Path, *, more: str = "", server: str = ""
) -> Iterator[tuple[Services, RunningServer]]:
    """An installation of the sandbox's branch that knows where to log in; the bot itself does not run."""
    world = World(make_branch(seed=1, today=NOON.date()), clock=VirtualClock(NOON.timestamp(), speed=0))
    write_files(world.branch, folder)
    with start(world) as wecom:
        urls = f'oauth_base_url = "{wecom.url}"\nlogin_base_url = "{wecom.url}"'
        path = write_config(
            folder, app=asdict(world.app), api_url=wecom.url, wecom=urls, more=more, quotas=RULES
        )
        if server:
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("[server]", f"[server]\n{server}"), encoding="utf-8")
        with installation(path, FakeTime(NOON)) as services:
            yield services, wecom


def code_for(address: str, userid: str) -> tuple[str, str]:
    """Go to WeCom's login *address* and continue as *userid*: the code and the state that it sends back."""
    answer = requests.get(address, params={"as": userid}, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return query["code"][0], query["state"][0]
