"""WeCom's error codes as classes that decide what to do [90313], and what to change in the admin console."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from bot.core.errors import ContentFreeError


class ErrorKind(Enum):
    """The meaning of an answer for its call."""

    OK = "ok"
    TRANSIENT = "transient"  # retry with back-off
    RATE = "rate"  # pause this API for its window, then continue
    TOKEN = "token"  # noqa: S105 - refresh once and try once more
    CONFIG = "config"  # an administrator must change something; all calls of this app fail until then
    RECEIVER = "receiver"  # this receiver cannot get the message
    PERMANENT = "permanent"  # this call can never succeed
    DONE = "done"  # it was already done


_TRANSIENT = {-1, 6000, 45033, 45035, 45036, 41063, 41079, 41096, 301022, 2000111, 2000141}
_RATE = {45009, 45011, 90313}
_TOKEN = {40014, 42001}
_INVALID_CREDENTIAL = 40001  # of gettoken: the secret; of any other call: the token
_CONFIG = {
    *(40001, 40013, 40091, 41001, 41002, 41004, 50001, 50003, 60020, 60031),
    *(301002, 301007, 85005, 80001, 40056, 41011),
    *range(48001, 48012),
}
_RECEIVER = {
    *(50002, 60011, 60021, 60030, 81011, 81013, 84061),
    *(84074, 84084, 92000, 701008, 60111, 40003, 40031),
}
_DONE = {41051, 60102, 60104}

TASK_KNOWN = 42014  # a task_id is accepted once
CODE_SPENT = 60140  # a response code was used, or is older than 72 hours

RATE_WINDOW_S = 60  # a block lasts as long as its window; the shortest window of sending is a minute
TOO_OFTEN = 45009
TOO_MANY_AT_ONCE = frozenset({45033, 45036})  # all processes pause briefly
SYSTEM_BUSY = -1
MAX_SYSTEM_BUSY_TRIES = 3  # of one call that is answered -1

_YOUR_ADDRESS = "from your ip"
_SEEN_FROM = re.compile(r"from ip: ([0-9A-Fa-f.:]{3,45})")
_ANSWERED = "WeCom answered "
_APP = "admin console, 应用管理 → the app"
_CONTACTS = "admin console, 客户联系 → 权限配置"
_RANGE = f"the app does not see this member: {_APP} → 可见范围, add the department"
_REMEDY = {
    40001: "the secret is wrong or the app is disabled: copy this very app's secret into [wecom] secret",
    40013: "corp_id is wrong: it stands at the foot of 我的企业",
    40056: "agent_id is wrong: it stands beside the secret on the app's page",
    40091: "the secret belongs to another corp: copy the secret of this app of this corp",
    48002: f"the app may not use this API: {_CONTACTS} → 可调用接口的应用, add the app",
    50002: f"the app does not see this member: {_APP} → 可见范围, and {_CONTACTS} → 使用范围",
    50003: f"the app is disabled: {_APP}, enable it",
    60011: _RANGE,
    60020: f"this machine's address is not trusted: {_APP} → 企业可信IP, add it (takes a minute)",
    60031: "the app is barred from the API: ask WeCom's support",
    60111: _RANGE,
    81013: _RANGE,
    84061: "WeCom shows the app no such contact. If it concerns many, the app does not see these members: "
    f"{_APP} → 可见范围, and {_CONTACTS} → 使用范围",
    701008: "these members have no licence for 客户联系: buy or assign it in the admin console",
    93000: "the group robot is gone or its key is wrong: put the key of its webhook address into webhook_key",
    93004: "the group robot is disabled: enable it in the group, then change its webhook_key or [[robots]]",
    93008: "the group robot is no longer in its group: add one and put its key into webhook_key",
    301002: "agent_id and secret belong to two different apps: copy both from one app's page",
}


class WeComError(ContentFreeError):
    """An error answer of WeCom, or no answer. The text holds no token, secret or content."""


@dataclass
class AnswerError(WeComError):
    """An answer with *errcode*; `str()` says what to do, if known. *had_token*: the call carried a token."""

    errcode: int
    stem: str = ""
    had_token: bool = field(default=False, compare=False)

    @property
    def kind(self) -> ErrorKind:
        """Return the class of this refusal of this call: with a token, 40001 speaks of the token."""
        is_token = self.had_token and self.errcode == _INVALID_CREDENTIAL
        return ErrorKind.TOKEN if is_token else kind_of(self.errcode)

    @property
    def address(self) -> str:
        """Return the address of this machine that WeCom names, if this refusal is about it; else empty."""
        return self.stem.rpartition(f"{_YOUR_ADDRESS} ")[2] if _YOUR_ADDRESS in self.stem else ""

    def __str__(self) -> str:
        text = f"{_ANSWERED}{self.errcode}" + (f" ({self.stem})" if self.stem else "")
        remedy = remedy_of(self.errcode)
        return f"{text}: {remedy}" if remedy else text


def errcode_in(text: str) -> int:
    """Return the errcode in the stored text of an `AnswerError`; 0 for any other error."""
    match = re.match(rf"{_ANSWERED}(\d+)", text)
    return int(match[1]) if match else 0


class BlockedError(WeComError):
    """An API that must not be called before *until* (real epoch s)."""

    def __init__(self, text: str, *, until: float) -> None:
        super().__init__(text)
        self.until = until


class NotSentError(WeComError):
    """A call that never reached WeCom; a retry is safe."""


class UnknownOutcomeError(WeComError):
    """A call that may have reached WeCom; its outcome is unknown."""


class MalformedError(UnknownOutcomeError):
    """An answer of WeCom's, one part of which cannot be understood."""


def kind_of(errcode: int) -> ErrorKind:
    """Return the class of *errcode*. A code not in WeCom's table is permanent: investigate, do not retry."""
    if errcode == 0:
        return ErrorKind.OK
    for codes, kind in (
        (_TRANSIENT, ErrorKind.TRANSIENT),
        (_RATE, ErrorKind.RATE),
        (_TOKEN, ErrorKind.TOKEN),
        (_CONFIG, ErrorKind.CONFIG),
        (_RECEIVER, ErrorKind.RECEIVER),
        (_DONE, ErrorKind.DONE),
    ):
        if errcode in codes:
            return kind
    return ErrorKind.PERMANENT


def remedy_of(errcode: int) -> str:
    """Return what to change, in the words of the admin console; empty if unknown."""
    return _REMEDY.get(errcode, "")


def stem_of(errmsg: str) -> str:
    """Return WeCom's errmsg without hint and link: this part names nobody.

    Where it speaks of this machine's address, the address that it names behind is added.
    """
    stem = errmsg.split(",", 1)[0].strip()[:120]
    seen = _SEEN_FROM.search(errmsg) if stem.endswith(_YOUR_ADDRESS) else None
    return f"{stem} {seen[1]}" if seen else stem
