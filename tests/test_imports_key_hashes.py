"""Keys compared by digests say what comparing the keys themselves says."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features.imports.key_hashes import (
    NEW,
    SAME,
    KeyIndex,
    Sayings,
    digest,
)

keys = st.sampled_from([f"key-{number}" for number in range(12)]) | st.text(max_size=5)


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(keys, st.sampled_from("abc"))), asked=keys)
def test_the_index_knows_how_many_customers_a_key_names(pairs: list[tuple[str, str]], asked: str) -> None:
    customers = defaultdict(set)
    for key, customer in pairs:
        customers[key].add(customer)
    index = KeyIndex(iter(pairs))

    for key in {asked, *customers}:
        assert index.customers(digest(key)) == min(2, len(customers[key]))


@settings(deadline=None)
@given(lines=st.lists(st.tuples(keys, st.sampled_from("01"))))
def test_every_line_that_another_contradicts_is_found_with_one_that_does(
    lines: list[tuple[str, str]],
) -> None:
    told = Sayings()
    for number, (key, says) in enumerate(lines, start=1):
        told.add(digest(key), says=digest(says), line=number)
    found = told.contradictions()

    said = defaultdict(set)
    for key, says in lines:
        said[key].add(says)
    assert set(found) == {number for number, (key, _) in enumerate(lines, start=1) if len(said[key]) > 1}
    for line, other in found.items():
        assert lines[line - 1][0] == lines[other - 1][0]
        assert lines[line - 1][1] != lines[other - 1][1]


@settings(deadline=None)
@given(
    lines=st.lists(st.tuples(keys, st.sampled_from("01"))),
    rows=st.lists(st.tuples(keys, st.sampled_from("01"))),
)
def test_lines_beside_rows_are_new_the_same_or_in_the_place_of_the_newest(
    lines: list[tuple[str, str]], rows: list[tuple[str, str]]
) -> None:
    told, stored = Sayings(), Sayings()
    for sayings, said in ((told, lines), (stored, rows)):
        for number, (key, says) in enumerate(said, start=1):
            sayings.add(digest(key), says=digest(says), line=number)
    found = told.beside(stored, lines=len(lines))

    newest = {key: number for number, (key, _) in enumerate(rows, start=1)}
    assert sorted(found.outdated) == [
        number for number, (key, _) in enumerate(rows, start=1) if newest[key] != number
    ]
    seen = set()
    for line, (key, says) in enumerate(lines, start=1):
        row = newest.get(key)
        if key in seen or (row is not None and rows[row - 1][1] == says):
            assert found.rows[line] == SAME
        else:
            assert found.rows[line] == (NEW if row is None else row)
        seen.add(key)
