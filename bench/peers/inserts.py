"""Bare inserts of the rows that events become, in groups of 500, into a file with the same tables.

Start: `python -m bench.peers.inserts DATABASE COUNT`; prints events a second.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing

GROUP = 500
_FACT = "INSERT INTO relation_events VALUES (?, ?, ?, 'added', 'callback', '', ?)"
_ADD = "INSERT INTO adds (userid, external_userid, added_at, nth) VALUES (?, ?, ?, 1)"


def main() -> None:
    """Insert a fact and an add for each event."""
    path, count = sys.argv[1], int(sys.argv[2])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        began = time.perf_counter()
        for first in range(0, count, GROUP):
            rows = [
                (f"sales{number % 1000:04d}", f"wmPEER{number:026d}", 1_795_395_610 + number)
                for number in range(first, min(first + GROUP, count))
            ]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_FACT, [(*row, row[2]) for row in rows])
            connection.executemany(_ADD, rows)
            connection.execute("COMMIT")
        print(count / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
