"""All jobs by name. A job says whom it has something to tell, as of a moment; sending is not its business."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services
from scheduler import admin, close, digest, engagement, progress, questions, reminder, statement, sync, weekly

# Yields (userid, message) in the order of userids: planning goes on from a userid after an interruption.
Job = Callable[[Services, Standings], Iterator[tuple[str, Message]]]

# What a job stores before it tells anybody, as of a moment; safe to repeat.
PREPARES: dict[str, Callable[[Services, datetime], None]] = {
    "close": close.prepare,
    "progress": questions.prepare,
}

# What it stores of the very numbers that it then tells; safe to repeat.
KEEPS: dict[str, Callable[[Services, Standings], None]] = {
    "reminder": statement.keep,
}

# The same, for what may last: it calls its last argument every few seconds to say that it is alive.
LASTING: dict[str, Callable[[Services, datetime, Callable[[], None]], None]] = {
    "sync": sync.work,
    "engagement": engagement.work,
}

# What goes out with a job under a name of its own: one message a person, day and name.
ALONGSIDE: dict[str, dict[str, Job]] = {
    "progress": {
        questions.QUESTION: questions.asked,  # about adds, to the person himself
        questions.REVIEW: questions.to_review,  # open cases, to who decides them
        admin.ADMIN: admin.messages,  # what is wrong, to who runs the bot
    },
    "reminder": {
        statement.STATEMENT: statement.messages,  # the day's figures with a code, to those who are done
    },
}

# Whether there is anything for a job to do at a moment; without a line here there always may be.
NEEDED: dict[str, Callable[[Services, datetime], bool]] = {
    "close": close.needed,
}

# Jobs that tell nobody anything: they run at any hour.
SILENT = frozenset({"sync", "engagement"})

JOBS: dict[str, Job] = {
    "progress": progress.messages,  # the morning's one line: how many are enough today
    "reminder": reminder.messages,  # late, and only to those who are behind and can still change it
    "digest": digest.messages,  # to leaders: whom to help first
    "weekly": weekly.messages,  # at the end of a week: what it brought, and what is enough from then on
    "close": close.messages,  # preliminary results of periods that are settled
    "sync": sync.messages,  # nothing to tell: it takes over what WeCom's own lists say
    "engagement": engagement.messages,  # nothing to tell: it reads WeCom's behaviour figures
}
