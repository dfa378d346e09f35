"""`quotabot check --live`: one line a part, OK or what to do in the words of WeCom's console."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

from bot.app.bootstrap import open_existing, wecom_client
from bot.config import Config
from bot.features.live.check import check_parts
from bot.features.live.part import Part, PartState
from bot.features.people import directory
from bot.messages.catalog import Texts, texts_in
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.store import Store

_SIGNS = {PartState.OK: "OK", PartState.NOTE: "--", PartState.WRONG: "!!", PartState.SKIPPED: ".."}


def live_parts(config: Config, texts: Texts) -> Iterator[Part]:
    """Try every part of *config* once, told by *texts*; open the store only if it is there."""
    services: Services | None = None
    error = ""
    with ExitStack() as stack:
        client = stack.enter_context(closing(wecom_client(config)))
        if Store.is_there(config.store.address):
            try:
                services = stack.enter_context(open_existing(config))
            except StoreError as failure:
                error = str(failure)
        if services is not None:
            people = services.directory
        else:
            people = directory.build_directory(config, directory.read_files(config), None)
        yield from check_parts(config, services, people, client, texts, now=time.time, store_error=error)


def part_for_people(part: Part, config: Config) -> str:
    """Return a part as one line."""
    texts = texts_in(config.locale.language)
    name = texts.table("live.parts")[part.name]
    return f"{_SIGNS[part.state]}  {texts['live.line'].say(part=name, text=part.text)}"


def as_json(part: Part) -> dict[str, str]:
    """Return a part for programs."""
    return {"part": part.name, "state": part.state.value, "text": part.text}


def is_wrong(part: Part) -> bool:
    """Return whether a person must mend the part."""
    return part.state is PartState.WRONG
