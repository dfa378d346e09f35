"""All jobs by name. A job yields messages as of a moment; it sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services
from scheduler import (
    admin,
    backup,
    close,
    digest,
    engagement,
    progress,
    purge,
    questions,
    reminder,
    statement,
    sync,
    weekly,
)
from scheduler.whom import Whom, leaders, nobody, with_teams

# Yields (userid, message) in the order of userids: planning continues from a userid after an interruption.
Job = Callable[[Services, Standings], Iterator[tuple[str, Message]]]

# What a job stores before its messages, as of a moment; safe to repeat.
PREPARES: dict[str, Callable[[Services, datetime], None]] = {
    "close": close.prepare,
    "progress": questions.prepare,
}

# What a job stores of a piece of the people before its messages to them; safe to repeat.
KEEPS: dict[str, Callable[[Services, Standings], None]] = {
    "progress": questions.keep,
    "reminder": statement.keep,
}

# Whose messages a job plans, a piece at a time; the others go over everybody.
WHOM: dict[str, Whom] = {
    "close": close.whom,
    "digest": leaders,
    "weekly": with_teams,
    **dict.fromkeys(("sync", "engagement", "purge", "backup"), nobody),
}

# Long jobs: they call their last argument every few seconds to renew their lease.
LASTING: dict[str, Callable[[Services, datetime, Callable[[], None]], None]] = {
    "sync": sync.work,
    "engagement": engagement.work,
    "purge": purge.work,
    "backup": backup.work,
}

# Messages that go out with a job under another name: one for each person, day and name.
ALONGSIDE: dict[str, dict[str, Job]] = {
    "progress": {
        questions.QUESTION: questions.asked,  # about adds, to their employee
    },
    "reminder": {
        statement.STATEMENT: statement.messages,  # the day's figures with a code, to people who are done
    },
}

# The same for messages that do not depend on anybody's figures: they are built once for all pieces.
BESIDE: dict[str, dict[str, Job]] = {
    "progress": {
        questions.REVIEW: questions.to_review,  # open cases, to their reviewers
        admin.ADMIN: admin.messages,  # what needs attention, to administrators
    },
}

# Whether a job has anything to do at a moment; jobs without an entry always may.
NEEDED: dict[str, Callable[[Services, datetime], bool]] = {
    "close": close.needed,
    "backup": backup.needed,
}

# Jobs without messages: they run at any hour.
SILENT = frozenset(LASTING)


def _no_messages(_services: Services, _standings: Standings) -> Iterator[tuple[str, Message]]:
    return iter(())


JOBS: dict[str, Job] = {
    "progress": progress.messages,  # in the morning: how many adds are enough today
    "reminder": reminder.messages,  # late: to people who are behind and can still change it
    "digest": digest.messages,  # to leaders: whom to help first
    "weekly": weekly.messages,  # at the end of a week: the week's adds, and what is enough from then on
    "close": close.messages,  # preliminary results of settled periods
    **dict.fromkeys(LASTING, _no_messages),
}
