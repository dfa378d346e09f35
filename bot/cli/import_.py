"""`quotabot import`: data that only the bank has, from CSV files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot.cli.bars import bars
from bot.cli.inbox import up_to_date
from bot.cli.options import bad_usage, config_option, format_option, json_text, loaded, user_name
from bot.config.faults import Fault
from bot.features.imports.absences import AbsenceLines
from bot.features.imports.csv_import import CappedList, ImportingError, Lines, Remark, Report, import_file
from bot.features.imports.facts import FactLines
from bot.features.imports.roster import RosterLines
from bot.features.ledger.derive import derive
from bot.features.renames.rename import RenameLines
from bot.messages.catalog import Text, Texts, texts_in
from bot.messages.sentences import Sentence, in_language
from bot.services import Services


@click.group("import")
def import_() -> None:
    """Import data that only the bank has. A file with a wrong line stores nothing, unless --skip-bad."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments and options that all imports share."""
    for option in reversed(
        [
            click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
            config_option,
            click.option("--skip-bad", is_flag=True, help="Store the good lines although others are wrong."),
            click.option("--dry-run", is_flag=True, help="Only say what is wrong; store nothing."),
            click.option("--by", metavar="NAME", help="Who imports; the user of this computer if left out."),
            format_option("text", "json"),
        ]
    ):
        command = option(command)
    return command


@import_.command()
@_options
def roster(**given: Any) -> None:
    """Import people: userid,name,department,role,leader_of,joined_on,left_on,share, from today on.

    \b
    quotabot import roster roster.csv --dry-run
    quotabot import roster joiners.csv --by "HR, Wang"
    """
    _import(RosterLines, **given)


@import_.command()
@_options
def absences(**given: Any) -> None:
    """Import leave: userid,from,to,kind; both days are included.

    \b
    quotabot import absences leave.csv --dry-run
    quotabot import absences leave.csv --by "HR, Wang"
    """
    _import(AbsenceLines, **given)


@import_.command()
@_options
@click.option("--complete", is_flag=True, help="Known contacts outside the file have every fact of it false.")
def facts(*, complete: bool, **given: Any) -> None:
    """Import the bank's facts of its customers: a key, then manager and any facts (1, 0 or empty).

    \b
    quotabot import facts facts.csv
    quotabot import facts facts.csv --skip-bad --format json
    quotabot import facts all-customers.csv --complete
    """
    if complete and given["skip_bad"]:
        loaded(given["config_path"])  # its language
        raise bad_usage(Sentence("faults.usage.complete"))
    _import(partial(FactLines, complete=complete), **given)


@import_.command()
@_options
def renames(**given: Any) -> None:
    """Import changed userids: old_userid,userid. All data of the old userid moves to the new one.

    \b
    quotabot import renames renames.csv --dry-run
    quotabot import renames renames.csv --by "HR, Wang"
    """
    by = given["by"] = given["by"] or user_name()
    _import(partial(RenameLines, by=by), **given)


def _import(
    kind: Callable[[Services, Path], Lines[Any]],
    *,
    file: Path,
    config_path: Path,
    skip_bad: bool,
    dry_run: bool,
    by: str | None,
    form: str,
) -> None:
    # With an inbox that is not processed, new contacts would be reported as unmatched.
    with up_to_date(loaded(config_path), ImportingError, OSError, may_create=True) as services:
        lines, by = kind(services, file), by or user_name()
        with bars() as tell:
            report = import_file(services, lines, file, by=by, skip_bad=skip_bad, dry_run=dry_run, tell=tell)
        derive(services)  # contacts of renamed people are counted again
        texts = texts_in(services.language)
    if report.recognised:
        click.echo(
            texts["cli.import.recognised"].say(file=file, kind=in_language(texts, report.recognised)),
            err=True,
        )
    if form == "json":
        click.echo(json_text(_plain(report, file, dry_run=dry_run)), nl=False)
    else:
        click.echo("\n".join(_for_people(report, file, texts, dry_run=dry_run)))
    if report.broken or (report.bad and not skip_bad):
        sys.exit(1)


def _plain(report: Report, file: Path, *, dry_run: bool) -> dict[str, Any]:
    plain = {
        "what": report.what,
        "file": str(file),
        "sha256": report.sha256,
        "dry_run": dry_run,
        "stored": report.good if report.stored else 0,
        "good": report.good,
        "bad": report.bad,
        "faults": {"count": report.faults.count, "listed": [_fault(fault) for fault in report.faults.items]},
    }
    if report.what == "roster":
        return plain | {
            "new": _remarks(report.new),
            "changed": _remarks(report.changed),
            "unknown_to_wecom": _remarks(report.unknown_to_wecom),
            "missing": report.missing,
        }
    return plain | {
        "unmatched": _remarks(report.unmatched),
        "ambiguous": _remarks(report.ambiguous),
        "self_declared": report.self_declared,
        "unknown_managers": [{"line": line, "value": name} for name, line in report.strangers.items()],
        "unasked_columns": [{"column": name, "nearest": meant} for name, meant in report.unasked.items()],
        "absent": report.absent,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {name: getattr(fault, name) for name in ("line", "column", "value", "allowed", "nearest")}


def _remarks(remarks: CappedList[Remark]) -> dict[str, Any]:
    return {
        "count": remarks.count,
        "listed": [{"line": remark.line, "value": remark.value} for remark in remarks.items],
    }


def _for_people(report: Report, file: Path, texts: Texts, *, dry_run: bool) -> list[str]:
    lines = [fault.say(texts) for fault in report.faults.items]
    lines += _rest(report.faults, texts.table("cli.import.rest")["faults"])
    for remarks, name in (
        (report.unmatched, "unmatched"),
        (report.ambiguous, "ambiguous"),
        (report.new, "new"),
        (report.changed, "changed"),
        (report.unknown_to_wecom, "unknown_to_wecom"),
    ):
        what, remark = texts.table("cli.import.remarks")[name], texts["cli.import.remark"]
        lines += [
            remark.say(file=file, line=item.line, value=item.value, what=what) for item in remarks.items
        ]
        lines += _rest(remarks, texts.table("cli.import.rest")[name])
    lines += [
        texts["cli.import.manager"].say(file=file, line=line, name=name)
        for name, line in report.strangers.items()
    ]
    lines += [
        texts["cli.import.unasked"].say(file=file, name=name, meant=meant)
        for name, meant in report.unasked.items()
    ]
    if report.missing:
        names = texts["cli.import.comma"].join(report.missing)
        lines.append(texts["cli.import.missing"].say(file=file, names=names))
    if report.absent:
        lines.append(texts["cli.import.absent"].say(file=file, n=report.absent))
    if report.self_declared:
        lines.append(texts["cli.import.self_declared"].say(file=file))
    return [*lines, _sum(report, texts, dry_run=dry_run)]


def _sum(report: Report, texts: Texts, *, dry_run: bool) -> str:
    """Return how many lines are good and bad, and what became of them."""
    odd = "".join(
        form.say(n=remarks.count)
        for remarks, form in (
            (report.unmatched, texts["cli.import.odd_unmatched"]),
            (report.ambiguous, texts["cli.import.odd_ambiguous"]),
        )
        if remarks.count
    )
    if report.stored:
        outcome = texts["cli.import.stored"].say(n=report.good)
    elif dry_run:
        outcome = texts["cli.import.dry_run"]
    elif report.broken:
        outcome = texts["cli.import.correct"]
    else:
        outcome = texts["cli.import.correct_or_skip"]
    what = texts.table("cli.import.what")[report.what]
    about = {"good": report.good, "bad": report.bad, "odd": odd, "outcome": outcome}
    return texts["cli.import.sum"].say(what=what, **about)


def _rest(listed: CappedList[Any], form: Text) -> list[str]:
    more = listed.count - len(listed.items)
    return [form.say(n=more)] if more else []
