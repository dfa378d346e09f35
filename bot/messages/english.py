"""What is said in English."""

from __future__ import annotations

from bot.core.engagement import Method
from bot.core.periods import PeriodKind
from bot.core.progress import Status
from bot.messages.phrases import Phrase, Texts

ENGLISH = Texts(
    comma=", ",
    semicolon="; ",
    names_comma=", ",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    this_period={
        PeriodKind.DAY: "Today",
        PeriodKind.WEEK: "This week",
        PeriodKind.MONTH: "This month",
        PeriodKind.QUARTER: "This quarter",
        PeriodKind.YEAR: "This year",
    },
    other_period=Phrase("Period {period}"),
    status={
        Status.EXEMPT: "nothing is asked",
        Status.MET: "done",
        Status.COVERED: "done once confirmed",
        Status.MISSED: "this period is over",
        Status.BEHIND: "a little more speed helps",
        Status.ON_TRACK: "on track",
    },
    add_today=Phrase("Add {n} today, that is enough"),
    add_today_begun=Phrase("Add {n} today, that is enough ({done} added so far)"),
    today_done=Phrase("Your {n} for today are enough", one="Your {n} for today is enough"),
    all_met=Phrase("Enough: your target is reached"),
    all_covered=Phrase("Enough: done once confirmed"),
    nothing_today=Phrase("Enough for today, nothing to add"),
    period_over=Phrase("This period is over, enough for today"),
    nothing_asked=Phrase("Nothing is asked, enough for today"),
    add_more=Phrase("Add {n} more today, that is enough"),
    add_more_begun=Phrase("Add {n} more today, that is enough ({done} added so far)"),
    quota_label=Phrase("{quota} · {period}"),
    standing=Phrase("{label} {done}/{target}: {details}"),
    standing_exempt=Phrase("{label}: "),
    confirmed=Phrase("{n} confirmed"),
    pending=Phrase("{n} pending"),
    to_add=Phrase("{n} to go"),
    workdays_left=Phrase("{n} workdays left", one="{n} workday left"),
    workdays_after_today=Phrase("{n} workdays after today", one="{n} workday after today"),
    last_workday=Phrase("today is your last workday in it"),
    no_workdays_left=Phrase("no workdays left"),
    more_quotas=Phrase("and {n} more"),
    yesterday=Phrase("Yesterday: {facts}"),
    yesterday_added=Phrase("{n} added"),
    lost_by_customer=Phrase("{n} customers removed you", one="{n} customer removed you"),
    lost_by_member=Phrase("you removed {n} customers", one="you removed {n} customer"),
    lost_unknown=Phrase(
        "{n} customers are no longer in your list", one="{n} customer is no longer in your list"
    ),
    kept=Phrase("Customers kept over 90 days: {percent}%"),
    peace_when_enough=Phrase("Once that is done, no more reminders today."),
    peace_today=Phrase("No more reminders today."),
    may_stop=Phrase("You may stop here today: {n} on each workday from then on"),
    only_once=Phrase("Today's only reminder; nothing comes after work."),
    help_first=Phrase("Help {n} people first today: {names}", one="Help {n} person first today: {names}"),
    help_nobody=Phrase("Nobody needs help first today"),
    helped_person=Phrase("{name} · {details}"),
    left_today=Phrase("{n} left today"),
    enough_today=Phrase("enough for today"),
    more_people=Phrase("and {n} more"),
    team=Phrase("Team of {n}: {groups}"),
    team_enough=Phrase("enough {n}"),
    team_on_track=Phrase("on track {n}"),
    team_to_help=Phrase("to help {n}"),
    team_missed=Phrase("period over {n}"),
    team_exempt=Phrase("nothing asked {n}"),
    team_separator=" · ",
    attainment=Phrase(
        "Attainment {percent}% (each person up to 100%), median {median}%, time elapsed {elapsed}%"
    ),
    attainment_of=Phrase("{label}: attainment {percent}%, median {median}%, time elapsed {elapsed}%"),
    team_kept=Phrase("Customers kept over 90 days (median of people): {percent}%"),
    team_replies={
        Method.AGGREGATED: Phrase("Yesterday {percent}% of chats answered"),
        Method.MEDIAN: Phrase("Yesterday {percent}% of chats answered (median of people)"),
    },
    team_first_reply={
        Method.AGGREGATED: Phrase("first reply after {n} minutes", one="first reply after {n} minute"),
        Method.MEDIAN: Phrase(
            "first reply after {n} minutes (median of people)",
            one="first reply after {n} minute (median of people)",
        ),
    },
    for_your_eyes=Phrase("For your planning only: please do not forward it."),
    for_your_eyes_short=Phrase("Please do not forward it."),
    incomplete=Phrase("Figures may be incomplete since {since}: adds of that time may be missing"),
    footer=Phrase("As of {weekday} {day} {time} · {kind}"),
    kind_progress="progress",
    kind_reminder="reminder",
    kind_digest="team",
)
