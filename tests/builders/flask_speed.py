"""Applications of Flask that are quickly made: most tests of pages and of WeCom make one of their own."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


class _Compiled(BytecodeCache):
    """What Jinja made of templates, for every application of this process; a changed text is another one."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give *bucket* what is there."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made."""
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


def share_templates() -> None:
    """Let Flask's applications share their compiled templates."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}


def build_addresses_late() -> None:
    """Let a route compile what builds its address when it is asked for one; most never are.

    Werkzeug compiles two functions for each route at once, 15 ms for an application like the sandbox.
    """
    compile_now = Rule._compile_builder

    def compile_late(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: Callable[..., tuple[str, str]] | None = None

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            nonlocal made
            made = made or compile_now(self, append_unknown)
            return made(rule, **values)

        return build

    Rule._compile_builder = compile_late  # type: ignore[method-assign]
