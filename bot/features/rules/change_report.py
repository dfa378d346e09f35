"""What a changed file would change, in sentences: for whom, and from when."""

from __future__ import annotations

from bot.features.rules.change_sentences import sentence
from bot.features.rules.changes import QuotaChange, SectionChange
from bot.features.rules.diff import Difference
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Sentence, in_language


def section_said(change: SectionChange, language: str) -> str:
    """Say the change of one key of a section, and from when it holds."""
    texts = texts_in(language)
    about = {"key": change.key, "old": change.old, "new": change.new}
    if change.key == "money.cap_per_month":
        return texts["cli.quotas.months"].say(since=f"{change.begins_on:%Y-%m}", **about)
    if change.key == "ledger.regain_days":
        return texts["cli.quotas.losses"].say(since=change.since, **about)
    key = Difference(key=change.key, old=change.old, new=change.new, lenient=False)
    return texts["cli.quotas.adds"].say(what=sentence(key, language=language), since=change.since)


def meaning_of(change: QuotaChange, texts: Texts, *, adopted: bool) -> list[str]:
    """Say for whom and from when a change holds, and when another kind of period begins."""
    dates = in_language(texts, dates_of(change))
    return [_effect(change, texts, adopted=adopted), *([dates] if dates else [])]


def dates_of(change: QuotaChange) -> str:
    """Say in one line when another kind of period begins; empty if the kind stays the same."""
    last, following = change.last_old, change.following
    if last is None:
        return ""
    about = {"until": str(last.last), "old": last.name, "first": str(following.first), "new": following.name}
    dates = Sentence("cli.quotas.another_kind", **about)
    if not last.cut_from:
        return dates
    return Sentence("cli.quotas.cut", dates=dates, period=last.name, last=str(last.last))


def _effect(change: QuotaChange, texts: Texts, *, adopted: bool) -> str:
    """Return for how many people a change holds, and from when."""
    running, following = change.running.name, change.following.name
    waits = texts["cli.quotas.waits"].say(running=running, following=following)
    if change.adoptable and not change.waiting:
        what: str = texts["cli.quotas.holds_now"] if adopted else texts["cli.quotas.may_hold"]
    elif change.adoptable:
        keys = ", ".join(item.key for item in change.adoptable)
        form = texts["cli.quotas.in_part_now"] if adopted else texts["cli.quotas.in_part"]
        what = form.say(keys=keys, waits=waits)
    else:
        what = waits if change.old is not None else texts["cli.quotas.begins"].say(following=following)
    return texts["cli.quotas.people"].say(n=len(change.people), what=what)
