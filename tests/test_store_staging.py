"""The staging of an import says what comparing keys and sayings one by one says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager

from hypothesis import given
from hypothesis import strategies as st

from bot.store.staging import Staging, StoredRow

keys = st.sampled_from([f"key-{number}" for number in range(12)]) | st.text(max_size=5)
sayings = st.lists(st.tuples(keys, st.sampled_from("012")))


@contextmanager
def staged(lines: list[tuple[str, str]]) -> Iterator[Staging]:
    """The lines of a file, numbered from 2 as below a header."""
    with closing(Staging()) as staging:
        staging.add_lines((number, key, says) for number, (key, says) in enumerate(lines, start=2))
        yield staging


@given(pairs=st.lists(st.tuples(keys, st.sampled_from("abc"))), asked=st.lists(keys))
def test_keys_that_name_no_customer_or_several_are_odd(
    pairs: list[tuple[str, str]], asked: list[str]
) -> None:
    customers = defaultdict(set)
    for key, customer in pairs:
        customers[key].add(customer)
    with staged([(key, "") for key in asked]) as staging:
        staging.add_contacts(pairs)
        odd = list(staging.odd_keys())

    assert odd == [
        (number, key, len(customers[key]) > 1)
        for number, key in enumerate(asked, start=2)
        if len(customers[key]) != 1
    ]


@given(lines=sayings)
def test_each_contradicted_line_is_dropped_and_named_with_the_first_that_says_otherwise(
    lines: list[tuple[str, str]],
) -> None:
    with staged(lines) as staging:
        found = staging.drop_contradicted()
        left = {change.key for change in staging.changes()}

    numbered = list(enumerate(lines, start=2))
    expected = {}
    for number, (key, says) in numbered:
        others = [other for other, (same, said) in numbered if same == key and said != says]
        if others:
            expected[number] = others[0]
    assert found == expected
    assert left == {key for number, (key, _) in numbered if number not in expected}


@given(lines=sayings, rows=sayings)
def test_the_first_line_of_each_key_changes_the_newest_row_that_says_something_else(
    lines: list[tuple[str, str]], rows: list[tuple[str, str]]
) -> None:
    said = dict(reversed(lines))  # no line contradicts the first one of its key
    agreed = [(key, said[key]) for key, _ in lines]
    with staged(agreed) as staging:
        staging.add_rows(
            StoredRow(number, key, says, f"m{number}", "{}")
            for number, (key, says) in enumerate(rows, start=1)
        )
        changes, outdated = list(staging.changes()), list(staging.outdated())

    newest = {key: number for number, (key, _) in enumerate(rows, start=1)}
    first: dict[str, int] = {}
    for number, (key, _) in enumerate(agreed, start=2):
        first.setdefault(key, number)
    expected = []
    for key, line in first.items():
        row = newest.get(key)
        if row is None:
            expected.append((line, key, said[key], None, None, None))
        elif rows[row - 1][1] != said[key]:
            expected.append((line, key, said[key], row, f"m{row}", "{}"))
    assert changes == expected
    assert sorted(outdated) == [
        number for number, (key, _) in enumerate(rows, start=1) if newest[key] != number
    ]
