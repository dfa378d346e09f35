"""HTTP calls through wechatpy's client, with its defaults corrected. The only file that uses it and requests.

wechatpy refreshes a refused token without end and has no default timeout. It fetches tokens from a fixed
address and stores them under a key with part of the secret. It takes an answer without an errcode for a
success. So retry is off, every call has a deadline (`bot.wecom.deadline`) and uses our base
address. This file judges answers, and tokens come from `bot.wecom.token`.
"""

from __future__ import annotations

import json
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from wechatpy.exceptions import WeChatClientException
from wechatpy.work.client import WeChatClient

from bot.core.text import cleaned_json
from bot.messages.sentences import Sentence
from bot.store.counters import count
from bot.wecom.deadline import POOLS, Deadline
from bot.wecom.errors import AnswerError, NotSentError, UnknownOutcomeError, stem_of

if TYPE_CHECKING:
    from bot.wecom.client import Access

MOST_BYTES = 32 * 2**20  # of an unpacked answer; a list of 20,000 members takes half of it
_PART_BYTES = 64 * 1024
_LARGEST_CODE = 2**31 - 1  # WeCom's have seven digits at most; the store takes no larger one


class _Adapter(HTTPAdapter):
    """An adapter whose connections obey the `Deadline` of their thread, also through a proxy."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = POOLS
        return manager


_PROXY_ASKS = 407


class _Client(WeChatClient):  # type: ignore[misc]  # wechatpy ships no types
    """wechatpy's client with our base address and without its token handling."""

    def __init__(self, access: Access, *, timeout: tuple[float, float]) -> None:
        self.API_BASE_URL = access.base_url.rstrip("/") + "/cgi-bin/"
        super().__init__(access.corp_id, access.secret, timeout=timeout, auto_retry=False)
        self._http.trust_env = False
        self._http.mount("https://", _Adapter(pool_maxsize=access.parallel * 2))
        self._http.mount("http://", _Adapter(pool_maxsize=access.parallel * 2))
        if access.proxy:
            self._http.proxies = {"http": access.proxy, "https": access.proxy}
        if access.ca_file:
            self._http.verify = access.ca_file

    def fetch_access_token(self) -> None:
        raise AssertionError("tokens come from bot.wecom.token")

    def _handle_result(self, res: requests.Response, *_arguments: object, **_named: object) -> bytes:
        """Return the body. Raises UnknownOutcomeError if it exceeds the limit, packed or unpacked."""
        with res:
            content = bytearray()
            for part in res.iter_content(_PART_BYTES):
                content += part
                if len(content) > MOST_BYTES:
                    raise UnknownOutcomeError(Sentence("sentences.too_large", megabytes=MOST_BYTES >> 20))
        return bytes(content)


class Transport:
    """Calls below one base address. Safe to share between threads."""

    def __init__(self, access: Access, *, timeout: tuple[float, float]) -> None:
        """Store the parts. *timeout*: seconds to connect, and to wait for each part of an answer.

        Their sum is the deadline of a whole call.
        """
        self._client = _Client(access, timeout=timeout)
        self._deadline_s = sum(timeout)

    def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Return WeCom's answer with cleaned texts; count it. Raises WeComError without token and URL."""
        outcome = "unknown"
        try:
            answer = self._call(method, path, **arguments)
            outcome = "0"
        except AnswerError as error:
            outcome = str(error.errcode)
            raise
        except NotSentError:
            outcome = "not_sent"
            raise
        finally:
            count("wecom_calls", path, outcome)
        return answer

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        with Deadline(self._deadline_s) as deadline:
            try:
                content = self._client._request(method, path, allow_redirects=False, stream=True, **arguments)
                return _judged(content, had_token=bool(arguments["params"].get("access_token")))
            except WeChatClientException as error:
                status = getattr(error.response, "status_code", "?")
                if error.response is not None:
                    error.response.close()  # its body is not read
                if status == _PROXY_ASKS:
                    raise NotSentError(Sentence("sentences.proxy_refuses")) from None
                raise UnknownOutcomeError(Sentence("sentences.http", status=status)) from None
            except (requests.ConnectTimeout, requests.exceptions.ProxyError) as error:
                if str(_PROXY_ASKS) in str(error):
                    raise NotSentError(Sentence("sentences.proxy_refuses")) from None
                raise NotSentError(Sentence("sentences.no_connection", why=type(error).__name__)) from None
            except (requests.RequestException, UnknownOutcomeError) as error:
                if deadline.is_over:
                    kind = UnknownOutcomeError if deadline.has_begun else NotSentError
                    seconds = f"{self._deadline_s:g}"
                    raise kind(Sentence("sentences.no_whole_answer", seconds=seconds)) from None
                if isinstance(error, UnknownOutcomeError):
                    raise
                why = _never_made(error) or ("" if deadline.has_begun else type(error).__name__)
                if why:
                    raise NotSentError(Sentence("sentences.no_connection", why=why)) from None
                raise UnknownOutcomeError(Sentence("sentences.no_answer", why=type(error).__name__)) from None

    def close(self) -> None:
        """Close kept connections."""
        self._client._http.close()


def _judged(content: bytes, *, had_token: bool) -> dict[str, Any]:
    """Return an answer that says ok. Raises AnswerError, or UnknownOutcomeError if it is not WeCom's."""
    try:
        answer = cleaned_json(json.loads(content.decode(errors="replace"), strict=False))
    except (ValueError, RecursionError):
        raise UnknownOutcomeError(Sentence("sentences.not_json")) from None
    errcode = answer.get("errcode") if isinstance(answer, dict) else None
    if type(errcode) is not int or abs(errcode) > _LARGEST_CODE:
        raise UnknownOutcomeError(Sentence("sentences.no_errcode"))
    if errcode:
        raise AnswerError(errcode, stem_of(str(answer.get("errmsg") or "")), had_token)
    return dict(answer)


def _never_made(error: requests.RequestException) -> str:
    """Return why no connection was made; empty if there was one: TLS may also break after the request."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}:
        return Sentence("sentences.unreachable")
    if isinstance(reason, Exception) and isinstance(next(iter(reason.args), None), SSLCertVerificationError):
        return Sentence("sentences.untrusted")
    return ""
