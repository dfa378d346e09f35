"""The correlation id: what a log line and a message come from, in every line from a callback to its message.

For a callback it is the begin of its hash; for a job, its name and due time.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager

from structlog.contextvars import bound_contextvars, get_contextvars

_REF = "ref"
_LENGTH = 12


def bound_ref(ref: str) -> AbstractContextManager[None]:
    """Return a block whose log lines and new messages have *ref*."""
    return bound_contextvars(**{_REF: ref})


def current_ref() -> str:
    """Return the id of the running block; empty outside of one."""
    return str(get_contextvars().get(_REF, ""))


def ref_of_event(body: bytes) -> str:
    """Return the id of the decrypted event *body*."""
    return hashlib.sha256(body).hexdigest()[:_LENGTH]
