"""Two doors lead to one receiver, the built-in server and the Flask application: both answer the same."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from builders import config as config_files
from builders.service import Answer, Callback, Site, contact_event, logged, rows, running, sealed, services
from flask.testing import FlaskClient
from test_web_receiver_refusals import DOUBLES, REFUSED, add, echo_target
from test_web_receiver_vectors import ECHO, ECHO_QUERY, MESSAGE, SAMPLES

from bot.app import service
from bot.services import Services
from bot.web import receiver
from bot.web.request import MAX_BODY

ROOT = Path(__file__).parents[1]
CORP_OF_THE_VECTORS = {"corp": "wx5823bf96d3bd56c7", "server": "callback_max_age = 0"}
OFFICIAL_MESSAGE = Callback(
    query=(
        ("msg_signature", "477715d11cdb4164915debcba66cb864d751f3e6"),
        ("timestamp", "1409659813"),
        ("nonce", "1372623149"),
    ),
    body=f"<xml><AgentID>218</AgentID><Encrypt><![CDATA[{MESSAGE}]]></Encrypt></xml>".encode(),
)


@dataclass(frozen=True)
class FlaskDoor:
    """The application under Flask's test client, with a store of its own."""

    services: Services
    client: FlaskClient

    def ask(self, method: str, target: str, body: bytes | None = None, *, chunked: bool = False) -> Answer:
        # As gunicorn hands over a body in chunks: without a length, and with an end.
        stream = {"input_stream": io.BytesIO(body or b""), "environ_overrides": CHUNKED} if chunked else {}
        answer = self.client.open(target, method=method, data=None if chunked else body, **stream)
        return Answer(answer.status_code, answer.data, {k.lower(): v for k, v in answer.headers.items()})


CHUNKED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


@dataclass(frozen=True)
class Seen:
    """What an outsider sees of one request: the answer, what is stored since, and the refusals logged."""

    status: int
    body: bytes
    headers: dict[str, str]
    stored: list[bytes]
    refusals: list[tuple[object, object]] = field(default_factory=list)


@dataclass(frozen=True)
class Doors:
    """The same bot twice, each behind one door."""

    server: Site
    flask: FlaskDoor

    def ask(
        self, method: str, target: str, body: bytes | None = None, *, chunked: bool = False
    ) -> tuple[Seen, Seen]:
        """Send the same request to both; what the server and what Flask made of it."""
        first, second = (
            seen(door, method, target, body, chunked=chunked) for door in (self.server, self.flask)
        )
        return first, second

    def post(self, callback: Callback, *, chunked: bool = False) -> tuple[Seen, Seen]:
        return self.ask("POST", callback.target, callback.body, chunked=chunked)


def inbox(opened: Services) -> list[bytes]:
    return [
        body
        for _, body, _ in rows(opened.store.engine.path, "SELECT seq, body, state FROM inbox ORDER BY seq")
    ]


def seen(door: Site | FlaskDoor, method: str, target: str, body: bytes | None, *, chunked: bool) -> Seen:
    before = inbox(door.services)
    with logged(receiver) as entries:
        answer = door.ask(method, target, body, chunked=chunked)
    headers = {name: answer.headers[name] for name in ("content-type", "allow") if name in answer.headers}
    refusals = [(entry["status"], entry["reason"]) for entry in entries]
    return Seen(answer.status, answer.body, headers, inbox(door.services)[len(before) :], refusals)


@contextmanager
def opened_doors(folder: Path, **options: str) -> Iterator[Doors]:
    for name in ("server", "flask"):
        (folder / name).mkdir()
    with (
        pytest.MonkeyPatch.context() as patch,
        services(folder / "server", **options) as one,
        services(folder / "flask", **options) as other,
        running(one) as site,
        service.open_app(other) as (app, _),
    ):
        patch.setattr(receiver, "_PAUSE_S", 0.0)  # every refusal has its line, however soon it follows
        yield Doors(site, FlaskDoor(other, app.test_client()))


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened_doors(tmp_path_factory.mktemp("doors")) as doors:
        yield doors


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened_doors(tmp_path_factory.mktemp("official"), **CORP_OF_THE_VECTORS) as doors:
        yield doors


@pytest.mark.parametrize("path", ["/callback", "/callback/"])
@pytest.mark.parametrize(
    "echo",
    [
        pytest.param(ECHO, id="as it is"),
        pytest.param(ECHO.replace("+", "%2B"), id="+ encoded"),
        pytest.param(ECHO.replace("=", "%3d").replace("+", "%2b").replace("/", "%2F"), id="all encoded"),
    ],
)
def test_the_official_address_check_passes_at_both_doors(official: Doors, path: str, echo: str) -> None:
    server, flask = official.ask("GET", f"{path}?{ECHO_QUERY}&echostr={echo}")

    assert server == flask
    assert (server.status, server.body, server.stored) == (200, b"1616140317555161061", [])


def test_the_official_message_is_stored_once_at_both_doors(official: Doors) -> None:
    first = official.post(OFFICIAL_MESSAGE)
    again = official.post(OFFICIAL_MESSAGE)

    assert first[0] == first[1]
    assert again[0] == again[1]
    assert (first[0].status, first[0].body, len(first[0].stored)) == (200, b"", 1)
    assert (again[0].status, again[0].stored) == (200, [])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_event_is_stored_at_both_doors(doors: Doors, path: Path) -> None:
    server, flask = doors.post(sealed(path.read_bytes()))

    assert server == flask
    assert (server.status, server.stored) == (200, [path.read_bytes()])


BUILDERS = {
    **{name: build for name, (build, _) in REFUSED.items()},
    **{name: double.build for name, double in DOUBLES.items()},
}
STATUSES = {
    **{name: status for name, (_, status) in REFUSED.items()},
    **{name: double.status for name, double in DOUBLES.items()},
}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_refusal_is_the_same_at_both_doors(doors: Doors, name: str) -> None:
    server, flask = doors.post(BUILDERS[name]())

    assert server == flask
    assert (server.status, server.body, server.stored) == (STATUSES[name], b"", [])
    assert [status for status, _ in server.refusals] == [STATUSES[name]]


@pytest.mark.parametrize("size", [MAX_BODY + 1, 1_000_000])
def test_a_body_in_chunks_is_measured_at_both_doors(doors: Doors, size: int) -> None:
    server, flask = doors.ask("POST", add().target, b"x" * size, chunked=True)

    assert server == flask
    assert (server.status, server.stored) == (413, [])


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
@pytest.mark.parametrize("slash", ["", "/"], ids=["no slash", "a slash at the end"])
def test_a_callback_is_taken_at_both_doors(doors: Doors, *, slash: str, chunked: bool) -> None:
    event = contact_event(customer=f"wmDoors{slash}{chunked}")
    callback = sealed(event)
    target = callback.target.replace("/callback", f"/callback{slash}")

    server, flask = doors.ask("POST", target, callback.body, chunked=chunked)

    assert server == flask
    assert (server.status, server.body, server.stored) == (200, b"", [event])


def test_a_callback_of_exactly_64_kib_is_taken_at_both_doors(doors: Doors) -> None:
    small = sealed(contact_event(customer="wmDoorsLarge"))
    filler = b"<!--" + b"x" * (MAX_BODY - len(small.body) - 7) + b"-->"
    callback = replace(small, body=small.body.replace(b"</xml>", filler + b"</xml>"))

    server, flask = doors.post(callback)

    assert server == flask
    assert (len(callback.body), server.status, len(server.stored)) == (MAX_BODY, 200, 1)


@pytest.mark.parametrize("path", ["/callback", "/callback/"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"])
def test_other_methods_are_refused_at_both_doors(doors: Doors, method: str, path: str) -> None:
    server, flask = doors.ask(method, path)

    assert server == flask
    assert (server.status, server.body, server.headers) == (405, b"", {"allow": "GET, POST"})


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: echo_target(echostr=None), id="no echostr"),
        pytest.param(lambda: echo_target() + "&echostr=a", id="two of them"),
        pytest.param(lambda: echo_target(timestamp="x"), id="no number"),
        pytest.param(lambda: echo_target(msg_signature="0" * 40), id="a wrong signature"),
        pytest.param(lambda: "/callback?" + "a=1&" * 30, id="too many fields"),
        pytest.param(lambda: "/callback?msg_signature=%ff%fe&nonce=%80", id="bytes that are no UTF-8"),
        pytest.param(lambda: "/callback?%%%=%zz&%ff", id="broken escapes"),
    ],
)
def test_a_bad_address_check_is_refused_at_both_doors(doors: Doors, build: Callable[[], str]) -> None:
    server, flask = doors.ask("GET", build())

    assert server == flask
    assert server.status in {400, 403}
    assert (server.body, server.stored) == (b"", [])


@pytest.mark.parametrize("target", ["/callback//", "/callback/x", "/callbacks", "/healthz", "/nothing"])
def test_what_is_no_callback_is_the_same_at_both_doors(doors: Doors, target: str) -> None:
    server, flask = doors.ask("GET", target)

    assert server == flask
    assert server.refusals == []


@pytest.mark.parametrize("terminated", [False, True], ids=["an open stream", "a stream that the server ends"])
def test_a_body_that_breaks_off_is_not_taken_at_flasks_door(doors: Doors, *, terminated: bool) -> None:
    """The built-in server answers nobody then: tests/test_web_server.py."""
    whole = sealed(contact_event(customer="wmBroken"))
    said = {"CONTENT_LENGTH": str(len(whole.body) + 5)}
    before = inbox(doors.flask.services)

    answer = doors.flask.client.post(
        whole.target,
        input_stream=io.BytesIO(whole.body),
        environ_overrides=said | ({"wsgi.input_terminated": True} if terminated else {}),
    )

    assert answer.status_code == 400
    assert inbox(doors.flask.services) == before


def test_the_caller_in_the_log_is_the_same_at_both_doors(doors: Doors) -> None:
    peers = []
    for door in (doors.server, doors.flask):
        with logged(receiver) as entries:
            if isinstance(door, Site):
                door.ask("POST", "/callback", b"", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
            else:
                door.client.post("/callback", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
        peers += [entry["peer"] for entry in entries]

    assert peers == ["203.0.113.7"] * 2


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """A configuration file and a store in *tmp_path*; the environment that names them."""
    with services(tmp_path):
        pass
    return os.environ | config_files.ENVIRON | {"QUOTABOT_CONFIG": str(tmp_path / "config.toml")}


def test_flask_lists_every_route(installation: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "bot.app.service:make_app", "routes"],
        cwd=ROOT,
        env=installation,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    rules = set(re.findall(r"(/\S*)\s*$", done.stdout, re.MULTILINE))
    assert rules == {
        *("/callback", "/healthz", "/readyz", "/metrics", "/about", "/verify", "/<name>"),
        *("/login", "/login/done", "/logout", "/logged-out", "/me", "/static/<path:filename>"),
        *(f"/me/{act}" for act in ("appeal", "answer", "mute", "unmute", "leave", "back", "help")),
        *("/team", "/team/coach", "/team/export", "/admin", "/admin/audit", "/admin/dead", "/favicon.ico"),
        *("/review", *(f"/review/{act}" for act in ("effect", "decide", "leave"))),
    }


def test_gunicorn_serves_it_and_ends_orderly(installation: dict[str, str], tmp_path: Path) -> None:
    command = [
        "gunicorn",
        "--workers",
        "1",
        "--threads",
        "4",
        "--bind",
        "127.0.0.1:0",
        "--no-control-socket",
        "bot.app.service:make_app()",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env=installation, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process.stderr:
        lines = iter(process.stderr.readline, "")
        port = next(int(found[1]) for line in lines if (found := re.search(r"Listening at: \S+:(\d+)", line)))
        with services(tmp_path) as opened:
            site = Site(opened, port)
            text = site.ask("GET", echo_target())
            taken = site.post(sealed(contact_event()))
            refused = site.post(replace(add(), body=b"x" * (MAX_BODY + 1)))
            alive = site.ask("GET", "/healthz")
            stored = [body for _, body, _ in site.inbox()]
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
    code = process.wait(60)

    assert (text.status, text.body) == (200, b"echo")
    assert (taken.status, refused.status, alive.status) == (200, 413, 200)
    assert stored == [contact_event()]
    assert code == 0
