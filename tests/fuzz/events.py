"""Genuine callbacks with odd fields, through the handlers: none stops its neighbours, none is a surprise."""

from __future__ import annotations

import hashlib
import random
import re

from builders.e2e import rows_of, where

from bot.services import Services
from fuzz.callbacks import SAMPLES
from fuzz.mutate import ODD
from fuzz.tally import Tally
from handlers.inbox import work_off

_FIELD = re.compile(rb"<(\w+)>(?:<!\[CDATA\[([^\]]*)\]\]>|([^<]+))</\1>")
# As long as no id is, and no compression makes it short: indexes have a limit.
_LONG = hashlib.shake_256(b"").hexdigest(3000).encode()
_VALUES = (
    *(
        b"",
        b" ",
        b"0",
        b"-1",
        b"1",
        b"99999999999",
        b"1e9",
        b"1.5",
        b"@all",
        b"sales01|sales02",
        b"a,b",
        b"SALES01",
    ),
    *(
        "销售".encode(),
        "😀".encode(),
        "\u202ea".encode(),
        b"x" * 3000,
        b"y" * 30_000,
        _LONG,
        b"a b",
        b"a\tb",
        b"'; --",
        b"%s",
    ),
    *(one for one in ODD if b"<" not in one and b"&" not in one and b"]" not in one),
)
_BATCH = 500
# What the project's own errors say; anything else is the bare name of an error that nobody expected.
_UNEXPECTED = re.compile(r"[A-Z]\w*(Error|Exception|Violation|Iteration|Overflow\w*)")


def odd_event(rng: random.Random) -> bytes:
    """Return a sample event of which one to three fields are odd, missing or doubled."""
    event = rng.choice(SAMPLES)
    for _ in range(rng.randrange(1, 4)):
        fields = list(_FIELD.finditer(event))
        if not fields:
            break
        field = rng.choice(fields)
        other = rng.choice(list(_FIELD.finditer(rng.choice(SAMPLES))))
        name = field[1]
        value = rng.choice((rng.choice(_VALUES), other[2] or other[3] or b""))
        one = b"<%s><![CDATA[%s]]></%s>" % (name, value, name)
        event = event[: field.start()] + rng.choice((one, one, one, one + one, b"")) + event[field.end() :]
    return event.replace(b"</xml>", b"<Case>%d</Case></xml>" % rng.getrandbits(48))


def handled(seed: int, cases: int, services: Services) -> Tally:
    """Put *cases* of odd events into the inbox, as the receiver does, and work it off."""
    tally, place = Tally(), where(services)
    for begin in range(0, cases, _BATCH):
        numbers = range(begin, min(begin + _BATCH, cases))
        bodies = [odd_event(random.Random(f"{seed}:event:{number}")) for number in numbers]
        by_hash = {hashlib.sha256(body).hexdigest(): n for n, body in zip(numbers, bodies, strict=True)}
        rows = [{"hash": hashlib.sha256(body).hexdigest(), "body": body, "received_at": 1} for body in bodies]
        with services.store.transaction():
            services.store.engine.run_many("inbox_add", rows)
        work_off(services)
        for row in rows_of(place, "SELECT hash, state, attempts, error FROM inbox"):
            number = by_hash.get(row["hash"])
            if number is None:
                continue
            if row["state"] == "pending" and not row["attempts"]:
                tally.fail(number, "was not handled")
            elif _UNEXPECTED.fullmatch(row["error"] or ""):
                tally.fail(number, f"failed with {row['error']}: {bodies[number - begin][:300]!r}")
            else:
                tally.outcomes["refused" if row["error"] else row["state"]] += 1
    return tally
