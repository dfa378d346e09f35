"""Health, readiness, metrics, verification files, and who the log says has called."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from builders.e2e import until
from builders.sandbox import make_world
from builders.service import CODEC, Site, contact_event, locked, logged, running, sealed, services, signed

from bot import __version__
from bot.app import service
from bot.store.coordination import TOKEN
from bot.web import receiver
from bot.web.peer import Peer
from bot.web.request import Request
from bot.wecom.errors import AnswerError
from sandbox import server as sandbox_server

VERIFY = "WW_verify_AbCdEf0123456789.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "verify").mkdir()
    (folder / "verify" / VERIFY).write_text("AbCdEf0123456789", encoding="ascii")
    (folder / "verify" / "notes.txt").write_text("not for the world", encoding="ascii")
    (folder / "WW_verify_outside.txt").write_text("not for the world", encoding="ascii")
    (folder / "verify" / "WW_verify_folder.txt").mkdir()
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    with services(folder, server='verify_files = "verify"') as opened, running(opened) as site:
        yield site


def report(site: Site) -> tuple[int, dict[str, object]]:
    answer = site.ask("GET", "/readyz")
    return answer.status, json.loads(answer.body)


def test_a_running_service_says_that_it_is_alive(site: Site) -> None:
    assert site.ask("GET", "/healthz").status == 200


def test_a_service_that_can_store_is_ready_and_nothing_is_degraded(site: Site) -> None:
    assert report(site) == (200, {"ready": True, "version": __version__, "degraded": []})


def test_a_locked_store_makes_the_service_not_ready_but_leaves_it_alive(site: Site) -> None:
    with locked(site.path):
        status, told = report(site)
        alive = site.ask("GET", "/healthz").status

    assert (status, told["ready"], alive) == (503, False, 200)
    assert [part["part"] for part in told["degraded"]] == ["store"]  # type: ignore[attr-defined]  # JSON
    assert report(site)[0] == 200


@pytest.mark.parametrize(
    ("errcode", "remedy"),
    [
        pytest.param(40001, "[wecom] secret", id="a wrong secret"),
        pytest.param(60020, "企业可信IP", id="an address WeCom does not trust"),
    ],
)
def test_what_wecom_refuses_is_named_with_its_remedy_and_does_not_stop_the_receiver(
    site: Site, errcode: int, remedy: str
) -> None:
    tokens = site.services.store.tokens
    tokens.block(TOKEN, error=str(AnswerError(errcode)), errcode=errcode, until=2**40)

    status, told = report(site)
    stored = site.post(sealed(contact_event())).status
    text = CODEC.encrypt(b"echo")
    checked = site.ask("GET", signed(b"", encrypt=text).with_query(echostr=text).target).status
    tokens.put(TOKEN, token="good", expires_at=2**40)

    assert (status, stored, checked) == (200, 200, 200)
    assert [part["errcode"] for part in told["degraded"]] == [errcode]  # type: ignore[attr-defined]  # JSON
    assert remedy in json.dumps(told, ensure_ascii=False)
    assert report(site)[1]["degraded"] == []


@pytest.mark.parametrize("errcode", [40001, 60020])
def test_a_service_that_wecom_refuses_runs_on_and_says_it(tmp_path: Path, errcode: int) -> None:
    world, real = make_world()
    real.now = time.time()
    world.faults.arm({"token_error": {"errcode": errcode, "times": 99}})
    with (
        sandbox_server.start(world) as wecom,
        services(tmp_path, wecom=f'api_base_url = "{wecom.url}"') as opened,
        logged(service) as entries,
        running(opened, role="all") as own,
    ):
        until(lambda: bool(report(own)[1]["degraded"]))
        status, told = report(own)
        stored = own.post(sealed(contact_event())).status

    assert (status, stored) == (200, 200)
    assert [part["errcode"] for part in told["degraded"]] == [errcode]  # type: ignore[attr-defined]  # JSON
    assert [entry["errcode"] for entry in entries if "errcode" in entry] == [errcode]
    assert world.tokens.calls <= 1


def test_dead_letters_are_named(tmp_path: Path) -> None:
    with services(tmp_path) as opened, running(opened) as own:
        own.post(sealed(contact_event()))
        opened.store.inbox.fail(1, kind="x", attempts=5, next_try_at=None, error="x")

        status, told = report(own)

    assert status == 200
    assert [part["part"] for part in told["degraded"]] == ["inbox"]  # type: ignore[attr-defined]  # JSON


def test_metrics_are_open_where_no_token_is_configured(site: Site) -> None:
    answer = site.ask("GET", "/metrics")

    assert answer.status == 200
    assert b"quotabot_inbox_pending" in answer.body
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param({}, 401, id="none"),
        pytest.param({"Authorization": "Bearer wrong"}, 401, id="a wrong one"),
        pytest.param({"Authorization": "metrics-token"}, 401, id="without Bearer"),
        pytest.param({"Authorization": "Bearer \xff\xe9"}, 401, id="one that is not ASCII"),
        pytest.param({"Authorization": "Bearer metrics-token"}, 200, id="the right one"),
        pytest.param({"Authorization": "bearer metrics-token"}, 200, id="in small letters"),
    ],
)
def test_metrics_ask_for_the_configured_token(tmp_path: Path, header: dict[str, str], status: int) -> None:
    token = 'metrics_token = { env = "QUOTABOT_METRICS_TOKEN" }'
    with services(tmp_path, server=token) as opened, running(opened) as own:
        answer = own.ask("GET", "/metrics", headers=header)

    assert answer.status == status
    assert (b"quotabot_" in answer.body) == (status == 200)
    assert answer.headers.get("www-authenticate") == (None if status == 200 else "Bearer")


def test_metrics_count_what_waits(tmp_path: Path) -> None:
    with services(tmp_path) as opened, running(opened) as own:
        own.post(sealed(contact_event()))

        lines = own.ask("GET", "/metrics").body.decode().splitlines()

    assert "quotabot_inbox_pending 1.0" in lines
    assert "quotabot_inbox_dead 0.0" in lines


def test_a_verification_file_is_served_at_the_root(site: Site) -> None:
    answer = site.ask("GET", f"/{VERIFY}")

    assert (answer.status, answer.body) == (200, b"AbCdEf0123456789")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/notes.txt", id="another file of the folder"),
        pytest.param("/WW_verify_outside.txt", id="a file beside the folder"),
        pytest.param("/..%2FWW_verify_outside.txt", id="a way up, escaped"),
        pytest.param("/../WW_verify_outside.txt", id="a way up"),
        pytest.param("/verify/" + VERIFY, id="by the folder's name"),
        pytest.param("/WW_verify_..%2f..%2fetc.txt", id="a way up inside the name"),
        pytest.param("/WW_verify_folder.txt", id="a folder with such a name"),
        pytest.param("/WW_verify_.txt", id="an empty name"),
        pytest.param("/WW_verify_AbCdEf0123456789.txt%0a", id="a line break at the end"),
        pytest.param("/WW_verify_%00.txt", id="a zero byte"),
        pytest.param("/", id="the root"),
    ],
)
def test_nothing_but_verification_files_is_served(site: Site, target: str) -> None:
    answer = site.ask("GET", target)

    assert answer.status == 404
    assert b"not for the world" not in answer.body


def test_without_a_folder_no_file_is_served(tmp_path: Path) -> None:
    with services(tmp_path) as opened, running(opened) as own:
        assert own.ask("GET", f"/{VERIFY}").status == 404


@pytest.mark.parametrize(
    ("client", "forwarded", "peer"),
    [
        pytest.param("10.0.0.1", "", "10.0.0.1", id="straight from the proxy"),
        pytest.param("10.0.0.1", "203.0.113.7", "203.0.113.7", id="the proxy says who"),
        pytest.param("203.0.113.7", "198.51.100.1", "203.0.113.7", id="a stranger may say nothing"),
        pytest.param("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7", id="a made-up first hop"),
        pytest.param("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7", id="two proxies"),
        pytest.param("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3", id="proxies only"),
        pytest.param("10.0.0.1", "evil\nline", "?", id="no address"),
        pytest.param("10.0.0.1", " , 203.0.113.7 ,", "203.0.113.7", id="empty hops"),
        pytest.param("", "", "?", id="nothing known"),
        pytest.param("2001:db8::9", "203.0.113.7", "203.0.113.7", id="a proxy on IPv6"),
    ],
)
def test_the_caller_in_the_log_is_what_trusted_proxies_say(client: str, forwarded: str, peer: str) -> None:
    trusted = Peer([ip_network("10.0.0.0/8"), ip_network("2001:db8::/64")])
    request = Request(method="POST", path="/callback", query="", body=b"", client=client, forwarded=forwarded)

    assert trusted(request) == peer


def test_a_refusal_behind_the_proxy_names_the_caller(site: Site) -> None:
    with logged(receiver) as entries:
        site.ask("POST", "/callback", b"", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})

    assert [entry["peer"] for entry in entries] == ["203.0.113.7"]


def test_where_cards_without_buttons_lead_stand_nobodys_figures(site: Site) -> None:
    answer = site.ask("GET", "/about")

    assert answer.status == 200
    assert "您的数字在企业微信的消息里" in answer.body.decode()
