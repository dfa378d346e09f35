"""Faults on demand, for rehearsals: POST /sandbox/faults arms them, later calls use them up."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


class FaultError(ValueError):
    """An unknown fault, or one with a wrong value."""


@dataclass(slots=True, kw_only=True)
class Planned:
    """The faults of one call. Seconds and HTTP status; None means none."""

    delay: float = 0.0
    hang_before: float | None = None
    status: int | None = None
    errcode: int | None = None
    read_errcode: int | None = None
    lists_errcode: int | None = None
    hang_after: float | None = None
    close_after: bool = False

    @property
    def names(self) -> list[str]:
        """Return the names of this call's faults, for the log of calls."""
        given = {
            "delay": self.delay > 0,
            "hang_before": self.hang_before is not None,
            "http_status": self.status is not None,
            "send_error": self.errcode is not None,
            "read_error": self.read_errcode is not None,
            "lists_error": self.lists_errcode is not None,
            "hang_after": self.hang_after is not None,
            "close_after": self.close_after,
        }
        return [name for name, is_on in given.items() if is_on]


@dataclass(slots=True)
class _Counted:
    value: float
    times: int


# Counted faults: the key of the JSON, the field inside it, its default.
_COUNTED: Mapping[str, tuple[str, float | None]] = {
    "send_error": ("errcode", None),
    "token_error": ("errcode", None),
    "read_error": ("errcode", None),
    "welcome_error": ("errcode", None),
    "http_status": ("status", 502.0),
    "hang_before": ("seconds", 30.0),
    "hang_after": ("seconds", 30.0),
    "close_after": ("", 0.0),
    "gateway": ("", 0.0),
    "drip": ("seconds", 1.0),
    "dead_token": ("", 0.0),
}
_KINDS = ("userid", "tag", "department")
_LISTS = frozenset(
    f"externalcontact/{name}" for name in ("get_follow_user_list", "list", "batch/get_by_user")
)


@dataclass(slots=True)
class Faults:
    """The armed faults. Thread-safe.

    JSON keys: ``send_error``, ``token_error``, ``read_error`` and ``welcome_error`` {errcode, times};
    ``read_after`` reads that still succeed before a ``read_error``; ``http_status`` {status, times};
    ``hang_before`` (nothing accepted), ``hang_after`` (accepted, then silence) {seconds, times};
    ``close_after`` {times} (accepted, then the connection breaks); ``delay_ms`` for every send and read;
    ``lists_error`` errcode of every list of customers, 0 for none;
    ``untrusted_ip`` true/false; ``concurrency`` calls of one API in flight, 0 for none; ``busy_every`` n:
    every n-th reading call answers -1, 0 for none. *times* is 1 by default.
    Of every API: ``gateway`` {times}: something before WeCom answers 200 without an errcode, and nothing is
    accepted; ``drip`` {seconds, times}: the answer comes byte by byte. ``dead_token`` {times}: gettoken gives
    a token that is refused (40014) from its first use. ``odd`` {"userid:yg03": errcode, "tag:4": errcode,
    "department:12": errcode}: whatever names it is refused, until the faults are cleared.
    """

    delay_ms: int = 0
    untrusted_ip: bool = False
    concurrency: int = 0
    read_after: int = 0
    busy_every: int = 0
    lists_error: int = 0
    odd: dict[str, int] = field(default_factory=dict)
    _reads: int = 0
    _counted: dict[str, list[_Counted]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Disarm all faults."""
        with self._lock:
            self._counted.clear()
            self.odd.clear()
            self.delay_ms, self.untrusted_ip, self.concurrency = 0, False, 0
            self.read_after = self.busy_every = self.lists_error = self._reads = 0

    def disarm(self, name: str) -> None:
        """Disarm what is left of one counted fault."""
        with self._lock:
            self._counted.pop(name, None)

    def arm(self, wanted: Mapping[str, object]) -> None:
        """Arm the faults of *wanted*, all or none. Raises FaultError."""
        counted = {name: _counted_of(name, value) for name, value in wanted.items() if name in _COUNTED}
        for name in wanted.keys() - counted.keys():
            _check_plain(name, wanted[name])
        with self._lock:
            for name, fault in counted.items():
                self._counted.setdefault(name, []).append(fault)
            self.delay_ms = int(str(wanted.get("delay_ms", self.delay_ms)))
            self.concurrency = int(str(wanted.get("concurrency", self.concurrency)))
            self.read_after = int(str(wanted.get("read_after", self.read_after)))
            self.busy_every = int(str(wanted.get("busy_every", self.busy_every)))
            self.lists_error = int(str(wanted.get("lists_error", self.lists_error)))
            self.untrusted_ip = wanted.get("untrusted_ip", self.untrusted_ip) is True
            odd = wanted.get("odd", {})
            self.odd |= odd if isinstance(odd, dict) else {}

    def for_send(self) -> Planned:
        """Take the faults of the next message/send; counted faults are used up."""
        with self._lock:
            status, errcode = self._take("http_status"), self._take("send_error")
            return Planned(
                delay=self.delay_ms / 1000,
                hang_before=self._take("hang_before"),
                status=None if status is None else int(status),
                errcode=None if errcode is None else int(errcode),
                hang_after=self._take("hang_after"),
                close_after=self._take("close_after") is not None,
            )

    def for_read(self, path: str) -> Planned:
        """Take the faults of the next reading call, of the API at *path*."""
        with self._lock:
            if self.lists_error and path in _LISTS:
                return Planned(delay=self.delay_ms / 1000, lists_errcode=self.lists_error)
            errcode = None
            if self._counted.get("read_error") and self.read_after:
                self.read_after -= 1
            else:
                errcode = self._take("read_error")
            self._reads += 1
            if errcode is None and self.busy_every and self._reads % self.busy_every == 0:
                errcode = -1.0
            return Planned(delay=self.delay_ms / 1000, read_errcode=None if errcode is None else int(errcode))

    def for_welcome(self) -> Planned:
        """Take the faults of the next send_welcome_msg."""
        with self._lock:
            errcode = self._take("welcome_error")
            return Planned(delay=self.delay_ms / 1000, errcode=None if errcode is None else int(errcode))

    def for_token(self) -> int | None:
        """Take the errcode of the next gettoken, if any."""
        with self._lock:
            errcode = self._take("token_error")
        return None if errcode is None else int(errcode)

    def for_any(self) -> tuple[bool, float | None]:
        """Take the faults of the next call of any API: whether a gateway answers, and seconds a byte."""
        with self._lock:
            return self._take("gateway") is not None, self._take("drip")

    def is_token_dead(self) -> bool:
        """Return whether the token that is given now is refused from the start."""
        with self._lock:
            return self._take("dead_token") is not None

    def oddity(self, kind: str, *names: object) -> int | None:
        """Return the errcode of a call that names an odd one of *names*, if one is."""
        with self._lock:
            codes = (self.odd.get(f"{kind}:{name}".lower()) for name in names)
            return next((code for code in codes if code is not None), None)

    def state(self) -> dict[str, object]:
        """Return the armed faults, for people and tests."""
        with self._lock:
            left = {
                name: sum(fault.times for fault in faults) for name, faults in self._counted.items() if faults
            }
            plain = {"delay_ms": self.delay_ms, "untrusted_ip": self.untrusted_ip}
            numbers = {
                "concurrency": self.concurrency,
                "read_after": self.read_after,
                "busy_every": self.busy_every,
                "lists_error": self.lists_error,
            }
            return {**plain, **numbers, "odd": dict(self.odd), "left": left}

    def _take(self, name: str) -> float | None:
        faults = self._counted.get(name)
        if not faults:
            return None
        first = faults[0]
        first.times -= 1
        if first.times == 0:
            faults.pop(0)
        return first.value


def _counted_of(name: str, value: object) -> _Counted:
    key, default = _COUNTED[name]
    given = {"times": value} if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(given, dict) or given.keys() - {key, "times"}:
        raise FaultError(f"{name} takes {key or 'times'} and times, not {value!r}")
    times, number = given.get("times", 1), given.get(key, default)
    if not isinstance(times, int) or times < 1 or not isinstance(number, int | float):
        raise FaultError(f"{name} needs {key or 'times'} and a positive times, not {value!r}")
    return _Counted(float(number), times)


def _check_plain(name: str, value: object) -> None:
    numbers = dict.fromkeys(("delay_ms", "concurrency", "read_after", "busy_every"), int)
    plain = {**numbers, "lists_error": int, "untrusted_ip": bool, "odd": dict}
    wanted = plain.get(name)
    if wanted is None:
        known = sorted([*_COUNTED, *plain, "revoke_token", "expire_token", "clear"])
        raise FaultError(f"no fault {name!r}; there are: {', '.join(known)}")
    if type(value) is not wanted or (isinstance(value, int) and value < 0 and name != "lists_error"):
        raise FaultError(f"{name} takes {wanted.__name__}, not {value!r}")
    if isinstance(value, dict):
        for what, errcode in value.items():
            if str(what).partition(":")[0] not in _KINDS or type(errcode) is not int or not errcode:
                raise FaultError(f"odd takes userid:, tag: or department: with an errcode, not {what!r}")
