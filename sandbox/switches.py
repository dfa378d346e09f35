"""The settings: the limits, and everything that WeCom's documents leave open.

A default is the documented value or, if there are two readings, the one that is harder for a bot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar


class SwitchError(ValueError):
    """An unknown switch, or a value that it does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSwitches:
    """The API side. Seconds, bytes and counts as the names say; 0 switches a limit off."""

    expires_in: int = 7200
    # Old wording: a repeated call gives "the same result". "full" answers 7200 for a half used token;
    # "remaining" answers the remaining seconds.
    expires_in_answer: str = "full"
    # The note under 45009 gives no number; after this many wrong secrets an address is blocked for an hour.
    wrong_secret_limit: int = 20
    gettoken_per_minute: int = 10_000  # 90312, per corp and API
    account_cap: int = 500  # times 200 receivers a day (90236)
    member_per_minute: int = 30
    member_per_hour: int = 1000
    robot_per_minute: int = 20  # 99110
    window: str = "sliding"  # or "clock": whole minutes and hours. UNCONFIRMED
    markdown_over: int = 40058  # or 45002. UNCONFIRMED
    # The answer to a faulty template card: which of 42027 to 42051 is UNCONFIRMED.
    card_fault: int = 42027
    # A text of a card over the advised number of characters: refused with 40058, or "shown" cut short. The
    # documents call the numbers advice; whether any is refused is UNCONFIRMED.
    card_text_over: str = "refused"
    # An interactive card while the app has no callback address: 43012, or 0 (accepted). UNCONFIRMED
    card_without_callback: int = 43012
    # A repeated request whose first try used its task_id: the "duplicate" check comes first and answers ok,
    # or "42014" as for any other request with that task_id. UNCONFIRMED
    repeated_task_id: str = "duplicate"
    response_code_hours: int = 72  # lifetime of a response_code, which works once (94888)
    duplicate_compare: str = "parsed"  # or "raw": only identical bytes are a duplicate. UNCONFIRMED
    reject_unicode_escapes: bool = True  # 40033; whether today's API still does it is UNCONFIRMED
    # invaliduser of message/send: a text ("a|b"), or an array as message/update_template_card has it.
    invalid_users_as: str = "text"
    user_list_max: int = 0  # with more members in a department user/list answers 45029; WeCom gives no number
    # Of a member outside the visible range: 60011, or 60111 as for a deleted member. Both were reported.
    hidden_member: int = 60011
    reads_per_minute: int = 10_000  # 90312, per corp and API
    contacts_api: bool = True  # false: the app is not among 可调用接口的应用, 48002
    # Real seconds after an add during which its details are missing (84061); WeCom gives no number.
    details_delay: float = 1.0
    createtime_shift: int = 1  # seconds between a contact's createtime and its event's CreateTime
    # A customer who deleted the employee returns: the contact keeps its first createtime. UNCONFIRMED
    return_keeps_createtime: bool = True
    transfer_takes: int = 86_400  # virtual seconds from an allotment to its end (92125: after 24 h)
    with_unionid: bool = False  # only with a bound developer account (92114)
    followers_per_page: int = 500
    # batch/get_by_user with members without contacts: 84061 for the whole call if "any" or only if "all" of
    # them have none, or just an "empty" list. UNCONFIRMED
    nobody_listed: str = "any"
    empty_pages: bool = False  # each list begins with an empty page with a cursor. UNCONFIRMED
    # Hours after midnight in China when get_user_behavior_data begins to give yesterday's figures; before,
    # they are zeros. UNCONFIRMED
    behavior_ready_hour: float = 6.0
    # Whether a partyid includes the departments below it. UNCONFIRMED
    behavior_party_below: bool = False
    # 可信域名 of the app, host[:port], as agent/get tells it (90227). A login that comes back elsewhere gets
    # 50001 (91022); empty: none is set, and logins may come back anywhere.
    redirect_domain: str = ""
    app_closed: bool = False  # agent/get says that the app is disabled
    # What getcallbackip lists: addresses, networks, or 101.226.103.* as in an official example.
    callback_ips: tuple[str, ...] = ("127.0.0.1", "::1")
    trusted_ips: tuple[str, ...] | None = None  # None: off; else every other address gets 60020

    def __post_init__(self) -> None:
        _one_of(self.expires_in_answer, "expires_in_answer", ("full", "remaining"))
        _one_of(self.window, "window", ("sliding", "clock"))
        _one_of(self.invalid_users_as, "invalid_users_as", ("text", "array"))
        _one_of(self.markdown_over, "markdown_over", (40058, 45002))
        _one_of(self.hidden_member, "hidden_member", (60011, 60111))
        _one_of(self.duplicate_compare, "duplicate_compare", ("parsed", "raw"))
        _one_of(self.nobody_listed, "nobody_listed", ("any", "all", "empty"))
        _one_of(self.card_text_over, "card_text_over", ("refused", "shown"))
        _one_of(self.card_without_callback, "card_without_callback", (43012, 0))
        _one_of(self.repeated_task_id, "repeated_task_id", ("42014", "duplicate"))
        _one_of(self.card_fault, "card_fault", range(42027, 42052))
        if self.followers_per_page < 1:
            raise SwitchError("followers_per_page must be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSwitches:
    """The sending of callbacks. 90930 and 90238 disagree about retries."""

    tries: int = 3  # in total; whether 3 includes the first is UNCONFIRMED
    retry_pause: float = 1.0  # seconds; UNCONFIRMED
    retry_non_200: bool = True
    fresh_retry: bool = True  # a retry has a new nonce and ciphertext. UNCONFIRMED
    timeout: float = 5.0  # seconds for one POST (90930)
    verify_timeout: float = 1.0  # seconds for the address check (90930)
    copies: int = 1  # each event is sent this often, with new nonce and ciphertext
    reorder: bool = False
    drop_rate: float = 0.0  # this share is never sent: WeCom guarantees nothing
    double_rate: float = 0.0  # this share is sent once more
    late_rate: float = 0.0  # this share is sent after all others of its batch
    delay: float = 0.0  # seconds before the first try
    parallel: int = 8
    # AgentID of the outer packet for contact events: own, empty, or 2000003 (the system app). UNCONFIRMED
    outer_agent: str = "own"
    # change_contact when people, departments or tags change. An ordinary self-built app does not get it
    # (90967): off; reduced (since 2022-08-15) or full fields for apps that get it.
    directory_events: str = "off"

    def __post_init__(self) -> None:
        _one_of(self.outer_agent, "outer_agent", ("own", "empty", "2000003"))
        _one_of(self.directory_events, "directory_events", ("off", "reduced", "full"))
        if self.tries < 1 or self.copies < 1 or self.parallel < 1:
            raise SwitchError("tries, copies and parallel must be 1 or more")
        for name in ("drop_rate", "double_rate", "late_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise SwitchError(f"{name} must be from 0 to 1, not {getattr(self, name)}")


@dataclass(slots=True)
class Board:
    """The switches of the page: which are on, and the first call and event since each was.

    The caller holds the world's lock.
    """

    on: set[str] = field(default_factory=set)
    since: dict[str, tuple[int, int]] = field(default_factory=dict)
    revoked: int = 0
    turns: int = 0


S = TypeVar("S", ApiSwitches, CallbackSwitches)


def changed(current: S, changes: Mapping[str, object]) -> S:
    """Return *current* with *changes*. Raises SwitchError for an unknown name or a wrong type."""
    types = {one.name: type(one.default) for one in fields(current)}
    values: dict[str, Any] = {name: _typed(name, value, types) for name, value in changes.items()}
    return replace(current, **values)


def _typed(name: str, value: object, types: Mapping[str, type]) -> object:
    if name not in types:
        raise SwitchError(f"no switch {name!r}; there are: {', '.join(sorted(types))}")
    if name in {"trusted_ips", "callback_ips"}:
        return None if value is None and name == "trusted_ips" else _addresses(name, value)
    wanted = types[name]
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise SwitchError(f"{name} must be {wanted.__name__}, not {value!r}")
    return value


def _addresses(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise SwitchError(f"{name} must be a list of addresses, not {value!r}")
    return tuple(value)


def _one_of(value: object, name: str, allowed: Sequence[object]) -> None:
    if value not in allowed:
        raise SwitchError(f"{name} must be one of {allowed}, not {value!r}")
