"""`quotabot simulate`: the results that other quotas and rules would have given."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot.cli.bars import bars
from bot.cli.inbox import up_to_date
from bot.cli.options import DAY, bad_parameter, config_option, format_option, json_text, loaded, moment
from bot.cli.output import deliver, output_option, refuse_bytes_on_terminal
from bot.cli.simulation_page import SimulationReport, build_page
from bot.cli.simulation_sheets import build_sheets
from bot.config.quotas_file import load_quotas
from bot.core.progress import QuotaFigures
from bot.features.simulate.message import penalty_rule, reward_rule
from bot.features.simulate.simulate import ComparedPerson, Side, Simulated, attainment_of, simulate
from bot.features.standings.everybody import load_people
from bot.messages.sentences import Sentence
from bot.spreadsheet import workbook


@click.command("simulate")
@config_option
@click.option(
    "--quotas",
    "quotas_path",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file with other [[quotas]] and optionally [integrity].",
)
@click.option("--from", "first", required=True, type=DAY, metavar="DATE", help="First day.")
@click.option("--to", "last", required=True, type=DAY, metavar="DATE", help="Last day, included.")
@click.option("--all", "everybody", is_flag=True, help="Show everybody, not only those who change.")
@format_option("table", "json", "xlsx")
@output_option
def simulate_(
    *,
    config_path: Path,
    quotas_path: Path,
    first: datetime,
    last: datetime,
    everybody: bool,
    form: str,
    output: Path | None,
) -> None:
    """Show what other quotas would have given on the recorded data. Sends nothing, changes nothing.

    \b
    quotabot simulate --quotas other.toml --from 2026-10-01 --to 2026-11-30
    quotabot simulate --quotas other.toml --from 2026-10-01 --to 2026-11-30 --format xlsx --output other.xlsx
    """
    config = loaded(config_path)
    if first > last:
        raise bad_parameter("--to", Sentence("faults.usage.last_day"))
    refuse_bytes_on_terminal(form, output)
    quotas = load_quotas(quotas_path, config=config)
    with up_to_date(config) as services:
        now = moment(None, config, now=services.clock.now())
        with bars() as tell:
            simulation = simulate(
                services,
                quotas=quotas,
                first=first.date(),
                last=last.date(),
                at=now,
                tell=partial(tell, "results"),
            )
        names = {userid: person.name for userid, person in load_people(services).items()}
    report = SimulationReport(
        simulation=simulation,
        names=names,
        language=services.language,
    )
    match form:
        case "json":
            deliver(_as_json(report), output)
        case "xlsx":
            deliver(workbook(build_sheets(report)), output)
        case _:
            deliver(build_page(report, everybody=everybody), output)


def _as_json(report: SimulationReport) -> str:
    simulation = report.simulation
    values = {
        "from": simulation.first.isoformat(),
        "to": simulation.last.isoformat(),
        "as_of": simulation.as_of.isoformat(),
        "recorded_from": None if simulation.recorded_from is None else simulation.recorded_from.isoformat(),
        "money": "estimate",
        "quotas": [_period(quota, language=report.language) for quota in simulation.quotas],
    }
    return json_text(values)


def _period(quota: Simulated, *, language: str) -> dict[str, Any]:
    return {
        "quota": quota.quota,
        "called": quota.called,
        "period": quota.period.name,
        "period_start": quota.period.first.isoformat(),
        "period_end": quota.period.last.isoformat(),
        "as_of": quota.as_of.isoformat(),
        "settled": quota.settled,
        "was": _sums(quota.was, language=language),
        "would_be": _sums(quota.would_be, language=language),
        "people": [_person(quota, person) for person in quota.people],
    }


def _sums(side: Side | None, *, language: str) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "people": side.people,
        "met": side.met,
        "target": side.target,
        "counted": side.counted,
        "pending": side.pending,
        "attainment": _number(side.attainment),
        "kept_90": _number(side.kept_90),
        "penalty": side.penalty,
        "reward": side.reward,
        "penalty_rule": penalty_rule(side.rule, language=language),
        "reward_rule": reward_rule(side.rule, language=language),
    }


def _person(quota: Simulated, person: ComparedPerson) -> dict[str, Any]:
    return {
        "userid": person.userid,
        "was": _figures(person.was),
        "would_be": _figures(person.would_be),
        "changes_status": quota.both and person.changes_status,
    }


def _figures(row: QuotaFigures | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "target": row.target,
        "counted": row.counted,
        "pending": row.pending,
        "attainment": _number(attainment_of(row)),
        "kept_90": row.kept_90,
        "status": row.status.value,
        "penalty": row.penalty,
        "reward": row.reward,
    }


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)
