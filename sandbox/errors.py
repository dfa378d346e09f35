"""WeCom's error answers: HTTP 200, a number, and a stem with hint, address and link (90313, as observed)."""

from __future__ import annotations

import random
from collections.abc import Mapping

# The first words of errmsg. They are not promised: no program may depend on them.
STEMS: Mapping[int, str] = {
    -1: "system error",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40016: "invalid button count",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40023: "invalid sub button count",
    40025: "invalid sub button name size",
    40029: "invalid code",
    40032: "invalid userid list size",
    40033: "invalid request char",
    40035: "invalid parameter",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40068: "invalid tagid",
    40096: "invalid external userid",
    40123: "invalid image",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41009: "missing userid",
    41011: "missing agentid",
    41016: "missing title",
    41033: "missing description",
    41035: "missing external_userid",
    41049: "missing welcome_code",
    41050: "invalid welcome_code",
    41051: "externaluser has started chatting",
    41054: "user not active",
    41064: "attachments size out of limit",
    41065: "invalid attachment type",
    41096: "welcome msg is being distributed",
    42001: "access_token expired",
    42003: "code expired",
    42014: "invalid task_id",
    42022: "code has been used",
    42027: "invalid template_card",
    43001: "require GET method",
    43002: "require POST method",
    43012: "require callback url",
    44001: "empty media data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    45029: "user list size out of limit",
    45033: "api concurrent out of limit",
    46003: "menu no exist",
    48002: "api forbidden",
    60003: "department not found",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60123: "invalid party id",
    60140: "invalid response_code",
    60268: "invalid cursor",
    81013: "user & party & tag all invalid",
    82001: "no receiver",
    82002: "party list size out of limit",
    82003: "tag list size out of limit",
    82101: "no target to update",
    82102: "target is no receiver",
    84061: "not external contact",
    84074: "no external contact permission",
    701008: "no interop licence",
    93000: "invalid webhook url",
    93004: "robot disabled",
    93017: "empty content",
    93018: "image size out of limit",
    301019: "md5 not match",
    301002: "not allow operate another agent with this accesstoken",
}

WRONG_JSON = "Warning: wrong json format. "

_noise = random.Random()  # noqa: S311 - the hint is noise, nothing depends on it


class ApiError(Exception):
    """A call that WeCom refuses. *stem* replaces the usual text, *extra* are further fields of the body."""

    def __init__(self, errcode: int, *, stem: str = "", extra: Mapping[str, object] | None = None) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.stem = stem or STEMS.get(errcode, "error")
        self.extra = dict(extra or {})


def error_body(error: ApiError, *, ip: str, now: float) -> dict[str, object]:
    """Return the body for *error*; hint is the second and 15 digits, as in real answers."""
    hint = f"{int(now)}{_noise.randrange(10**15):015d}"
    link = f"https://open.work.weixin.qq.com/devtool/query?e={error.errcode}"
    errmsg = f"{error.stem}, hint: [{hint}], from ip: {ip}, more info at {link}"
    return {"errcode": error.errcode, "errmsg": errmsg, **error.extra}
