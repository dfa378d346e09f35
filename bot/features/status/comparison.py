"""The newest comparison with WeCom's lists, for programs and for people."""

from __future__ import annotations

from typing import Any

from bot.core.sync import ESTIMATED
from bot.features.status.labels import Labelled, iso, labelled, minute, some_of
from bot.features.sync.report import SyncReport, load_last_sync_report
from bot.messages.catalog import Texts
from bot.messages.sentences import in_language
from bot.services import Services


def sync_report_json(services: Services, report: SyncReport | None) -> dict[str, Any]:
    """Return *report* as JSON, also without a run. `stopped`: why an unfinished run does not continue."""
    unfinished = services.store.syncs.unfinished()
    stopped = {"stopped": unfinished.error} if unfinished is not None and unfinished.error else {}
    if report is None:
        return {"at": None, "found": 0, "repaired": 0, **stopped}
    return {
        "at": iso(services.config, report.at),
        "found": report.found,
        "repaired": report.repaired,
        "causes": report.causes,
        "held": {drift.userid: drift.number for drift in report.held},
        "unverifiable": report.unverifiable,
        "unknown": {drift.userid: drift.text for drift in report.unknown},
        "frozen": {drift.userid: drift.text for drift in report.frozen},
        "renamed": {drift.userid: drift.text for drift in report.renamed},
        **stopped,
    }


def last_drift(services: Services) -> dict[str, Any]:
    """Return the newest complete run's drift as JSON."""
    return sync_report_json(services, load_last_sync_report(services.store))


def drift_lines(drift: dict[str, Any], texts: Texts) -> list[Labelled]:
    """Return a drift in lines."""
    lines: list[Labelled] = []
    if drift["at"] is None:
        lines.append(labelled(texts, "sync", texts["cli.sync.never"]))
    else:
        lines.append(labelled(texts, "sync", _found(drift, texts)))
        for word, meaning in texts.table("cli.sync.meanings").items():
            if drift[word]:
                members = some_of(drift[word], texts)
                text = texts["cli.sync.members"].say(members=members, meaning=meaning)
                lines.append(labelled(texts, None, text))
        unseen = [_unseen(cause, number, texts) for cause, number in drift["unverifiable"].items()]
        if unseen:
            causes = texts["cli.sync.comma"].join(unseen)
            lines.append(labelled(texts, None, texts["cli.sync.unseen"].say(causes=causes)))
    if "stopped" in drift:
        why = in_language(texts, drift["stopped"])
        lines.append(labelled(texts, None, texts["cli.status.stopped"].say(why=why)))
    return lines


def _found(drift: dict[str, Any], texts: Texts) -> str:
    about = {"at": minute(drift["at"]), **{name: drift[name] for name in ("found", "repaired")}}
    if not drift["causes"]:
        return texts["cli.sync.found"].say(**about)
    causes = [_cause(cause, number, texts) for cause, number in drift["causes"].items()]
    return texts["cli.sync.found_causes"].say(causes=texts["cli.sync.comma"].join(causes), **about)


def _cause(cause: str, number: int, texts: Texts) -> str:
    return texts["cli.sync.cause"].say(cause=texts.table("cli.sync.causes")[cause], n=number)


def _unseen(cause: str, number: int | None, texts: Texts) -> str:
    name = texts.table("cli.sync.causes")[cause]
    if number is None:
        return name
    return (
        texts["cli.sync.about"].say(cause=name, n=number)
        if cause in ESTIMATED
        else _cause(cause, number, texts)
    )
