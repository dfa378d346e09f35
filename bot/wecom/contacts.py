"""Reading of contacts and tags: externalcontact/get [92114], batch/get_by_user [92994], get_follow_user_list
[92571] and get_corp_tag_list [92117].

Data that must not be stored is dropped on reading: personal tags, and names and remarks unless requested.
Mobile numbers are kept as SHA-256 only.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.messages.sentences import Sentence
from bot.store.details import CORP, RULE_GROUP, ContactRead, Tag
from bot.wecom.client import WeComClient
from bot.wecom.errors import MalformedError, UnknownOutcomeError
from bot.wecom.numbers import whole

FOLLOW_USERS = "externalcontact/get_follow_user_list"
LISTS = "externalcontact/batch/get_by_user"
DETAILS = "externalcontact/get"
CORP_TAGS = "externalcontact/get_corp_tag_list"

NOT_A_CONTACT = 84061  # no such contact (any more, or yet), or outside the visible range
BAD_CURSOR = 60268
MEMBERS_PER_CALL = ROWS_PER_CALL = 100  # the maximum input and output of batch/get_by_user

NAME_CHARACTERS = 64  # of a name that customers chose themselves; longer names are cut

_UNSTORABLE = frozenset({"Cc", "Cs"})  # control characters and lone surrogates, which are not valid UTF-8
_PAGES = 200  # of 500 followers each; more pages mean a loop
_NO_DIGITS = re.compile(r"\D")
_CHINA = re.compile(r"^(?:00)?86(?=1\d{10}$)")

Ask = Callable[[Callable[[str], Mapping[str, Any]]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """An employee's contact with a customer. *userid* in lower case; *createtime*: epoch s of the add.

    *remark*: the employee's name for the customer; empty unless names are requested.
    """

    userid: str
    createtime: int
    add_way: int
    state: str
    oper_userid: str
    tags: tuple[Tag, ...]
    mobiles_sha256: tuple[str, ...]
    remark: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDetails:
    """A customer and all their contacts that the app may see. *unionid* may be empty.

    *name*: the customer's own name; empty unless names are requested.
    """

    external_userid: str
    customer_type: int
    unionid: str
    followers: tuple[Follower, ...]
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedContact(ContactRead):
    """One row of batch/get_by_user: an employee (lower case) and a customer.

    *name* is the customer's own, *remark* the employee's name for them; both empty unless requested.
    """

    name: str = field(default="", repr=False)
    remark: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """A page of some members' lists. An empty *next_cursor* means the end; an empty page does not.

    *unlicensed*: members of the request whose contacts WeCom withholds.
    """

    contacts: tuple[ListedContact, ...]
    next_cursor: str
    unlicensed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpTags:
    """The corp's list of tags. *odd*: rows that could not be understood, by id or name."""

    tags: tuple[Tag, ...]
    odd: tuple[str, ...] = ()


def follow_users(client: WeComClient, *, token: str) -> frozenset[str]:
    """Return the members (lower case) in range and in 客户联系 → 使用范围. Raises WeComError."""
    answer = client.read(FOLLOW_USERS, token=token)
    listed = answer.get("follow_user")
    if not isinstance(listed, list):
        raise UnknownOutcomeError(Sentence("sentences.malformed"))
    return frozenset(str(userid).lower() for userid in listed)


def contact_page(
    client: WeComClient, userids: Sequence[str], *, cursor: str, token: str, named: bool = False
) -> ContactPage:
    """Return a page of the lists of *userids* (100 at most); *cursor* is empty or the last *next_cursor*.

    *named*: with names and remarks.
    Raises WeComError, also for an answer without a list.
    """
    asked = {"userid_list": list(userids), "cursor": cursor, "limit": ROWS_PER_CALL}
    answer = client.read_by_post(LISTS, asked, token=token)
    rows = answer.get("external_contact_list")
    try:
        if not isinstance(rows, list):
            raise UnknownOutcomeError(Sentence("sentences.malformed"))
        failed = (answer.get("fail_info") or {}).get("unlicensed_userid_list") or ()
        return ContactPage(
            contacts=tuple(_listed(row["external_contact"], row["follow_info"], named=named) for row in rows),
            next_cursor=str(answer.get("next_cursor") or ""),
            unlicensed=frozenset(str(userid).lower() for userid in failed),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedError(Sentence("sentences.malformed")) from None


def _listed(customer: Mapping[str, Any], given: Mapping[str, Any], *, named: bool) -> ListedContact:
    return ListedContact(
        userid=str(given["userid"]).lower(),
        external_userid=str(customer["external_userid"]),
        createtime=_count(given["createtime"]),
        customer_type=_count(customer["type"]),
        add_way=_count(given.get("add_way") or 0),
        state=str(given.get("state") or ""),
        oper_userid=str(given.get("oper_userid") or ""),
        tags=tuple(str(tag) for tag in given.get("tag_id") or ()),
        unionid=str(customer.get("unionid") or ""),
        mobiles_sha256=_hashed(given),
        name=_called(customer.get("name")) if named else "",
        remark=_called(given.get("remark")) if named else "",
    )


def contact_details(
    client: WeComClient, external_userid: str, *, ask: Ask, named: bool = False
) -> CustomerDetails:
    """Return a customer's details, *named* with names; *ask* calls for each page. Raises WeComError."""
    followers: list[Follower] = []
    customer: Mapping[str, Any] = {}
    for page in _pages(client, external_userid, ask=ask):
        try:
            customer = page["external_contact"]
            followers += [_follower(given, named=named) for given in page.get("follow_user") or ()]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UnknownOutcomeError(Sentence("sentences.malformed")) from None
    try:
        return CustomerDetails(
            external_userid=external_userid,
            customer_type=_count(customer["type"]),
            unionid=str(customer.get("unionid") or ""),
            followers=tuple(followers),
            name=_called(customer.get("name")) if named else "",
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnknownOutcomeError(Sentence("sentences.malformed")) from None


def corp_tags(client: WeComClient, *, token: str) -> CorpTags:
    """Return the corp's tags, without deleted ones and those of rule groups. Raises WeComError.

    A row that cannot be understood is set aside; if no row can be, the answer is malformed.
    """
    answer = client.read_by_post(CORP_TAGS, {}, token=token)
    groups = answer.get("tag_group") or []
    if not isinstance(groups, list):
        raise UnknownOutcomeError(Sentence("sentences.malformed"))
    good, odd = list[Tag](), list[str]()
    for group in groups:
        tags = _tags_of(group)
        if tags is None:
            odd.append(_odd_row(group, "group_id", "group_name"))
            continue
        for tag in tags:
            if not (isinstance(tag, dict) and tag.get("id") and isinstance(tag.get("name"), str)):
                odd.append(_odd_row(tag, "id", "name"))
            elif not tag.get("deleted"):
                good.append(
                    Tag(id=str(tag["id"]), kind=CORP, group=str(group["group_name"]), name=tag["name"])
                )
    if odd and not good:
        raise UnknownOutcomeError(Sentence("sentences.malformed"))
    return CorpTags(tags=tuple(good), odd=tuple(odd))


def _tags_of(group: Any) -> list[Any] | None:
    """Return the rows of a group's tags, none of a deleted group; None if the group is odd."""
    if not isinstance(group, dict):
        return None
    if group.get("deleted"):
        return []
    tags = group.get("tag") or []
    return tags if isinstance(group.get("group_name"), str) and isinstance(tags, list) else None


def _odd_row(row: Any, *names: str) -> str:
    """Return how to find an odd row of the list of tags in the admin console."""
    known = [str(row[name]) for name in names if row.get(name)] if isinstance(row, dict) else []
    return " ".join(known)[:NAME_CHARACTERS] or "a row without a name"


def mobile_sha256(mobile: str) -> str:
    """Return the SHA-256 (hex) of a number's digits without prefix 86 or 0086; empty without digits."""
    digits = _CHINA.sub("", _NO_DIGITS.sub("", mobile))
    return hashlib.sha256(digits.encode()).hexdigest() if digits else ""


def _pages(client: WeComClient, external_userid: str, *, ask: Ask) -> Iterator[Mapping[str, Any]]:
    asked = {"external_userid": external_userid}
    for _ in range(_PAGES):
        page = ask(partial(_page, client, asked))
        yield page
        asked["cursor"] = str(page.get("next_cursor") or "")
        if not asked["cursor"]:
            return
    raise UnknownOutcomeError(Sentence("sentences.endless"))


def _page(client: WeComClient, asked: Mapping[str, str], token: str) -> Mapping[str, Any]:
    return client.read(DETAILS, token=token, **asked)


def _count(value: object) -> int:
    """Return a whole number of 0 or more. Raises ValueError."""
    if (number := whole(value)) < 0:
        raise ValueError("below 0")
    return number


def _hashed(given: Mapping[str, Any]) -> tuple[str, ...]:
    mobiles = (mobile_sha256(str(mobile)) for mobile in given.get("remark_mobiles") or ())
    return tuple(mobile for mobile in mobiles if mobile)


def _called(name: object) -> str:
    """Return a name in a form that can be stored. Messages make it harmless themselves."""
    if not isinstance(name, str):
        return ""
    kept = "".join(" " if unicodedata.category(char) in _UNSTORABLE else char for char in name).strip()
    return kept if len(kept) <= NAME_CHARACTERS else kept[: NAME_CHARACTERS - 1] + "…"


def _follower(given: Mapping[str, Any], *, named: bool) -> Follower:
    return Follower(
        userid=str(given["userid"]).lower(),
        createtime=_count(given["createtime"]),
        add_way=_count(given.get("add_way") or 0),
        state=str(given.get("state") or ""),
        oper_userid=str(given.get("oper_userid") or ""),
        tags=tuple(
            Tag(
                id=str(tag["tag_id"]),
                kind=_count(tag["type"]),
                group=str(tag.get("group_name") or ""),
                name=str(tag.get("tag_name") or ""),
            )
            for tag in given.get("tags") or ()
            if _count(tag["type"]) in {CORP, RULE_GROUP} and tag.get("tag_id")
        ),
        mobiles_sha256=_hashed(given),
        remark=_called(given.get("remark")) if named else "",
    )
