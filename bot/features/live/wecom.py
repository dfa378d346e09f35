"""The parts that WeCom answers for: token, trusted address, the app, ranges, each reading API.

A dozen reading calls, one after another; nothing is sent to anybody. What sends is tried by no call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from bot.config import Config
from bot.core.engagement import CHINA
from bot.features.live.part import Part, PartState, named, ok, refused, wrong
from bot.messages.catalog import Texts
from bot.wecom import behavior
from bot.wecom.client import WeComClient
from bot.wecom.contacts import CORP_TAGS, DETAILS, FOLLOW_USERS, LISTS, NOT_A_CONTACT
from bot.wecom.errors import AnswerError, WeComError
from bot.wecom.plain_http import NoAnswerError, fetch

CLOCK_S = 60  # so far this machine's clock may be from WeCom's
_UNTRUSTED = 60020
_UNSEEN = frozenset({60011, 60111})
_FIGURES_DAYS = 20  # WeCom has the figures of that day, whatever the hour
_TRIED = 20  # people of a roster who are looked up
_AFTER_TOKEN = ("trusted_ip", "agent", "visible_range", "oauth_domain", "contacts", "contact_range")


@dataclass(slots=True)
class WeComCheck:
    """Tries WeCom's side. *asked*: userids under a quota, as far as they are known; *now* gives real time."""

    config: Config
    client: WeComClient
    texts: Texts
    asked: Sequence[str]
    now: Callable[[], float]
    _token: str = ""

    def parts(self) -> Iterator[Part]:
        """Yield each part; after one that nothing works without, the others are skipped."""
        clock = self._clock()
        yield clock
        if clock.name == "address":
            yield self._skipped("token", "address")
            return
        token = self._read_token()
        yield token
        if token.state is not PartState.OK:
            yield from (self._skipped(name, token.name) for name in _AFTER_TOKEN if name != token.name)
            return
        yield from self._app()
        yield from self._contacts()

    def _clock(self) -> Part:
        wecom = self.config.wecom
        url, began = f"{wecom.api_base_url}/cgi-bin/gettoken", self.now()
        try:
            answer = fetch(url, proxies=(wecom.proxy,), ca_file=wecom.ca_file)
        except NoAnswerError as error:
            text = self.texts["live.unreachable"].say(url=wecom.api_base_url, why=error)
            return wrong("address", text)
        try:
            theirs = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC).timestamp()
        except (KeyError, ValueError, TypeError):
            return Part("clock", PartState.NOTE, self.texts["live.no_date"])
        off = round(abs(theirs - began))
        if off > CLOCK_S:
            return wrong("clock", self.texts["live.clock_wrong"].say(n=off))
        return ok("clock", self.texts["live.clock_right"])

    def _read_token(self) -> Part:
        try:
            self._token, _ = self.client.get_token()
        except WeComError as error:
            name = "trusted_ip" if _is(error, _UNTRUSTED) else "token"
            return refused(name, error, self.texts)
        return ok("token", self.texts["live.token"])

    def _app(self) -> Iterator[Part]:
        """Yield what agent/get [90227] tells of the app."""
        texts, number = self.texts, self.config.wecom.agent_id
        try:
            app = self._get("agent/get", agentid=str(number))
        except WeComError as error:
            untrusted = _is(error, _UNTRUSTED)
            yield refused("trusted_ip" if untrusted else "agent", error, texts)
            others = ("visible_range", "oauth_domain")
            yield from (self._skipped(name, "trusted_ip" if untrusted else "agent") for name in others)
            return
        yield ok("trusted_ip", texts["live.trusted"])
        if app.get("close"):
            yield wrong("agent", texts["live.disabled"])
        else:
            yield ok("agent", texts["live.agent"].say(agent_id=number, name=str(app.get("name", ""))))
        yield self._visible(app)
        yield self._oauth(str(app.get("redirect_domain") or ""))

    def _visible(self, app: dict[str, Any]) -> Part:
        texts = self.texts
        lists = (("allow_partys", "partyid"), ("allow_userinfos", "user"), ("allow_tags", "tagid"))
        departments, people, tags = (len((app.get(outer) or {}).get(inner) or ()) for outer, inner in lists)
        if not departments + people + tags:
            return wrong("visible_range", texts["live.range_empty"])
        hidden: list[str] = []
        for userid in self.asked[:_TRIED]:
            try:
                self._get("user/get", userid=userid)
            except AnswerError as error:
                if error.errcode not in _UNSEEN:
                    return refused("visible_range", error, texts)
                hidden.append(userid)
            except WeComError as error:
                return refused("visible_range", error, texts)
        if hidden:
            return wrong("visible_range", texts["live.range_lacks"].say(n=len(hidden), names=named(hidden)))
        return ok("visible_range", texts["live.range"].say(departments=departments, people=people, tags=tags))

    def _oauth(self, domain: str) -> Part:
        host = urlsplit(self.config.server.public_url).hostname or ""
        if domain.partition(":")[0].lower() == host.lower():
            return ok("oauth_domain", self.texts["live.oauth"].say(domain=host))
        key = "wrong_domain" if domain else "no_domain"
        return wrong("oauth_domain", self.texts.table("live.oauth_faults")[key].say(domain=domain, host=host))

    def _contacts(self) -> Iterator[Part]:
        """Yield whether the app may read customers, and of whom."""
        texts = self.texts
        if self.config.directory.source == "wecom":
            yield self._try("directory", "department/list")
        try:
            rows = self._get(FOLLOW_USERS).get("follow_user") or []
        except WeComError as error:
            yield refused("contacts", error, texts)
            yield self._skipped("contact_range", "contacts")
            return
        users = [str(row).lower() for row in rows]
        yield ok("contacts", texts["live.contacts"])
        lacking = [userid for userid in self.asked if userid not in users]
        if not users:
            yield wrong("contact_range", texts["live.scope_empty"])
        elif lacking:
            yield wrong("contact_range", texts["live.scope_lacks"].say(n=len(lacking), names=named(lacking)))
        else:
            yield ok("contact_range", texts["live.scope"].say(n=len(users)))
        if users:
            yield from self._of_one(users[0])
        yield self._try("tags", CORP_TAGS, body={})

    def _of_one(self, userid: str) -> Iterator[Part]:
        """Yield whether lists, details and behaviour figures of one member can be read."""
        customers: list[Any] = []
        try:
            body = {"userid_list": [userid], "limit": 1}
            customers = self._post(LISTS, body).get("external_contact_list") or []
        except WeComError as error:
            if not _is(error, NOT_A_CONTACT):  # nobody yet
                yield refused("lists", error, self.texts)
                return
        yield ok("lists", self.texts["live.may"].say(api=LISTS))
        for row in customers[:1]:
            external = str((row.get("external_contact") or {}).get("external_userid", ""))
            yield self._try("details", DETAILS, external_userid=external)
        day = datetime.fromtimestamp(self.now(), CHINA).date() - timedelta(days=_FIGURES_DAYS)
        midnight = int(datetime.combine(day, time(), CHINA).timestamp())
        body = {"userid": [userid], "start_time": midnight, "end_time": midnight}
        yield self._try("engagement", behavior.API, body=body)

    def _try(self, name: str, api: str, *, body: dict[str, object] | None = None, **query: str) -> Part:
        try:
            if body is None:
                self._get(api, **query)
            else:
                self._post(api, body)
        except WeComError as error:
            return refused(name, error, self.texts)
        return ok(name, self.texts["live.may"].say(api=api))

    def _get(self, api: str, **query: str) -> dict[str, Any]:
        return self.client.read(api, token=self._token, **query)

    def _post(self, api: str, body: dict[str, object]) -> dict[str, Any]:
        return self.client.read_by_post(api, body, token=self._token)

    def _skipped(self, name: str, after: str) -> Part:
        parts = self.texts.table("live.parts")
        return Part(name, PartState.SKIPPED, self.texts["live.skipped"].say(part=parts[after]))


def _is(error: WeComError, errcode: int) -> bool:
    return isinstance(error, AnswerError) and error.errcode == errcode
