"""Login of members: where to send a browser, and who a code stands for [91022, 98151, 91023]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.config.sections import WeCom
from bot.wecom.errors import AnswerError
from bot.wecom.reads import Reads

API = "auth/getuserinfo"
IN_WECOM = "wxwork"  # in the User-Agent of WeCom's own browser, in any case
# The code is missing, invalid, expired, used: a new login helps.
_STALE = frozenset({40029, 41008, 42003, 42022})
_TURN_S = 3.0  # a person waits for the page


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """A login: WeCom sends the browser back to *redirect_uri* with a code and *state*.

    *state* has letters and digits only.
    """

    redirect_uri: str
    state: str

    def address(self, wecom: WeCom, *, user_agent: str) -> str:
        """Return where to send a browser with this User-Agent: within WeCom it is asked nothing."""
        common = {"appid": wecom.corp_id, "redirect_uri": self.redirect_uri, "state": self.state}
        agent = {"agentid": str(wecom.agent_id)}
        if IN_WECOM in user_agent.lower():
            query = {**common, "response_type": "code", "scope": "snsapi_base", **agent}
            return f"{wecom.oauth_base_url}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"
        query = {"login_type": "CorpApp", **common, **agent}
        return f"{wecom.login_base_url}/wwlogin/sso/login?{urlencode(query)}"


class StaleCodeError(Exception):
    """A code that WeCom does not take: it was used, it is too old, or WeCom never gave it."""


def read_userid(reads: Reads, code: str) -> str | None:
    """Return the userid, in lower case, for whom WeCom gave *code*; None for somebody outside the corp.

    A code works once, so the call is made once. Raises StaleCodeError, WeComError.
    """
    try:
        answer = reads.ask(
            API, lambda token: reads.client.read(API, token=token, code=code), tries=1, turn_s=_TURN_S
        )
    except AnswerError as error:
        if error.errcode in _STALE:
            raise StaleCodeError from None
        raise
    return _userid(answer)


def _userid(answer: Mapping[str, object]) -> str | None:
    userid = answer.get("userid") or answer.get("UserId")  # the older spelling of the same answer
    return userid.lower() if isinstance(userid, str) and userid else None
