"""The directory as a self-built app may read it [90196, 90201, 90208, 90213, 90216, 90227].

Such an app reads only its visible range (可见范围), never a mobile or an address, and may not use
user/list_id. None of these answers has pages: if a department is too big for one (45029), its names are read
first, then each member. One odd department, tag or member is set aside and named; the others are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import structlog

from bot.config.fields import is_userid
from bot.messages.sentences import Sentence
from bot.wecom.errors import AnswerError, ErrorKind, MalformedError, UnknownOutcomeError, WeComError
from bot.wecom.numbers import whole
from bot.wecom.reads import Reads

DISABLED, LEFT = 2, 5  # status of a member: disabled; left the corp
log = structlog.get_logger(__name__)

_OF_ONE = frozenset({ErrorKind.PERMANENT, ErrorKind.RECEIVER})  # a refusal of what was asked for
_ODD_CHARACTERS = 64  # of an odd userid; a longer one is cut
_TOO_MANY, _GONE, _NOT_IN_RANGE, _NO_TAG = 45029, 60111, {60011, 50002}, 40068


class Absent(Enum):
    """The reason why a member cannot be read. A hidden member may still be in the corp."""

    GONE = "gone"  # 60111: no member has this userid
    HIDDEN = "hidden"  # 60011: outside the visible range


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department; *parent* 0 is the top, or a department out of range. *leaders*: userids."""

    id: int
    name: str
    parent: int
    leaders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member: userids in lower case, the main department first.

    *status*: 1 active, 2 disabled, 4 not activated, 5 left.
    """

    userid: str
    name: str
    departments: tuple[int, ...]
    leads: tuple[int, ...] = ()
    position: str = ""
    status: int = 1
    direct_leader: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag of members: people, and departments with all below them, as far as they are in range."""

    id: int
    name: str
    users: frozenset[str]
    departments: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that the app may see at one time, complete but for *odd*: what was set aside, and why.

    *odd_tags*: the ids of tags among them.
    """

    departments: tuple[Department, ...]
    members: tuple[Member, ...]
    tags: tuple[Tag, ...]
    odd: tuple[str, ...] = ()
    odd_tags: frozenset[int] = frozenset()


class AddressBook:
    """Typed calls. All raise WeComError; UnknownOutcomeError for an answer without its list."""

    def __init__(self, reads: Reads, *, agent_id: int) -> None:
        self._reads = reads
        self._agent_id = agent_id
        self.odd: list[str] = []

    def everything(self) -> Reading:
        """Read everything in range. Raises WeComError as soon as a call fails for all, not for one item."""
        self.odd, odd_tags = [], set[int]()
        departments = self.departments()
        members: dict[str, Member] = {}
        refused = []
        for department in departments:
            try:
                members |= {member.userid: member for member in self.members_of(department.id)}
            except AnswerError as error:
                refused.append(self.set_aside(Sentence("sentences.department", id=department.id), error))
        if refused and len(refused) == len(departments):
            raise refused[0]  # not one of them is odd: the app may read none
        tags = tuple(self.tags(odd_tags.add))
        for userid in self._allowed_one_by_one(tags):
            if userid not in members and isinstance(found := self.known(userid), Member):
                members[userid] = found
        return Reading(
            departments=tuple(departments),
            members=tuple(members.values()),
            tags=tags,
            odd=tuple(dict.fromkeys(self.odd)),
            odd_tags=frozenset(odd_tags),
        )

    def set_aside(self, what: str, error: WeComError) -> WeComError:
        """Name *what* as odd and return *error*. Raises it if it does not speak of *what* alone."""
        is_odd = isinstance(error, MalformedError) or (
            isinstance(error, AnswerError) and error.kind in _OF_ONE
        )
        if not is_odd:
            raise error
        self.odd.append(Sentence("sentences.odd", what=what, why=str(error)))
        log.warning("set aside", what=what, reason=str(error))
        return error

    def departments(self) -> list[Department]:
        """Return all departments in range."""
        return [
            Department(
                id=_whole(row, "id"),
                name=_text(row, "name"),
                parent=_whole(row, "parentid"),
                leaders=_userids(row.get("department_leader")),
            )
            for row in self._good(self._reads.get("department/list"), "department", _whole, "id")
        ]

    def members_of(self, department: int) -> Iterator[Member]:
        """Return the direct members of a department."""
        try:
            answer = self._reads.get("user/list", department_id=department)
        except AnswerError as error:
            if error.errcode != _TOO_MANY:
                raise
            names = self._reads.get("user/simplelist", department_id=department)
            members = [self.known(_userid(row)) for row in self._good(names, "userlist", _userid)]
            yield from (member for member in members if isinstance(member, Member))
        else:
            yield from (_member(row) for row in self._good(answer, "userlist", _member))

    def member(self, userid: str) -> Member | Absent:
        """Return one member, or why they cannot be read."""
        try:
            return _member(self._reads.get("user/get", userid=userid))
        except AnswerError as error:
            if error.errcode == _GONE:
                return Absent.GONE
            if error.errcode in _NOT_IN_RANGE:
                return Absent.HIDDEN
            raise

    def known(self, userid: str) -> Member | Absent | None:
        """Return one member, or why they cannot be read; None, and set them aside, for any other refusal."""
        try:
            return self.member(userid)
        except (AnswerError, MalformedError) as error:
            self.set_aside(Sentence("sentences.member", id=userid), error)
            return None

    def tags(self, note_odd: Callable[[int], object] = lambda _: None) -> Iterator[Tag]:
        """Return all tags with their members, without deleted ones. Call *note_odd* with an odd id."""
        for row in self._good(self._reads.get("tag/list"), "taglist", _whole, "tagid"):
            number = _whole(row, "tagid")
            try:
                tag = self.tag(number)
            except (AnswerError, MalformedError) as error:
                self.set_aside(Sentence("sentences.tag", id=number), error)
                note_odd(number)
            else:
                if tag is not None:
                    yield tag

    def tag(self, number: int) -> Tag | None:
        """Return one tag; None if the id does not exist."""
        try:
            answer = self._reads.get("tag/get", tagid=number)
        except AnswerError as error:
            if error.errcode == _NO_TAG:
                return None
            raise
        return Tag(
            id=number,
            name=_text(answer, "tagname"),
            users=frozenset(_userid(row) for row in self._good(answer, "userlist", _userid)),
            departments=_wholes(answer.get("partylist")),
        )

    def _allowed_one_by_one(self, tags: Iterable[Tag]) -> list[str]:
        """Return the userids that the visible range names directly or by a tag, not by department."""
        answer = self._reads.get("agent/get", agentid=self._agent_id)
        named = _part(answer, "allow_userinfos").get("user", [])
        allowed = [_userid(row) for row in self._good({"user": named}, "user", _userid)]
        numbers = _wholes(_part(answer, "allow_tags").get("tagid"))
        tagged = {userid for tag in tags if tag.id in numbers for userid in tag.users}
        return [*dict.fromkeys(allowed), *sorted(tagged)]

    def _good(
        self, answer: dict[str, Any], name: str, read: Callable[..., object], *keys: str
    ) -> list[dict[str, Any]]:
        """Return the rows of a list that *read* can read; set the others aside.

        Raises MalformedError if it can read no department or tag: then none of them is odd.
        """
        good, error = [], None
        for row in _list(answer, name):
            try:
                read(row, *keys)
            except MalformedError as found:
                error = self.set_aside(Sentence("sentences.row", name=name), found)
            else:
                good.append(row)
        if error is not None and not good and keys:
            raise error
        return good


def _member(row: dict[str, Any]) -> Member:
    departments = _wholes(row.get("department"))
    leads = row.get("is_leader_in_dept")
    flags = leads if isinstance(leads, list) else []
    main = next(iter(_wholes([row.get("main_department")])), 0)
    # The main one comes first, even if it is out of range.
    own = (main, *(number for number in departments if number != main)) if main > 0 else departments
    return Member(
        userid=_userid(row),
        name=_text(row, "name"),
        departments=own,
        leads=tuple(number for number, flag in zip(departments, flags, strict=False) if str(flag) == "1"),
        position=_text(row, "position"),
        status=_whole(row, "status") if "status" in row else 1,
        direct_leader=next(iter(_userids(row.get("direct_leader"))), ""),
    )


def _userid(row: dict[str, Any]) -> str:
    userid = row.get("userid")
    if not isinstance(userid, str) or not is_userid(userid):
        given = str(userid or "")[:_ODD_CHARACTERS]
        raise MalformedError(Sentence("sentences.no_userid", given=repr(given)))
    return userid.lower()


def _userids(value: object) -> tuple[str, ...]:
    userids = value if isinstance(value, list) else []
    return tuple(userid.lower() for userid in userids if isinstance(userid, str) and is_userid(userid))


def _list(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects. An answer without it is incomplete and must not count as empty."""
    rows = answer.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnknownOutcomeError(Sentence("sentences.lacks", what=name))
    return rows


def _part(answer: dict[str, Any], name: str) -> dict[str, Any]:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}


def _whole(row: dict[str, Any], name: str) -> int:
    try:
        return whole(row.get(name))
    except ValueError:
        raise MalformedError(Sentence("sentences.lacks", what=name)) from None


def _wholes(value: object) -> tuple[int, ...]:
    """Return the numbers in a list, without its other values."""
    found = list[int]()
    for one in value if isinstance(value, list) else []:
        with suppress(ValueError):
            found.append(whole(one))
    return tuple(found)


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""
