"""The house stays in order: few rooms, hardly a loose file, and no more code than it was cut to."""

from __future__ import annotations

from bench import size


def test_the_root_of_the_bot_has_few_rooms_and_hardly_a_loose_file() -> None:
    assert len(size.rooms()) <= size.MOST_ROOMS
    assert len(size.loose_files()) <= size.MOST_LOOSE_FILES


def test_the_product_is_no_larger_than_it_was_cut_to() -> None:
    assert sum(source.lines for source in size.sources(*size.PRODUCT)) <= size.MOST_LINES


def test_files_and_functions_are_short() -> None:
    product = size.sources(*size.PRODUCT)

    assert [str(source.path) for source in product if source.lines > 400] == []
    assert [str(source.path) for source in product if max(source.functions, default=0) > 60] == []
