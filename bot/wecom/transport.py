"""HTTP calls through wechatpy's client, with its defaults corrected. The only file that uses it and requests.

wechatpy refreshes a refused token without end and has no default timeout. It fetches tokens from a fixed
address and stores them under a key with part of the secret. So retry is off, every call has a timeout, our
base address is used everywhere, and tokens come from `bot.wecom.token`.
"""

from __future__ import annotations

from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from bot.wecom.errors import AnswerError, NotSentError, UnknownOutcomeError, stem_of

if TYPE_CHECKING:
    from bot.wecom.client import Access


class _Client(WeChatClient):  # type: ignore[misc]  # wechatpy ships no types
    """wechatpy's client with our base address and without its token handling."""

    def __init__(self, access: Access, *, timeout: tuple[float, float]) -> None:
        self.API_BASE_URL = access.base_url.rstrip("/") + "/cgi-bin/"
        super().__init__(access.corp_id, access.secret, timeout=timeout, auto_retry=False)
        self._http.trust_env = False
        self._http.mount("https://", HTTPAdapter(pool_maxsize=access.parallel * 2))
        self._http.mount("http://", HTTPAdapter(pool_maxsize=access.parallel * 2))
        if access.proxy:
            self._http.proxies = {"http": access.proxy, "https": access.proxy}
        if access.ca_file:
            self._http.verify = access.ca_file

    def fetch_access_token(self) -> None:
        raise AssertionError("tokens come from bot.wecom.token")


class Transport:
    """Calls below one base address. Safe to share between threads."""

    def __init__(self, access: Access, *, timeout: tuple[float, float]) -> None:
        """Store the parts. *timeout*: seconds to connect, and to wait for an answer."""
        self._client = _Client(access, timeout=timeout)

    def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Return WeCom's answer. Raises WeComError, which shows no token, secret or URL."""
        try:
            answer = self._client._request(method, path, allow_redirects=False, **arguments)
        except WeChatClientException as error:
            if error.errcode is None:
                status = getattr(error.response, "status_code", "?")
                raise UnknownOutcomeError(f"WeCom answered HTTP {status}") from None
            raise AnswerError(error.errcode, stem_of(str(error.errmsg))) from None
        except (requests.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise NotSentError(f"no connection to WeCom ({type(error).__name__})") from None
        except requests.ConnectionError as error:
            if why := _never_made(error):
                raise NotSentError(f"no connection to WeCom ({why})") from None
            raise UnknownOutcomeError(f"the connection broke ({type(error).__name__})") from None
        except requests.RequestException as error:
            raise UnknownOutcomeError(f"no answer from WeCom ({type(error).__name__})") from None
        except (TypeError, ValueError):  # wechatpy converts any errcode to a number
            raise UnknownOutcomeError("WeCom's answer is malformed") from None
        if not isinstance(answer, dict):
            raise UnknownOutcomeError("WeCom's answer is not JSON")
        return answer

    def close(self) -> None:
        """Close kept connections."""
        self._client._http.close()


def _never_made(error: requests.ConnectionError) -> str:
    """Return why no connection was made; empty if there was one: TLS may also break after the request."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}:
        return "refused, or the name is unknown"
    if isinstance(reason, Exception) and isinstance(next(iter(reason.args), None), SSLCertVerificationError):
        return "its certificate is not trusted; is [wecom] ca_file needed?"
    return ""
