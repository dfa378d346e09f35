"""`quotabot close`: preliminary results, the signature that makes them final, and later corrections."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli.inbox import up_to_date
from bot.cli.options import config_option, format_option, json_text, loaded
from bot.cli.output import deliver
from bot.core.progress import QuotaFigures
from bot.core.workdays import epoch_of
from bot.features.close import proof, results
from bot.features.status.labels import iso
from bot.messages.catalog import Texts, texts_in
from bot.services import Services
from bot.store.results import Closed

_SHOWN = ("target", "counted", "rejected", "gross", "status", "penalty", "reward", "flags")


@click.group()
def close() -> None:
    """Show, sign and correct results of settled periods. The job `close` stores them."""


@close.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List closed periods: open appeals, changes since the close, possible corrections. Changes nothing."""
    with up_to_date(loaded(config_path)) as services:
        periods = [_period(services, closed) for closed in services.store.results.closed()]
        texts = texts_in(services.language)
    if form == "json":
        click.echo(json_text({"periods": periods}), nl=False)
        return
    for period in periods:
        click.echo(_for_people(period, texts))
    if not periods:
        click.echo(texts["cli.close.none"])


@close.command()
@click.argument("quota")
@click.argument("period")
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who signs: the name stands in the audit log.")
def sign(config_path: Path, quota: str, period: str, by: str) -> None:
    """Make a period's lines final, once appeals are over; lines with an undecided appeal stay open.

    Changes since the close are printed first. The signature takes those in the employee's favour and leaves
    out the rest.

    \b
    quotabot close sign cm-monthly 2026-11 --by "HR, Wang"
    """
    with up_to_date(loaded(config_path), results.ClosingError, ValueError) as services:
        now, texts = services.clock.now(), texts_in(services.language)
        results.may_sign(services, quota, period, at=now)
        for change in results.list_changes(services, quota, period, at=now):
            click.echo(_change_for_people(_change(change), texts))
        final, waiting = results.sign(services, quota, period, by=by, at=now)
    click.echo(texts["cli.close.signed"].say(quota=quota, period=period, n=len(final), by=by))
    for userid in waiting:
        click.echo(texts["cli.close.sign_again"].say(userid=userid), err=True)


@close.command()
@click.argument("quota")
@click.argument("period")
@click.argument("userid")
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who corrects.")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
def correct(config_path: Path, quota: str, period: str, userid: str, by: str, reason: str) -> None:
    """Append the current figures to a signed period, as a new line with author and reason.

    \b
    quotabot close correct cm-monthly 2026-11 zhangsan --by "HR, Wang" --reason "late callback"
    """
    with up_to_date(loaded(config_path), results.ClosingError, ValueError) as services:
        at = services.clock.now()
        line = results.correct(services, quota, period, userid.lower(), by=by, reason=reason, at=at)
        texts = texts_in(services.language)
    figures = {"counted": line.counted, "target": line.target}
    said = texts["cli.close.corrected"]
    click.echo(said.say(quota=quota, period=period, userid=line.userid, by=by, **figures))


@close.command("proof")
@click.argument("quota")
@click.argument("period")
@click.argument("userid")
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who asks: the name stands in the audit log.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the proof there.")
def proof_(config_path: Path, quota: str, period: str, userid: str, by: str, output: Path | None) -> None:
    """Write a proof of a closed figure that anybody can check offline against the published root.

    \b
    quotabot close proof cm-monthly 2026-11 zhangsan --by "HR, Wang" --output zhangsan.json
    """
    with open_existing(loaded(config_path)) as services:
        texts, store = texts_in(services.language), services.store
        try:
            written = proof.prove(store, quota, period, userid.lower())
        except proof.ProofError as error:
            said = texts.table("cli.proof")[error.why]
            click.echo(said.say(quota=quota, period=period, userid=userid), err=True)
            sys.exit(1)
        with store.transaction():
            detail = {"userid": userid.lower()}
            at = epoch_of(services.clock.now())
            store.audit.add(at=at, actor=by, act="proof", subject=f"{quota} {period}", detail=detail)
    deliver(f"{written}\n", output)


def _period(services: Services, closed: Closed) -> dict[str, Any]:
    config, now = services.config, services.clock.now()
    root = proof.find_root(services.store, closed.quota, closed.period)
    workdays = config.review.appeal_workdays
    until = results.deadline(closed.closed_at, calendar=config.work_calendar(), workdays=workdays)
    return {
        "quota": closed.quota,
        "period": closed.period,
        "closed_at": iso(config, closed.closed_at),
        "appeals_until": until.isoformat(),
        "people": closed.people,
        "final": closed.final,
        "root": None if root is None else root.root,
        "open": sorted(results.list_undecided(services, closed.quota, closed.period)),
        "changes": [
            _change(change) for change in results.list_changes(services, closed.quota, closed.period, at=now)
        ],
        "corrections": [
            {name: value for name, value in _change(change).items() if name != "signed"}
            for change in results.list_corrections(services, closed.quota, closed.period, at=now)
        ],
    }


def _change(change: results.Change) -> dict[str, Any]:
    figures = {"stored": change.stored, "now": change.now, "signed": change.signed}
    return {"userid": change.userid} | {name: _figures(row) for name, row in figures.items()}


def _figures(row: QuotaFigures | None) -> dict[str, Any] | None:
    return None if row is None else {name: getattr(row, name) for name in _SHOWN}


def _for_people(period: dict[str, Any], texts: Texts) -> str:
    named = {name: period[name] for name in ("quota", "period", "people", "final")}
    lines = [texts["cli.close.state"].say(until=period["appeals_until"][:16], **named)]
    if period["root"] is not None:
        lines.append("  " + texts["cli.close.root"].say(root=period["root"]))
    lines += ["  " + texts["cli.close.undecided"].say(userid=userid) for userid in period["open"]]
    lines += [f"  {_change_for_people(change, texts)}" for change in period["changes"]]
    for change in period["corrections"]:
        stored, now, _ = _figure_texts(change, texts)
        text = texts["cli.close.would_be"].say(userid=change["userid"], stored=stored, now=now)
        lines.append(f"  {text}")
    return "\n".join(lines)


def _change_for_people(change: dict[str, Any], texts: Texts) -> str:
    """Return one line about a change since the close, and what a signature makes of it."""
    stored, now, signed = _figure_texts(change, texts)
    fate: str
    if change["stored"] is None:
        fate = texts["cli.close.left_out"]
    elif change["signed"] is None:
        fate = texts["cli.close.stays_open"]
    elif change["signed"] == change["stored"]:
        fate = texts["cli.close.not_in_favour"]
    elif change["signed"] == change["now"]:
        fate = texts["cli.close.in_favour"]
    else:
        fate = texts["cli.close.in_part"].say(signed=signed)
    return texts["cli.close.change"].say(userid=change["userid"], stored=stored, now=now, fate=fate)


def _figure_texts(change: dict[str, Any], texts: Texts) -> tuple[str, str, str]:
    """Return the stored, present and signed figures for people, with what differs between them."""
    figures = [change["stored"], change["now"], change.get("signed")]
    known = [row for row in figures if row is not None]
    keys = [
        key
        for key in ("gross", "flags", "penalty", "reward")
        if any(row[key] != known[0][key] for row in known)
    ]
    if len({(row["counted"], row["target"]) for row in known}) > 1:
        keys = [key for key in keys if key in ("penalty", "reward")]
    stored, now, signed = ("" if row is None else _short(row, keys, texts) for row in figures)
    before = texts["cli.close.stored"].say(figures=stored) if stored else texts["cli.close.not_stored"]
    return before, now or texts["cli.close.no_longer"], signed


def _short(figures: dict[str, Any], keys: list[str], texts: Texts) -> str:
    """Return figures as people write them: `47/50`, then those named by *keys*."""
    flags = " ".join(figures["flags"]) or texts["cli.close.no_flag"]
    more = {
        "gross": texts["cli.close.gross"].say(n=figures["gross"]),
        "flags": texts["cli.close.flags"].say(flags=flags),
        "penalty": f" −{figures['penalty']}" if figures["penalty"] else "",
        "reward": f" +{figures['reward']}" if figures["reward"] else "",
    }
    return f"{figures['counted']}/{figures['target']}" + "".join(more[key] for key in keys)
