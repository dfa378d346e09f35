"""What keeps a whole part of the service from its work: one note a part, kept until the part works again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from bot.messages.sentences import packed, unpacked
from bot.store.coordination import Marks
from bot.store.engine import Engine

_FAILING = "failing:"  # in the names of marks


class Part(StrEnum):
    """What can be troubled as a whole."""

    DELIVERY = "delivery"
    DETAILS = "details"
    DIRECTORY = "directory"
    SET_ASIDE = "set_aside"  # single items that the directory was read without
    TAGS = "tags"  # single tags that the corp's list was read without
    WELCOME = "welcome"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a part cannot work now. *until*: callers wait so long, in real epoch s; 0 for no wait.

    *is_busy*: WeCom reports a busy system, or too many calls at once.
    """

    errcode: int
    text: str
    until: int = 0
    needs_human: bool = False
    is_busy: bool = False


NOTHING_LEARNT = Trouble(0, "")  # no call was made


class Troubles:
    """The notes of all parts, for all processes."""

    def __init__(self, engine: Engine) -> None:
        self._marks = Marks(engine)

    def get(self, part: Part) -> Trouble | None:
        """Return what is noted of *part*."""
        noted = self._marks.get(_mark(part))
        if noted is None:
            return None
        kept = json.loads(noted)
        return Trouble(**{**kept, "text": unpacked(kept["text"])})

    def note(self, part: Part, trouble: Trouble) -> None:
        """Note *trouble* in place of an earlier one."""
        self._marks.put(
            _mark(part), json.dumps({**asdict(trouble), "text": packed(trouble.text)}, ensure_ascii=False)
        )

    def clear(self, *parts: Part) -> None:
        """Forget what is noted of *parts*."""
        for part in parts:
            self._marks.clear(_mark(part))

    def of(self, part: Part) -> TroubleNote:
        """Return the note of *part* for a process that works on it for long."""
        return TroubleNote(self, part)


class TroubleNote:
    """The note of one part, written as rarely as possible."""

    def __init__(self, troubles: Troubles, part: Part) -> None:
        self._troubles, self._part = troubles, part
        self._is_noted = True  # until the first success: an earlier process may have left a note
        self._last: tuple[int, str] | None = None

    def note(self, trouble: Trouble) -> bool:
        """Note *trouble* in place of an earlier one; return whether it differs: then it is logged."""
        before, self._last = self._last, (trouble.errcode, trouble.text)
        self._is_noted = True
        self._troubles.note(self._part, trouble)
        return self._last != before

    def clear(self) -> None:
        """Forget the note, if there may be one: the part works."""
        if self._is_noted:
            self._troubles.clear(self._part)
            self._is_noted, self._last = False, None


class Failing:
    """The acts of the service that fail with an unexpected error, for all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._marks = engine, Marks(engine)

    def note(self, act: str, error: str) -> None:
        """Note that *act* failed; *error* is the name of its kind."""
        self._marks.put(f"{_FAILING}{act}", error)

    def clear(self, act: str) -> None:
        """Forget the note of *act*."""
        self._marks.clear(f"{_FAILING}{act}")

    def all(self) -> dict[str, str]:
        """Return the errors by act."""
        rows = self._engine.all("marks_starting", start=_FAILING, length=len(_FAILING))
        return {row["name"].removeprefix(_FAILING): row["value"] for row in rows}


def _mark(part: Part) -> str:
    return f"{part}_trouble"
