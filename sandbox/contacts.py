"""Contacts of employees and customers, with their details (92114). Changes by the API fire no event."""

from __future__ import annotations

import random
import string
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

CORP, RULE_GROUP = 1, 3
_CHINA = timezone(timedelta(hours=8))
_ID_CHARS = string.ascii_letters + string.digits + "_-"
_TAGS = {"等级": ("贵宾", "普通"), "核验": ("已实名", "已开户")}
_RULE_GROUP_TAGS = {"网点": ("贵宾", "到店")}
# Typical nicknames on WeChat.
_NICKNAMES = (
    *(
        "向阳花🌻",
        "青柠",
        "晴天",
        "小橘子",
        "云淡风轻",
        "拾光",
        "海边的风",
        "木棉",
        "星河",
        "早安",
        "Sunny",
        "慢慢来",
    ),
    *(
        "南山下",
        "🍀好运",
        "一叶知秋",
        "麦田",
        "知足常乐",
        "月光",
        "山茶",
        "Momo",
        "平安是福",
        "小满",
        "春暖花开",
    ),
)


@dataclass(slots=True, kw_only=True)
class Tag:
    """A tag of the corp (kind 1) or of a rule group (kind 3)."""

    id: str
    kind: int
    group_id: str
    group_name: str
    name: str
    create_time: int = 0


@dataclass(slots=True, kw_only=True)
class Contact:
    """One employee's contact with one customer. *readable_from* is real time; *personal_tags* have no id.

    *remark* is the employee's name for the customer.
    """

    userid: str
    external_userid: str
    createtime: int
    add_way: int = 1
    state: str = ""
    oper_userid: str = ""
    tags: list[str] = field(default_factory=list)
    personal_tags: list[str] = field(default_factory=list)
    remark: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    readable_from: float = 0.0
    left_by_customer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """One member's chats of one day. *opened* by customers, *answered* that day, after *minutes* in total."""

    held: int = 0
    messages: int = 0
    opened: int = 0
    answered: int = 0
    minutes: int = 0


class ContactBook:
    """All contacts and tags of the corp. Not thread-safe: the caller holds the world's lock."""

    def __init__(self, *, seed: int) -> None:
        # A separate generator, so that tags change nothing else of the made-up world.
        self._rng = random.Random(f"tags {seed}")  # noqa: S311 - made up, no secret
        self.tags: dict[str, Tag] = {}
        self.out_of_scope: set[str] = set()  # members outside 客户联系 → 使用范围, in lower case
        self._names: dict[str, str] = {}  # of customers who changed their name
        self._contacts: dict[tuple[str, str], Contact] = {}
        self._by_member: dict[str, dict[str, Contact]] = {}
        self._by_day: dict[tuple[str, date], Counter[str]] = {}
        for kind, groups in ((CORP, _TAGS), (RULE_GROUP, _RULE_GROUP_TAGS)):
            for group, names in groups.items():
                for name in names:
                    self.new_tag(group, name, kind=kind)

    def begin(self, contact: Contact, *, keeps_createtime: bool) -> None:
        """Add a contact; if only the customer had deleted it, it may keep the old createtime."""
        before = self.get(contact.userid, contact.external_userid)
        if before is not None:
            contact.tags, contact.personal_tags = before.tags, before.personal_tags
            contact.remark = before.remark
            if keeps_createtime:
                contact.createtime = before.createtime
        key = contact.userid.lower()
        self._contacts[key, contact.external_userid] = contact
        self._by_member.setdefault(key, {})[contact.external_userid] = contact

    def leave(self, userid: str, external_userid: str, *, at: int) -> None:
        """Mark that the customer deleted the employee: the one-way contact stays and can be read."""
        contact = self.get(userid, external_userid)
        if contact is not None and not contact.left_by_customer:
            contact.left_by_customer = True
            self.count("left", userid, at=at)

    def end(self, userid: str, external_userid: str) -> None:
        """Remove a contact: the employee deleted the customer or handed them over."""
        self._contacts.pop((userid.lower(), external_userid), None)
        self._by_member.get(userid.lower(), {}).pop(external_userid, None)

    def count(self, what: str, userid: str, *, at: int) -> None:
        """Count a contact that "begun", or a customer who "left", on the day of *at* (epoch s) in China."""
        key = userid.lower(), datetime.fromtimestamp(at, _CHINA).date()
        self._by_day.setdefault(key, Counter())[what] += 1

    def of_day(self, userid: str, day: date) -> Counter[str]:
        """Return how many of a member's contacts "begun" and customers "left" on *day*."""
        return self._by_day.get((userid.lower(), day), Counter())

    def rename(self, userid: str, new_userid: str) -> None:
        """Change a member's userid: their contacts stay the same, with createtimes and tags."""
        old, new = userid.lower(), new_userid.lower()
        moved = self._by_member.pop(old, {})
        for external_userid, contact in moved.items():
            del self._contacts[old, external_userid]
            contact.userid = new_userid
            contact.oper_userid = new_userid if contact.oper_userid.lower() == old else contact.oper_userid
            self._contacts[new, external_userid] = contact
        self._by_member.setdefault(new, {}).update(moved)
        for userid, day in [key for key in self._by_day if key[0] == old]:
            self._by_day.setdefault((new, day), Counter()).update(self._by_day.pop((userid, day)))
        if old in self.out_of_scope:
            self.out_of_scope = {*self.out_of_scope - {old}, new}

    def get(self, userid: str, external_userid: str) -> Contact | None:
        """Return the contact, or None."""
        return self._contacts.get((userid.lower(), external_userid))

    def of_customer(self, external_userid: str) -> list[Contact]:
        """Return all contacts of this customer, the oldest first."""
        found = [one for one in self._contacts.values() if one.external_userid == external_userid]
        return sorted(found, key=lambda one: (one.createtime, one.userid))

    def of_member(self, userid: str) -> list[Contact]:
        """Return a member's contacts, including one-way ones, the oldest first."""
        found = self._by_member.get(userid.lower(), {}).values()
        return sorted(found, key=lambda one: (one.createtime, one.external_userid))

    def name_of(self, external_userid: str) -> str:
        """Return a customer's own name: made up and always the same, until the customer changes it."""
        made_up = _NICKNAMES[sum(external_userid.encode()) % len(_NICKNAMES)]
        return self._names.get(external_userid, made_up)

    def take_name(self, external_userid: str, name: str) -> None:
        """Change a customer's own name to *name*, without an event."""
        self._names[external_userid] = name

    def all(self) -> list[Contact]:
        """Return every contact."""
        return list(self._contacts.values())

    def new_tag(self, group: str, name: str, *, kind: int = CORP, create_time: int = 0) -> Tag:
        """Create a tag, and its group if it is missing."""
        beside = [tag.group_id for tag in self.tags.values() if (tag.group_name, tag.kind) == (group, kind)]
        prefix = "et" if kind == CORP else "st"
        tag = Tag(
            id=self._new_id(prefix),
            kind=kind,
            group_id=beside[0] if beside else self._new_id(prefix),
            group_name=group,
            name=name,
            create_time=create_time,
        )
        self.tags[tag.id] = tag
        return tag

    def drop_tag(self, tag_id: str) -> None:
        """Delete a tag, or a group with its tags, also from every contact."""
        gone = {tag.id for tag in self.tags.values() if tag_id in (tag.id, tag.group_id)}
        for tag in gone:
            del self.tags[tag]
        for contact in self._contacts.values():
            contact.tags = [tag for tag in contact.tags if tag not in gone]

    def tag_named(self, text: str) -> Tag:
        """Return the tag with this id, "group/name" or unique name. Raises KeyError for none or several."""
        tags = self.tags.values()
        exact = [tag for tag in tags if text in (tag.id, f"{tag.group_name}/{tag.name}")]
        found = exact or [tag for tag in tags if tag.name == text]
        if len(found) != 1:
            raise KeyError(text)
        return found[0]

    def _new_id(self, prefix: str) -> str:
        return prefix + "".join(self._rng.choices(_ID_CHARS, k=30))
