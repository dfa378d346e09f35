"""The bot's real processes: each with a configuration and a port of its own, killed and started again."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from builders.e2e import (
    COMMAND,
    PATIENCE_S,
    QUOTA,
    ROOT,
    far_schedule,
    rows_of,
    until,
    write_config,
    write_roster,
)
from builders.ports import free_port

from torture.nursery import Forked, Nursery

PEOPLE = [f"u{number:03d}" for number in range(20)]
_READY = {"receiver": b"listening on ", "all": b"listening on ", "worker": b"working"}


@dataclass
class Member:
    """One process of the bot. Its log stands in *folder*; *url* is where it receives."""

    name: str
    role: str
    folder: Path
    url: str
    deaths: int = 0
    process: subprocess.Popen[bytes] | Forked | None = None
    is_frozen: bool = False
    falls: list[str] = field(default_factory=list)
    _log_begins: int = 0

    def start(self, nursery: Nursery | None = None) -> None:
        """Start it, in the *nursery* if there is one; it is not ready yet."""
        arguments = ["serve", "--role", self.role, "--config", str(self.config)]
        with self.log.open("ab") as output:
            self._log_begins = output.tell()
            if nursery is not None:
                self.process = nursery.start(arguments, log=self.log)
                return
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
            )

    @property
    def config(self) -> Path:
        """Return its configuration file."""
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        """Return the file with everything that it wrote to standard error."""
        return self.folder / "log"

    @property
    def is_ready(self) -> bool:
        """Return whether it has said since its last start that it works."""
        return _READY[self.role] in self.said()

    @property
    def receives(self) -> bool:
        """Return whether WeCom calls it back."""
        return self.role != "worker"

    def said(self) -> bytes:
        """Return its log since the last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_begins)
            return log.read()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.note_fall()
        self.send(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self.deaths, self.is_frozen = self.deaths + 1, False

    def note_fall(self) -> None:
        """Note if it has ended though nobody killed it."""
        if self.process is not None and self.process.poll() is not None:
            code, said = self.process.returncode, self.said()[-2000:]
            self.falls.append(f"{self.name} ended by itself with {code}: {said!r}")

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does, as a machine without memory or a paused one would."""
        self.send(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self) -> None:
        """Let it go on as if nothing had been."""
        if self.is_frozen:
            self.send(signal.SIGCONT)
            self.is_frozen = False


@dataclass
class Fleet:
    """All processes on one store at *place*."""

    place: Path | str
    members: list[Member] = field(default_factory=list)
    _nursery: Nursery | None = None

    def add(self, role: str, folder: Path, *, store: str, api_url: str) -> None:
        """Write the configuration of one more process."""
        name = f"{role} {sum(member.role == role for member in self.members) + 1}"
        own = folder / name.replace(" ", "")
        own.mkdir()
        write_roster(own, *(f"{userid},员工,1,客户经理,,,," for userid in PEOPLE))
        listen = f"127.0.0.1:{free_port()}"
        write_config(own, api_url=api_url, listen=listen, store=store, more=far_schedule(), quotas=QUOTA)
        self.members.append(Member(name, role, own, f"http://{listen}"))

    @property
    def urls(self) -> list[str]:
        """Return where callbacks may go."""
        return [member.url for member in self.members if member.receives]

    @property
    def kills(self) -> int:
        """Return how often a process was killed."""
        return sum(member.deaths for member in self.members)

    def start(self) -> None:
        """Start everything and wait until it works."""
        for member in self.members:
            member.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until every process works."""
        until(lambda: all(member.is_ready for member in self.members), look_s=0.2)

    def restart(self, member: Member) -> None:
        """Kill a process and start it at once."""
        self._nursery = self._nursery or Nursery()
        member.kill()
        member.start(self._nursery)

    def sender(self) -> Member | None:
        """Return the process with the delivery lease, if one has it."""
        rows = rows_of(self.place, "SELECT holder FROM leases WHERE name = 'delivery'")
        pids = {row["holder"].split(":")[1] for row in rows}
        return next(
            (member for member in self.members if member.process and str(member.process.pid) in pids), None
        )

    def fallen(self) -> list[str]:
        """Return the processes that ended though nobody killed them."""
        for member in self.members:
            member.note_fall()
        return [fall for member in self.members for fall in member.falls]

    def tracebacks(self) -> list[str]:
        """Return what the processes logged as faults of the program, shortened."""
        found = []
        for member in self.members:
            for line in member.log.read_text(encoding="utf-8", errors="replace").splitlines():
                if '"exception"' in line:
                    entry = json.loads(line)
                    found.append(f"{member.name}: {entry['event']}: {entry['exception'][-300:]}")
                elif line.startswith("Traceback"):
                    found.append(f"{member.name}: a traceback beside the log")
        return found

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start another command of the bot on this store."""
        return subprocess.Popen(
            [*COMMAND, *arguments, "--config", str(self.members[-1].config)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def end(self) -> list[int]:
        """End all in order; return their exit codes."""
        for member in self.members:
            member.thaw()
            member.send(signal.SIGTERM)
        return [member.process.wait(PATIENCE_S) for member in self.members if member.process]

    def close(self) -> None:
        """Leave no process behind."""
        for member in self.members:
            if member.process and member.process.poll() is None:
                member.process.kill()
                member.process.wait()
        if self._nursery is not None:
            self._nursery.close()
