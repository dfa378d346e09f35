"""What /team shows to one leader, as values for its template. Sentences are those of the evening message.

Names are those of direct reports; of teams below there are figures of five people or more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property

from bot.core.coaching import TOLD_FROM, TOLD_TO, Mark, compute_effect, list_helped
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.chat import own_message
from bot.features.chat.desk import Desk
from bot.features.chat.team import build_report, list_wishes
from bot.features.standings.course import SHORTEST_CHART, course_of
from bot.features.standings.report import Report
from bot.features.teams import answers as team_messages
from bot.features.teams.digest import TeamContent
from bot.features.teams.digest_message import write_help_lines
from bot.features.teams.member import TeamMember, pace_of
from bot.features.teams.subteam_rules import SubTeam
from bot.features.teams.subteams import NamedSubTeams
from bot.messages.answers import day_of
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import labels_of
from bot.messages.message import Line, Message, plain
from bot.messages.sanitize import clean
from bot.web.pages import team_people
from bot.web.pages.layout import page_within
from bot.web.pages.team_people import Choice, TeamRow, cut

MOST_MARKS = 50  # of help, the newest ones
MOST_DRAWN = 60  # people of one line over the period; each is some milliseconds of work
STEPS = (0, 20, 40, 60, 80, 100)  # percent of the target, where a bar of the distribution begins
_TONES = {
    Status.BEHIND: "wait",
    Status.MISSED: "wait",
    Status.ON_TRACK: "",
    Status.COVERED: "good",
    Status.MET: "good",
    Status.EXEMPT: "quiet",
}


class TeamPage:
    """The page of the leader *userid* (lower case) at the time of *desk*, which reads their people."""

    def __init__(self, desk: Desk, userid: str) -> None:
        self.desk, self.userid = desk, userid
        self.texts: Texts = texts_in(desk.language)

    @property
    def is_begun(self) -> bool:
        """Say whether the rollout has reached the leader: before it, there are no figures and no acts."""
        return self.desk.is_in_rollout(self.userid)

    @property
    def _today(self) -> date:
        return self.desk.local.date()

    @property
    def at(self) -> datetime:
        """Return the local time of the figures, of the oldest ones if they differ."""
        return self.desk.standings.beside.at or self.desk.local if self.is_begun else self.desk.local

    @cached_property
    def _content(self) -> TeamContent:
        desk = self.desk
        return desk.team_digest.content_for(desk.people[self.userid]) if self.is_begun else _NOBODY

    @cached_property
    def labels(self) -> dict[str, str]:
        """Return the names of the quotas in sums, in their order, by id."""
        rows = {row.quota: row for member in self._content.summed for row in member.rows}
        order = [quota.id for quota, _ in self.desk.standings.periods] if rows else []
        kept = [rows[quota] for quota in order if quota in rows]
        return labels_of(self.texts, kept, at=self.desk.local) if kept else {}

    @property
    def own(self) -> Sequence[str]:
        """Return the userids of direct reports with a quota."""
        return [member.userid for member in self._content.own]

    @cached_property
    def _marks(self) -> Sequence[Mark]:
        since = self._today - timedelta(days=TOLD_TO)
        return self.desk.services.store.coaching.marks_of(self.own, since=since)

    def lines(self) -> list[str]:
        """Return the words of the evening message as of now, the first as the page's head; no lists of it.

        What it lists stands below, whole.
        """
        lines = self._message().lines
        return [plain(line) for line in lines[:-1] if isinstance(line, Line)]  # the last says its moment

    def _message(self) -> Message:
        desk, content = self.desk, self._content
        if not self.is_begun:
            return own_message.not_begun(language=desk.language, at=desk.local)
        if content.nobody:
            return team_messages.no_team(language=desk.language, at=desk.local)
        if not content.summed:
            return team_messages.too_few(language=desk.language, at=desk.local)
        return desk.team_digest.message(desk.people[self.userid], content)

    # --- sums ---

    def quotas(self) -> list[dict[str, object]]:
        """Return each quota's sums, the distribution of attainment, and the way through the period."""
        return [self._quota(quota, label) for quota, label in self.labels.items()]

    def _quota(self, quota: str, label: str) -> dict[str, object]:
        rows = [row for member in self._content.summed for row in member.rows if row.quota == quota]
        asked = [row for row in rows if row.target]
        steps = self._steps(asked)
        return {
            "id": quota,
            "label": label.strip(),
            "people": len(asked),
            "sums": [
                (self.texts.table("pages.team.funnel")[name], sum(getattr(row, name) for row in asked))
                for name in ("target", "gross", "sure", "counted", "open", "rejected", "lost")
            ],
            "steps": steps,
            "distribution": {
                "x": [name for name, _ in steps],
                "series": [
                    {
                        "name": self.texts["pages.team.people"],
                        "values": [n for _, n in steps],
                        "kind": "bar",
                        "tone": "counted",
                    }
                ],
            },
            "trend": self._trend(asked),
        }

    def _steps(self, rows: Sequence[QuotaFigures]) -> list[tuple[str, int]]:
        """Return how many people have so many percent of their target counted."""
        found = [0] * len(STEPS)
        for row in rows:
            percent = 100 * row.counted // row.target
            found[sum(percent >= step for step in STEPS) - 1] += 1
        ends = [f"{first}–{first + 19}%" for first in STEPS[:-1]]
        return list(zip([*ends, f"≥{STEPS[-1]}%"], found, strict=True))

    def _trend(self, rows: Sequence[QuotaFigures]) -> dict[str, object] | None:
        """Return the sums of all *rows* day by day beside the even pace; None for many people."""
        is_kept = self.desk.standings.beside.at is not None  # then the days are not read
        if not rows or len(rows) > MOST_DRAWN or len({row.period for row in rows}) > 1 or is_kept:
            return None
        courses = [course_of(self.desk.standings, row) for row in rows]
        days = list(zip(*courses, strict=True))
        if len(days) < SHORTEST_CHART:
            return None
        x = [f"{one[0].day:%m-%d}" for one in days]
        expected = [round(sum(one.expected for one in day), 1) for day in days]
        past = sum(1 for day in days if day[0].sure is not None)
        counted = [sum(one.counted or 0 for one in day) for day in days[:past]]
        sure = [sum(one.sure or 0 for one in day) for day in days[:past]]
        rest: list[int | None] = [None] * (len(days) - past)
        names = self.texts.table("pages.me.series")
        series = [
            {"name": names["pace"], "values": expected, "kind": "dashed", "tone": "pace"},
            {"name": names["sure"], "values": [*sure, *rest], "tone": "sure", "fill": True},
            {"name": names["counted"], "values": [*counted, *rest], "tone": "counted"},
        ]
        table = [(x[n], f"{expected[n]:g}", counted[n], sure[n]) for n in range(past)]
        return {"chart": {"x": x, "series": series}, "days": table}

    # --- help ---

    def help(self) -> dict[str, object]:
        """Return who is behind and what helps, with who helps already; who is away; who asked for help."""
        desk, own = self.desk, self._behind()
        behind = sorted(
            ((member, row) for member in own if (row := member.lowest) is not None and not member.away),
            key=lambda pair: (pace_of(pair[1]), pair[0].userid),
        )
        wishes = list_wishes(desk, self.userid, self.own)
        helped = list_helped((mark for mark in self._marks if mark.leader == self.userid), today=self._today)
        return {
            "people": [
                {
                    "userid": member.userid,
                    "line": self._line(member),
                    "is_helped": member.userid in helped,
                }
                for member, _ in behind
            ],
            "away": sum(1 for member in own if member.away and member.lowest is not None),
            "more": self._more_behind(),
            "wishes": [f"{clean(name)} {day_of(day, language=desk.language)}" for name, day in wishes],
        }

    def _behind(self) -> Sequence[TeamMember]:
        """Return direct reports, with all people in the list."""
        return self._content.own

    def _more_behind(self) -> int:
        """Return how many more than these are behind."""
        return 0

    def _line(self, member: TeamMember) -> str:
        (line,) = write_help_lines([member], language=self.desk.language, at=self.desk.local)
        return plain(line)

    def coaching(self) -> list[tuple[str, str, str, str]]:
        """Return each mark of the last two weeks on a direct report: day, whom, by whom, and its effect."""
        marks = self._marks[: -MOST_MARKS - 1 : -1]
        rows = self._rows_of({mark.userid for mark in marks})
        return [
            (
                day_of(mark.day, language=self.desk.language),
                clean(self.desk.name(mark.userid)),
                clean(self.desk.name(mark.leader)),
                self.texts.table("pages.team.effects")[self._effect(mark, rows.get(mark.userid, ()))],
            )
            for mark in marks
        ]

    def _rows_of(self, userids: Collection[str]) -> Mapping[str, Sequence[QuotaFigures]]:
        return {userid: self.desk.standings.by_person.get(userid, ()) for userid in userids}

    def _effect(self, mark: Mark, rows: Sequence[QuotaFigures]) -> str:
        if (self._today - mark.day).days < TOLD_FROM:
            return "early"
        effect = compute_effect(mark, rows)
        return "unknown" if effect is None else effect.value

    # --- teams below ---

    def subteams(self) -> dict[str, object] | None:
        """Return the teams of leaders below, as figures; None without such teams."""
        if (named := self._content.subteams) is None:
            return None
        within = self.desk.team_digest.teams_within(self._content)
        rows: list[tuple[object, ...]] = []
        for team in named.teams.shown:
            rows.append(self._team(named, team, name=named.name(team.department)))
            parts = within.get(team.department)
            for part in parts.teams.shown if parts else ():
                is_rest = part.department == team.department
                name = self.texts["pages.team.rest"] if is_rest else named.name(part.department)
                shown = self.texts["pages.team.within"].say(name=name)
                rows.append(self._team(named, part, name=shown, says_leaders=False))
        return {"rows": rows, "small": named.teams.small}

    def _team(
        self, named: NamedSubTeams, team: SubTeam, *, name: str, says_leaders: bool = True
    ) -> tuple[object, ...]:
        leaders = named.leaders.get(team.department, ()) if says_leaders else ()
        return (
            name,
            self.texts["subteams.names"].join(clean(one) for one in leaders) or "–",
            team.people,
            self._attained(team),
            team.behind,
            team.helped,
            self._outcome(team),
        )

    def _attained(self, team: SubTeam) -> str:
        several = len(self.labels) > 1
        return self.texts["subteams.semicolon"].join(
            (f"{clean(one.quota)} " if several else "") + f"{one.percent}% / {one.middle}%"
            for one in team.figures
        )

    def _outcome(self, team: SubTeam) -> str:
        if team.outcome is None:
            return "–"
        return f"{team.outcome.back + team.outcome.rose}/{team.outcome.people}"

    # --- people ---

    def _row(self, figures: QuotaFigures) -> TeamRow:
        name = clean(self.desk.name(figures.userid), otherwise=figures.userid)
        return TeamRow(name=name, label=self.labels[figures.quota].strip(), figures=figures)

    def chosen(self, choice: Choice) -> list[TeamRow]:
        """Return the rows of all pages that *choice* asks for."""
        return choice.among(self._row(row) for member in self._content.own for row in member.rows)

    def people(self, choice: Choice) -> dict[str, object]:
        """Return one page of the list of direct reports."""
        found = self.chosen(choice)
        return self._page(len(found), choice, lambda page: cut(found, page))

    def _page(self, n: int, choice: Choice, rows_of: Callable[[int], Sequence[TeamRow]]) -> dict[str, object]:
        page, pages = page_within(choice.page, rows=n, a_page=team_people.A_PAGE)
        return {
            "rows": [self._shown(row) for row in rows_of(page)],
            "n": n,
            "all": len(self.own),
            "page": page,
            "pages": pages,
        }

    def _shown(self, row: TeamRow) -> dict[str, object]:
        figures = row.figures
        return {
            "name": row.name,
            "userid": row.userid,
            "label": row.label,
            "figures": figures,
            "kept": "–" if figures.kept_90 is None else f"{figures.kept_90:.0%}",
            "pace": "–" if figures.pace is None else f"{figures.pace:.2f}",
            "status": self.texts.table("tables.status")[figures.status],
            "tone": _TONES[figures.status],
        }

    def report(self, rows: Sequence[TeamRow]) -> Report:
        """Return the figures behind *rows*, in their order, as `quotabot progress` has them."""
        place = {(row.figures.quota, row.userid): number for number, row in enumerate(rows)}
        found = [row for row in self.desk.standings.rows if (row.quota, row.userid) in place]
        found.sort(key=lambda row: place[row.quota, row.userid])
        return build_report(self.desk, self.userid, self._content, found)


_NOBODY = TeamContent(own=(), summed=(), teams={}, subteams=None)
