"""What is on which picture: the example messages of docs/examples/messages.md, each on somebody's phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from builders.messages import AFTERNOON, EVENING, FRIDAY, MORNING, RESULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One phone: *userid* has the example *heading*; in a group it is the job that posts.

    *press*: the button he pressed after it, by its key.
    """

    userid: str
    heading: str
    at: datetime
    press: str = ""


GROUP = "groups"  # the phone of the group with the robot
TOP = "zg03"  # leads the leaders; the sandbox's branch has nobody who does

# Times within a picture only go forward, as the sandbox's clock does.
SCENES: Mapping[str, tuple[Shot, ...]] = {
    "progress": (
        Shot(userid="yg01", heading="progress", at=MORNING),
        Shot(userid="yg02", heading="progress, two quotas", at=MORNING),
        Shot(userid="yg03", heading="progress", at=MORNING, press="mute"),
    ),
    "reminder": (
        Shot(userid="yg01", heading="reminder", at=AFTERNOON),
        Shot(userid="yg02", heading="reminder, help", at=AFTERNOON),
        Shot(userid="yg03", heading="statement", at=AFTERNOON),
    ),
    "digest": (
        Shot(userid="zg01", heading="digest", at=EVENING, press="coach:jia"),
        Shot(userid="zg02", heading="digest, nobody to help", at=EVENING),
        Shot(userid=TOP, heading="digest, over teams", at=EVENING),
    ),
    "weekly": (
        Shot(userid="yg01", heading="weekly", at=FRIDAY),
        Shot(userid="yg02", heading="weekly, help", at=FRIDAY),
        Shot(userid="zg01", heading="weekly, leader", at=FRIDAY),
    ),
    "close": (
        Shot(userid="yg01", heading="close", at=RESULTS),
        Shot(userid="yg02", heading="close, met", at=RESULTS),
    ),
    "questions": (
        Shot(userid="yg01", heading="question", at=MORNING),
        Shot(userid="zg01", heading="review", at=MORNING),
        Shot(userid="yg02", heading="decided, an appeal", at=MORNING),
    ),
    "leave": (
        Shot(userid="zg01", heading="leave", at=MORNING),
        Shot(userid="zg02", heading="leave", at=MORNING, press="confirm:zhangsan:2026-11-26:2026-11-27"),
        Shot(userid="yg01", heading="leave, confirmed", at=MORNING),
    ),
    "others": (
        Shot(userid="zg01", heading="admin", at=MORNING),
        Shot(userid="yg01", heading="welcome", at=MORNING),
        Shot(userid="yg02", heading="rules", at=MORNING),
    ),
    "group": (Shot(userid=GROUP, heading="weekly", at=FRIDAY),),
}
