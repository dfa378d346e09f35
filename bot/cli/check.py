"""`quotabot check`: every fault of the configuration, before it does harm."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import config_option, format_option, json_text, loaded, spoken_texts
from bot.clock import RealClock
from bot.config import Config, ConfigError, Fault
from bot.config.ca_file import ca_file_fault
from bot.config.faults import shown
from bot.config.own_texts import own_text_warnings
from bot.config.roster import RosterError
from bot.config.warnings import warning, warnings, years_that_matter
from bot.core.rollout import Mode
from bot.features.close import proof
from bot.features.people import directory
from bot.features.reviews.cases import list_without_reviewer
from bot.features.rollout.advice import advise_empty, advise_installation, describe_advice
from bot.features.rollout.rules import Advice
from bot.features.rules.change_report import dates_of
from bot.features.rules.changes import find_pending_changes
from bot.features.standings.unreached import Unreached, list_unreached
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Say, Sentence, in_language, speaker
from bot.services import Directory, Services
from bot.store.address_book import READ_AT
from bot.store.engine import StoreError
from bot.store.store import Store

_NAMED = 3  # userids in a warning


@click.command()
@config_option
@click.option("--live", is_flag=True, help="Try store, WeCom, callback address and clock, too.")
@format_option("text", "json")
def check(config_path: Path, form: str, *, live: bool) -> None:
    """Read the configuration and the roster, and report every fault. Changes and sends nothing.

    If a store exists, its history is searched for targets that nobody reached. --live tries each part once,
    says what to change in WeCom's console, and exits with 1 if something is wrong.

    \b
    quotabot check
    quotabot check --live
    quotabot check --config config.example.toml --format json
    """
    faults: list[str] = []
    found: tuple[Fault, ...] = ()
    summary = ""
    steps: list[str] = []
    config = None
    try:
        config = loaded(config_path)
        if config.wecom.ca_file and (wrong := ca_file_fault(config.file, config.wecom.ca_file)):
            faults.append(str(wrong))
        faults += _broken_chains(config)
        of_texts = own_text_warnings(config)
        known = _known(config)
        found = (*_warnings(config, known), *of_texts, *known.from_store, *_mounted_alone(config))
        texts, quotas = texts_in(config.locale.language), len(config.quotas)
        whom = _whom(config, known, texts)
        summary = texts["cli.check.summary"].say(file=config_path, n=quotas, whom=whom)
        steps = describe_advice(known.advice, language="en" if form == "json" else config.locale.language)
    except (ConfigError, RosterError) as error:
        faults += [str(fault) for fault in error.faults]
    if form == "text":
        for line in faults:
            click.echo(in_language(spoken_texts(), line), err=True)
        texts = spoken_texts()
        for note in found:
            click.echo(texts["cli.check.warning"].say(note=note.say(texts)), err=True)
        for line in (*((summary,) if summary and not faults else ()), *steps):
            click.echo(line)
    notes = [str(note) for note in found] if form == "json" else []
    report: dict[str, Any] = {"ok": not faults, "faults": faults, "warnings": notes, "rollout": steps}
    is_wrong = live and config is not None and not faults and _is_wrong_live(config, form, report)
    if form == "json":
        click.echo(json_text(report), nl=False)
    if faults or is_wrong:
        sys.exit(2 if faults else 1)


def _is_wrong_live(config: Config, form: str, report: dict[str, Any]) -> bool:
    """Try each part, print it or put it into *report*; return whether one of them is wrong."""
    from bot.cli.check_live import as_json, is_wrong, live_parts, part_for_people  # needs all of WeCom's side

    parts = []
    for part in live_parts(config, _texts()):
        parts.append(part)
        if form == "text":
            click.echo(part_for_people(part, config))
    wrong = any(map(is_wrong, parts))
    report |= {"ok": not wrong, "live": list(map(as_json, parts))}
    return wrong


@dataclass(frozen=True, slots=True)
class _Known:
    """The known people, the next step of the rollout, and warnings *from_store*.

    *tags* None: nothing was read from WeCom.
    """

    directory: Directory
    advice: Advice
    tags: dict[int, str] | None = None
    from_store: tuple[Fault, ...] = ()


def _known(config: Config) -> _Known:
    """Return what the files say, and the store if it exists."""
    files = directory.read_files(config)
    unstarted = advise_empty(Mode(config.rollout.mode))
    nothing = _Known(directory.build_directory(config, files, None), unstarted)
    try:
        if not Store.is_ready(config.store.address):
            return nothing
        with open_existing(config) as services:
            was_read = config.directory.source == "wecom" and services.store.marks.get(READ_AT) is not None
            tags = services.store.address_book.tags() if was_read else None
            warned = (*_from_history(config, list_unreached(services)), *_from_rules(config, services))
            people = directory.build_directory(config, files, services.store)
            return _Known(people, advise_installation(services), tags, warned)
    except StoreError as error:
        why = in_language(spoken_texts(), str(error))
        click.echo(spoken_texts()["cli.check.unread"].say(why=why), err=True)
        return nothing


def _broken_chains(config: Config) -> list[str]:
    """Return what was changed in the audit log or in closed results, if there is a store."""
    try:
        if not Store.is_ready(config.store.address):
            return []
        with open_existing(config) as services:
            broken_at = services.store.audit.broken_at()
            texts = _texts()
            faults = [] if broken_at is None else [texts["cli.check.audit"].say(n=broken_at)]
            return faults + proof.find_faults(services.store)
    except (StoreError, RosterError):
        return []  # told below


def _texts() -> Texts:
    """Return the texts of `check`: English in JSON, else in the language of the configuration."""
    is_json = click.get_current_context().params["form"] == "json"
    return texts_in("en") if is_json else spoken_texts()


def _say() -> Say:
    """Return the function that says warnings: in English for JSON, else in one language."""
    is_json = click.get_current_context().params["form"] == "json"
    return Sentence if is_json else speaker(spoken_texts())


def _mounted_alone(config: Config) -> list[Fault]:
    """Return a warning if a container sees only the file of the store, and not what SQLite puts beside it."""
    path = config.store.where
    if not isinstance(path, Path):
        return []
    from bot.store.sqlite_file import is_mounted_alone  # PostgreSQL does without it

    if not is_mounted_alone(path):
        return []
    texts = _texts()
    allowed = texts["cli.check.mounted"]
    return [warning(config, ("store", "url"), f"sqlite:///{path}", allowed)]


def _whom(config: Config, known: _Known, texts: Texts) -> str:
    if config.directory.source == "csv":
        return texts["cli.check.roster"].say(n=len(known.directory.people))
    if known.tags is None:
        return texts["cli.check.nobody"]
    return texts["cli.check.wecom"].say(n=len(known.directory.people))


def _warnings(config: Config, known: _Known) -> tuple[Fault, ...]:
    today = RealClock().now().astimezone(config.calendar.timezone).date()
    years = years_that_matter(today)
    people = known.directory
    if config.directory.source == "wecom" and known.tags is None:
        return warnings(config, years=years, say=_say())
    memberships = [membership for person in people.people for membership in person.memberships]
    departments = {department for membership in memberships for department in membership.departments}
    userids = {person.userid for person in people.people}
    faults = warnings(
        config,
        years=years,
        userids=userids,
        roles={membership.role for membership in memberships if membership.role},
        departments=departments | set(people.departments.parents) | set(people.departments.names),
        tags=known.tags,
        say=_say(),
    )
    if nobody := list_without_reviewer(config, people, day=today):
        named = ", ".join(nobody[:_NAMED]) + (" …" if len(nobody) > _NAMED else "")
        texts = _texts()
        allowed = texts["cli.check.no_reviewer"].say(n=len(nobody), named=named)
        faults = (*faults, warning(config, ("review", "reviewers"), list(config.review.reviewers), allowed))
    if config.directory.source == "csv":
        return faults
    strange = directory.list_unknown_to_wecom(people.files, userids)
    return (*faults, *(_stranger(config, userid) for userid in strange))


def _stranger(config: Config, userid: str) -> Fault:
    texts = _texts()
    allowed = texts["cli.check.stranger"]
    return Fault(
        file=str(config.directory.roster_path), key_path="userid", value=shown(userid), allowed=allowed
    )


def _from_history(config: Config, history: list[Unreached]) -> list[Fault]:
    return [
        warning(config, ("quotas", number, "target"), quota.target, _said(target))
        for number, quota in enumerate(config.quotas)
        for target in history
        if target.quota == quota.id
    ]


def _from_rules(config: Config, services: Services) -> list[Fault]:
    changes = {change.quota: change for change in find_pending_changes(services, at=services.clock.now())}
    return [
        warning(config, ("quotas", number, "period"), quota.period, dates)
        for number, quota in enumerate(config.quotas)
        if quota.id in changes and (dates := dates_of(changes[quota.id]))
    ]


def _said(target: Unreached) -> str:
    first, last = target.periods[0], target.periods[-1]
    texts = _texts()
    periods = first if first == last else texts["cli.check.periods"].say(first=first, last=last)
    best = f"{target.best.counted}/{target.best.target}"
    return texts["cli.check.unreached"].say(periods=periods, best=best, period=target.best.period)
