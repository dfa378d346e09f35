"""A request that was read to its end, and how it is answered: what every door hands to the receiver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

MAX_BODY = 64 * 1024
# On every answer: browsers must not run, frame or cache it.
GUARD = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request read to its end. *query* is as sent; *body* is one byte over the limit if it was too long.

    *client* is the peer's address, *forwarded* its X-Forwarded-For header, empty if there is none.
    """

    method: str
    path: str
    query: str
    body: bytes
    client: str
    forwarded: str

    @property
    def too_long(self) -> bool:
        """Return whether the body went over MAX_BODY; the rest of it is gone."""
        return len(self.body) > MAX_BODY


# Gives status and body of the answer, from any thread. A second call or one after the stop does nothing.
Reply = Callable[[int, bytes], None]
Direct = Callable[[Request, Reply], None]


def headers_of(status: int, body: bytes) -> list[tuple[str, str]]:
    """Return the headers of a reply, the same at every door."""
    headers = list(GUARD)
    if body:
        headers.append(("content-type", "text/plain; charset=utf-8"))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("allow", "GET, POST"))
    return headers
