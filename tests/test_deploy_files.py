"""What a bank deploys: unit files, proxies, compose files, the image's recipe; read by their own tools."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import click
import pytest
import requests
import yaml
from builders.docs import text_of
from builders.e2e import PATIENCE_S, bot_process, sandbox_process, until, write_config
from builders.ports import free_port
from builders.proxy import NGINX, proxy_file, site_of, with_nginx

from bot.cli.main import load_command

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
SYSTEMD_ANALYZE = shutil.which("systemd-analyze", path=PATH)
COMPOSE = ["compose.yaml", "compose.sqlite.yaml"]
PROXIES = ["nginx/compose.conf", "nginx-tls.conf"]
OF_OPERATORS = {"/readyz", "/metrics", "/healthz"}


def options(command: str) -> set[str]:
    return {opt for one in load_command(command).params if isinstance(one, click.Option) for opt in one.opts}


# --- supervisord ---


def test_supervisord_starts_what_systemd_starts_and_gives_as_long_to_end() -> None:
    parser = ConfigParser()
    parser.read(DEPLOY / "supervisord.conf", encoding="utf-8")
    program = parser["program:quotabot"]
    unit = (DEPLOY / "systemd" / "quotabot.service").read_text(encoding="utf-8").splitlines()

    assert f"ExecStart={program['command']}" in unit
    assert f"User={program['user']}" in unit
    assert f"TimeoutStopSec={program['stopwaitsecs']}" in unit
    assert f"KillSignal=SIG{program['stopsignal']}" in unit
    assert f"UMask=0{program['umask']}" in unit
    assert f"StateDirectory={Path(program['directory']).name}" in unit
    # Restarted like `Restart=on-failure` with `RestartPreventExitStatus=2`.
    assert (program["autorestart"], program["exitcodes"]) == ("unexpected", "0,2")
    assert "RestartPreventExitStatus=2" in unit


# --- systemd ---


@pytest.mark.skipif(
    SYSTEMD_ANALYZE is None,
    reason="SKIPPED: no systemd-analyze (apt-get install systemd), units not verified",
)
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(tmp_path: Path, unit: Path) -> None:
    program = "/opt/quotabot/.venv/bin/quotabot"
    text = unit.read_text(encoding="utf-8")
    assert program in text
    copy = tmp_path / unit.name
    copy.write_text(text.replace(program, sys.executable), encoding="utf-8")
    assert SYSTEMD_ANALYZE is not None
    done = subprocess.run(
        [SYSTEMD_ANALYZE, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_hardened_waits_for_clock_and_database_and_gives_time_to_end(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    assert {"time-sync.target", "postgresql.service"} <= set(settings["After"].split())
    assert settings["RestartPreventExitStatus"] == "2"
    assert int(settings["TimeoutStopSec"]) > 20  # requests and calls under way have 10 s each
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"
    for key, value in (
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("CapabilityBoundingSet", ""),
        ("UMask", "0077"),
        ("User", "quotabot"),
        ("SystemCallFilter", "@system-service"),
    ):
        assert settings[key] == value


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_the_program_knows(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    program, command, *words = shlex.split(line)

    assert program.endswith("/quotabot")
    assert command == "serve"
    assert {word for word in words if word.startswith("--")} <= options("serve")
    role = words[words.index("--role") + 1] if "--role" in words else "all"
    assert unit.stem == ("quotabot" if role == "all" else f"quotabot-{role}")


# --- nginx ---


@pytest.mark.parametrize("name", PROXIES)
def test_every_path_has_a_way_through_the_proxy_but_those_of_operators(name: str) -> None:
    site = (DEPLOY / name).read_text(encoding="utf-8")
    ways = [re.compile(pattern) for pattern in re.findall(r"location ~ (\S+) \{", site)]
    paths = set(re.findall(r"^\| `(?:GET|POST) (/\S*)` \|", text_of("http"), re.MULTILINE))
    closed = {path for path in paths if not any(way.search(path.replace("…", "x")) for way in ways)}

    assert len(paths) > 20
    assert closed == OF_OPERATORS


@with_nginx
@pytest.mark.parametrize("name", PROXIES)
def test_nginx_takes_the_file(tmp_path: Path, name: str) -> None:
    assert NGINX is not None
    path = proxy_file(tmp_path, site_of(name, tmp_path))
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


@with_nginx
def test_a_callback_and_the_pages_come_through_and_figures_of_operators_do_not(tmp_path: Path) -> None:
    assert NGINX is not None
    with sandbox_process(tmp_path) as sandbox:
        config = write_config(tmp_path, app=sandbox.get("app"), api_url=sandbox.url)
        with bot_process(config) as bot:
            port, upstream = free_port(), int(bot.url.rpartition(":")[2])
            site = site_of("nginx/compose.conf", tmp_path, port=port, upstreams=(free_port(), upstream))
            path, url = proxy_file(tmp_path, site), f"http://127.0.0.1:{port}"
            with subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(path)]) as nginx:
                try:
                    until(lambda: answers(f"{url}/about"))
                    sandbox.post("switches", {"callback_url": f"{url}/callback"})
                    verified = sandbox.post("verify", {})
                    told = sandbox.post("events?wait=1", {"kind": "add", "userid": "yg01"})
                    about = requests.get(f"{url}/about", timeout=PATIENCE_S).text
                    files = {status(f"{url}/{one}") for one in re.findall(r'"(static/[^"]+)"', about)}
                    closed = {status(f"{url}{path}") for path in (*OF_OPERATORS, "/")}
                    large = requests.post(f"{url}/callback", data="x" * 70_000, timeout=PATIENCE_S)
                finally:
                    nginx.terminate()

    assert verified["ok"]
    assert told["delivered"] == 1  # although the first receiver is not there
    assert files == {200}  # a page's style and script
    assert closed == {404}
    assert large.status_code == 413


def status(url: str) -> int:
    return requests.get(url, timeout=PATIENCE_S).status_code


def answers(url: str) -> bool:
    try:
        return status(url) == 200
    except requests.ConnectionError:
        return False


# --- compose and image ---


def compose(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return read


def own_services(name: str) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = compose(name)["services"]
    return {called: service for called, service in services.items() if service.get("image") == "quotabot"}


@pytest.mark.parametrize("name", COMPOSE)
def test_containers_are_read_only_without_rights_and_mount_folders(name: str) -> None:
    for service in own_services(name).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert int(service["stop_grace_period"].rstrip("s")) > 20
        assert not [mount for mount in service["volumes"] if re.search(r"\.(toml|csv|db)\b", mount)]
        assert any(mount.split(":")[1] == "/var/lib/quotabot" for mount in service["volumes"])


def test_on_postgresql_two_receivers_and_two_workers_run_behind_a_proxy() -> None:
    commands = {name: service["command"] for name, service in own_services("compose.yaml").items()}
    proxy = (DEPLOY / "nginx" / "compose.conf").read_text(encoding="utf-8")

    assert commands == {
        "receiver-1": ["serve", "--role", "receiver"],
        "receiver-2": ["serve", "--role", "receiver"],
        "worker-1": ["serve", "--role", "worker"],
        "worker-2": ["serve", "--role", "worker"],
    }
    assert [name for name in commands if name.startswith("receiver") and f"{name}:8080" not in proxy] == []
    (mounted,) = compose("compose.yaml")["services"]["proxy"]["volumes"]
    assert (ROOT / mounted.split(":")[0]).is_dir()


def test_a_receiver_keeps_its_address_because_the_proxy_looks_it_up_once() -> None:
    read = compose("compose.yaml")
    (pool,) = read.get("networks", {"default": {"ipam": {"config": [None]}}})["default"]["ipam"]["config"]
    names = [name for name in own_services("compose.yaml") if name.startswith("receiver")]
    networks = [read["services"][name].get("networks") for name in names]

    assert None not in networks
    own = {IPv4Address(network["default"]["ipv4_address"]) for network in networks}
    assert len(own) == len(names)
    assert own <= set(IPv4Network(pool["subnet"]).hosts()) - set(IPv4Network(pool["ip_range"]))


@pytest.mark.parametrize("name", COMPOSE)
def test_every_volume_and_every_file_that_is_named_is_there(name: str) -> None:
    read = compose(name)
    volumes = read.get("volumes") or {}
    mounts = [mount for one in read["services"].values() for mount in one.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}

    assert named == set(volumes)
    for service in own_services(name).values():
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_the_image_is_made_of_what_there_is_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    words = [shlex.split(line) for line in lines if line and not line.startswith("#")]
    copied = {
        source for word in words if word[0] == "COPY" and "--from" not in word[1] for source in word[1:-1]
    }
    *_, last_stage = (number for number, word in enumerate(words) if word[0] == "FROM")
    final = words[last_stage:]

    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {"bot", "handlers", "scheduler", "sandbox", "requirements.txt"} <= copied
    assert [word[1] for word in words if word[0] == "FROM" and not re.search(r":\d", word[1])] == []
    assert ["USER", "10001:10001"] in final  # a number: clusters then see that it is not root
    assert not [word for word in final if "pip" in word]
    assert any("--require-hashes" in word for word in words)
    assert final[-1][0] == "CMD"
