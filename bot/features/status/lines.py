"""`quotabot status` for people: a line for each thing, with its label before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.core.outages import FIRST
from bot.features.admin import line_of, trouble_of
from bot.features.outages import catch_up
from bot.features.status.comparison import drift_lines
from bot.features.status.figures import reading_lines
from bot.features.status.labels import Labelled, labelled, minute, numbered, span
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import in_language
from bot.services import Services


def status_lines(
    services: Services, report: dict[str, Any], degraded: list[dict[str, Any]]
) -> list[Labelled]:
    """Return *report* in lines; *degraded* as `Health` reports it."""
    texts = texts_in(services.language)
    fault, broken_at = services.directory.files.fault, report["audit"]["broken_at"]
    stands_in = [texts["cli.status.roster_stands_in"].say(fault=fault)] if fault else []
    troubles = [*(line_of(texts, trouble_of(part)) for part in degraded), *stands_in]
    version = report["version"]
    about = {"program": version["program"], "newest": version["store"] or texts["cli.status.none"]}
    return [
        labelled(texts, "version", texts["cli.status.version"].say(**about)),
        *(labelled(texts, *line) for line in _queues_for_people(report, texts)),
        *_jobs_for_people(report["jobs"], texts),
        *(labelled(texts, *line) for line in _sending_for_people(report, texts)),
        *(labelled(texts, *line) for line in _directory_for_people(report["directory"], texts)),
        *(labelled(texts, "trouble", text) for text in troubles),
        *drift_lines(report["drift"], texts),
        *reading_lines(report["engagement"], texts),
        *(labelled(texts, *line) for line in _record_for_people(report, texts)),
        labelled(texts, "audit", _audit_for_people(broken_at, texts)),
    ]


def _queues_for_people(report: dict[str, Any], texts: Texts) -> Iterator[Labelled]:
    """Yield what waits, with the label of each line."""
    for name in ("inbox", "outbox"):
        box = report[name]
        about = {"pending": box["pending"], "dead": box["dead"]}
        if box["oldest_s"] is None:
            yield name, texts["cli.status.box"].say(**about)
        else:
            yield name, texts["cli.status.box_oldest"].say(oldest=span(box["oldest_s"], texts), **about)
    withheld = report["withheld"]
    reasons = numbered(withheld["today"].items(), texts) or texts["cli.status.none"]
    yield "quiet", texts["cli.status.withheld"].say(reasons=reasons, expired=withheld["expired"])
    yield "details", texts["cli.status.details"].say(n=report["details"]["pending"])
    for api, left in report["reads"]["refused_s"].items():
        name = texts["admin.any_api"] if api == "*" else api
        yield "reads", texts["cli.status.reads"].say(api=name, left=span(left, texts))


def _jobs_for_people(jobs: list[dict[str, Any]], texts: Texts) -> Iterator[Labelled]:
    """Yield the last firing of each job, under the name that `quotabot run` takes."""
    for job in jobs:
        name = job["job"]
        outcome = texts.table("cli.status.outcomes")[job["outcome"]]
        about = {"at": minute(job["fire_at"]), "outcome": outcome, "n": job["messages"]}
        if "note" in job:
            note = in_language(texts, job["note"])
            yield name, texts["cli.status.job_note"].say(note=note, **about)
        else:
            yield name, texts["cli.status.job"].say(**about)
    if not jobs:
        yield texts.table("cli.status.labels")["jobs"], texts["cli.status.no_job"]


def _sending_for_people(report: dict[str, Any], texts: Texts) -> Iterator[Labelled]:
    """Yield who sends, and what is off."""
    for robot in report["robots"]:
        if robot["error"]:
            why = in_language(texts, robot["error"])
            about = {"name": robot["robot"], "since": minute(robot["off_since"]), "why": why}
            yield "robot", texts["cli.status.robot"].say(**about)
    if any(number for state, number in report["welcomes"].items() if state != "errcodes"):
        yield "welcome", _welcomes_for_people(report["welcomes"], texts)
    token = report["token"]
    if token["error"]:
        yield "token", texts["cli.status.no_token"].say(why=in_language(texts, token["error"]))
    elif token["expires_in_s"]:
        yield "token", texts["cli.status.token"].say(left=span(token["expires_in_s"], texts))
    else:
        yield "token", texts["cli.status.no_token_yet"]
    yield "sender", report["lease"]["holder"] or texts["cli.status.nobody_sends"]
    newest = report["facts"]["newest_at"]
    yield "facts", minute(newest) if newest else texts["cli.status.no_facts"]


def _welcomes_for_people(welcomes: dict[str, Any], texts: Texts) -> str:
    refused = texts["cli.status.refused"].say(n=welcomes["refused"])
    if welcomes["errcodes"]:
        by_code = texts["cli.status.by_code"]
        codes = (by_code.say(n=number, errcode=code) for code, number in welcomes["errcodes"].items())
        joined = texts["cli.status.comma"].join(codes)
        refused = texts["cli.status.refused_by"].say(n=welcomes["refused"], codes=joined)
    parts = [
        texts["cli.status.sent"].say(n=welcomes["sent"]),
        texts["cli.status.too_late"].say(n=welcomes["dropped"]),
        refused,
    ]
    if open_ones := welcomes["claimed"] + welcomes["unknown"]:
        parts.append(texts["cli.status.no_outcome"].say(n=open_ones))
    return texts["cli.status.comma"].join(parts)


def _directory_for_people(people: dict[str, Any], texts: Texts) -> Iterator[Labelled]:
    if people["source"] == "csv":
        yield "people", texts["cli.status.roster"].say(n=people["people"])
        return
    when: str = texts["cli.status.not_read"]
    if people["read_at"]:
        when = texts["cli.status.read"].say(at=minute(people["read_at"]))
    about = {"unknown": people["unknown"], "left": people["left"], "when": when}
    yield "people", texts["cli.status.people"].say(n=people["people"], **about)
    if people["error"]:
        yield "people", texts["cli.status.reading_failed"].say(why=in_language(texts, people["error"]))
    if people["set_aside"]:
        yield "people", texts["cli.status.read_without"].say(what=in_language(texts, people["set_aside"]))


def _record_for_people(report: dict[str, Any], texts: Texts) -> Iterator[Labelled]:
    """Yield what the record may lack."""
    whole, lost = report["complete"], report["catch_up"]
    if not whole["complete"]:
        about = {"read": whole["members_read"], "n": whole["members"]}
        yield "record", texts["cli.status.record"].say(why=in_language(texts, whole["because"]), **about)
    if lost["silent_since"]:
        yield "silence", texts["cli.status.silence"].say(at=minute(lost["silent_since"]))
    if lost["incomplete_since"] and lost["reasons"] != [FIRST]:
        reasons = (in_language(texts, catch_up.reason(name)) for name in lost["reasons"])
        about = {"at": minute(lost["incomplete_since"]), "reasons": texts["cli.status.comma"].join(reasons)}
        if lost["members"] is None:
            yield "record", texts["cli.status.incomplete"].say(**about)
        else:
            yield "record", texts["cli.status.incomplete_of"].say(n=len(lost["members"]), **about)


def _audit_for_people(broken_at: int | None, texts: Texts) -> str:
    if broken_at is None:
        return texts["cli.status.intact"]
    return texts["cli.status.broken"].say(n=broken_at)
