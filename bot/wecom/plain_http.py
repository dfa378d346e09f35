"""One plain HTTP request: to the bot's own address, to a watcher, to a server for its clock."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

_MOST_BYTES = 65_536


class NoAnswerError(Exception):
    """A request without an HTTP answer; the text says why, without the address."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, its status whatever it is; *took_s* from the request to its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_s: float


class _NoRedirects(HTTPRedirectHandler):
    """WeCom follows no redirect, so its stand-in follows none."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetch(
    url: str,
    *,
    body: bytes | None = None,
    proxies: Sequence[str] = ("",),
    ca_file: Path | None = None,
    timeout_s: float = 5.0,
) -> HttpAnswer:
    """Return the answer to a GET, or to a POST of *body*; *url* begins with http.

    *proxies* are tried in turn until one brings an answer; "" is none. Raises NoAnswerError.
    """
    failures = []
    for proxy in dict.fromkeys(proxies):
        try:
            return _fetch(url, body, proxy=proxy, ca_file=ca_file, timeout_s=timeout_s)
        except NoAnswerError as error:
            failures.append(str(error))
    raise NoAnswerError(failures[0])


def _fetch(url: str, body: bytes | None, *, proxy: str, ca_file: Path | None, timeout_s: float) -> HttpAnswer:
    handlers = [ProxyHandler({"http": proxy, "https": proxy} if proxy else {}), _NoRedirects()]
    if "https:" in (url[:6].lower(), proxy[:6].lower()):  # reading the trusted certificates takes 20 ms
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        handlers.append(HTTPSHandler(context=context))
    opener = build_opener(*handlers)
    request = Request(url, data=body, headers={"Content-Type": "text/xml"} if body else {})  # noqa: S310 - http only, see above
    began = monotonic()
    try:
        with opener.open(request, timeout=timeout_s) as response:
            return HttpAnswer(
                response.status, _headers(response.headers), response.read(_MOST_BYTES), monotonic() - began
            )
    except HTTPError as error:
        with error:
            return HttpAnswer(error.code, _headers(error.headers), b"", monotonic() - began)
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise NoAnswerError(_why(error)) from None


def _headers(headers: Message) -> Mapping[str, str]:
    return dict(_pairs(headers))


def _pairs(headers: Message) -> Iterator[tuple[str, str]]:
    yield from ((name.title(), str(value)) for name, value in headers.items())


def _why(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return type(reason).__name__
