"""The words of tables and spreadsheets: what a column holds, what a status is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.integrity import FindingKind
from bot.core.progress import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWords:
    """The words of a language. *columns* names every key of a row and of a team, and `name`.

    *short* has shorter names for the terminal. Money is an estimate wherever it stands.
    """

    title: str
    teams_title: str
    nobody: str
    sheet: str
    teams_sheet: str
    sheet_title: str
    note: str
    comma: str
    columns: Mapping[str, str]
    short: Mapping[str, str]
    status: Mapping[Status, str]
    flags: Mapping[FindingKind, str]


CHINESE = TableWords(
    title="{quota} · {period} · 截至 {at}",
    teams_title="{quota} · {period} · 各部门（含下级）",
    nobody="这个周期没有人适用任何指标",
    sheet="进度",
    teams_sheet="部门",
    sheet_title="进度 · 截至 {at}",
    note="扣减和奖励均为估算，由人力资源部核定，机器不作决定。仅供内部使用，请勿张榜。",
    comma="、",
    columns={
        "quota": "指标",
        "userid": "账号",
        "name": "姓名",
        "department": "部门",
        "role": "角色",
        "period": "周期",
        "period_start": "起始日",
        "period_end": "截止日",
        "target": "目标",
        "counted": "已计入",
        "pending": "待确认",
        "rejected": "未计入",
        "gross": "新增合计",
        "lost": "已流失",
        "kept_90": "近90天留存",
        "expected": "应到进度",
        "pace": "进度比",
        "forecast": "预计期末",
        "remaining": "距目标",
        "to_add": "还需添加",
        "workdays_left": "剩余工作日",
        "today_dose": "今日够数",
        "today_left": "今日还需",
        "status": "状态",
        "rank": "名次",
        "penalty": "扣减（估算，元）",
        "reward": "奖励（估算，元）",
        "flags": "经复核确认的情况",
        "people": "考核人数",
        "attainment": "达成率",
        "median": "中位数",
    },
    short={
        "kept_90": "留存",
        "to_add": "还需",
        "penalty": "扣减(估算)",
        "reward": "奖励(估算)",
    },
    status={
        Status.EXEMPT: "不考核",
        Status.MET: "已达标",
        Status.COVERED: "确认后达标",
        Status.MISSED: "未达标",
        Status.BEHIND: "进度偏慢",
        Status.ON_TRACK: "进度正常",
    },
    flags={
        FindingKind.BURST: "集中添加",
        FindingKind.SHARED: "多人添加同一客户",
        FindingKind.QUICK_LOSS: "快速流失",
    },
)

ENGLISH = TableWords(
    title="{quota} · {period} · as of {at}",
    teams_title="{quota} · {period} · departments with those below them",
    nobody="nobody is under a quota in this period",
    sheet="progress",
    teams_sheet="departments",
    sheet_title="Progress as of {at}",
    note="Penalties and rewards are estimates; HR decides, not a machine. For use inside, not to be posted.",
    comma=", ",
    columns={
        "quota": "quota",
        "userid": "userid",
        "name": "name",
        "department": "department",
        "role": "role",
        "period": "period",
        "period_start": "first day",
        "period_end": "last day",
        "target": "target",
        "counted": "counted",
        "pending": "pending",
        "rejected": "not counted",
        "gross": "all adds",
        "lost": "lost",
        "kept_90": "kept (90 days)",
        "expected": "expected by now",
        "pace": "pace",
        "forecast": "forecast",
        "remaining": "remaining",
        "to_add": "to add",
        "workdays_left": "workdays left",
        "today_dose": "enough today",
        "today_left": "left today",
        "status": "status",
        "rank": "rank",
        "penalty": "penalty (estimate, yuan)",
        "reward": "reward (estimate, yuan)",
        "flags": "confirmed by review",
        "people": "people",
        "attainment": "attainment",
        "median": "median",
    },
    short={
        "kept_90": "kept",
        "today_left": "today",
        "workdays_left": "days left",
        "penalty": "penalty (est.)",
        "reward": "reward (est.)",
    },
    status={
        Status.EXEMPT: "exempt",
        Status.MET: "met",
        Status.COVERED: "covered",
        Status.MISSED: "missed",
        Status.BEHIND: "behind",
        Status.ON_TRACK: "on track",
    },
    flags={
        FindingKind.BURST: "many adds at once",
        FindingKind.SHARED: "shared customers",
        FindingKind.QUICK_LOSS: "quick losses",
    },
)

WORDS: Mapping[str, TableWords] = {"zh-CN": CHINESE, "en": ENGLISH}


def short(words: TableWords, key: str) -> str:
    """Return what a column of the terminal's table is called."""
    return words.short.get(key, words.columns[key])
