"""Deliver one post of a group robot and interpret WeCom's answer.

A webhook has no duplicate check, so a post with an unknown outcome is never posted again. If WeCom refuses
the robot itself, it is switched off until its configuration changes. Other robots continue.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog

from bot.features.robots.picture import Picture, draw
from bot.features.robots.posts import PICTURE, fingerprints
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.outbox import Due
from bot.store.troubles import NOTHING_LEARNT, Trouble
from bot.wecom.client import WeComClient
from bot.wecom.errors import (
    MAX_SYSTEM_BUSY_TRIES,
    RATE_WINDOW_S,
    SYSTEM_BUSY,
    AnswerError,
    ErrorKind,
    NotSentError,
    UnknownOutcomeError,
)
from bot.wecom.robot import IMAGE_BYTES, ROBOT_IS_OFF, image_body, markdown_body

log = structlog.get_logger(__name__)

IMAGE = "image"
PICTURE_BYTES = "picture_bytes"  # in the receipt of a picture too large to post
_AGAIN_S = (15, 240)  # after a fault that passes; a digest has little time until the evening


class RobotDelivery:
    """Delivery of single posts. Several threads call it at once."""

    def __init__(self, services: Services, client: WeComClient, *, real_time: Callable[[], float]) -> None:
        self._services = services
        self._outbox = services.store.outbox
        self._client = client
        self._time = real_time

    def deliver(self, due: Due, *, robot: str, may_call: Callable[[], bool]) -> Trouble | None:
        """Try one post of *robot* and store the outcome. Ask *may_call* before the call."""
        now = int(self._time())
        if due.unsure_since is not None:
            reason = Sentence("sentences.open_robot")
            self._outbox.finish(due.seq, state="unknown", now=now, error=reason)
            return NOTHING_LEARNT
        if due.msgtype == IMAGE and self._words_are_open(due.key):
            self._outbox.postpone(due.seq, next_try_at=now + 1)
            return NOTHING_LEARNT
        key, problem = self._key_of(robot)
        if key is None:
            self._outbox.finish(due.seq, state="failed", now=now, error=problem)
            return NOTHING_LEARNT
        request = self._request(due)
        if request is None:
            return NOTHING_LEARNT
        # The stored request is only the key, so equal posts of two robots are two requests.
        if not may_call() or not self._outbox.begin(due.seq, request=due.key.encode(), now=now):
            return NOTHING_LEARNT
        try:
            self._client.post_to_robot(request, key=key)
        except AnswerError as error:
            self._refused(due, robot, error)
            return Trouble(error.errcode, str(error)) if error.errcode == SYSTEM_BUSY else None
        except NotSentError as error:
            self._later(due, wait=_AGAIN_S[0], error=str(error), spent=False)
            return Trouble(0, str(error))
        except UnknownOutcomeError as error:
            self._outbox.finish(due.seq, state="unknown", now=int(self._time()), error=str(error))
            log.warning("robot's post may be lost", robot=robot, key=due.key)
            return Trouble(0, str(error))
        self._outbox.finish(due.seq, state="sent", now=int(self._time()), receipt="{}")
        return None

    def _words_are_open(self, key: str) -> bool:
        """Return whether the text before a picture is still pending: the picture must follow it."""
        words = self._outbox.by_key(key.removesuffix(PICTURE))
        return words is not None and words["state"] == "pending"

    def _request(self, due: Due) -> bytes | None:
        """Return the body to post; a picture is drawn only now.

        None: the picture is too large for WeCom. The row has failed then, and the text stays without it.
        """
        if due.msgtype != IMAGE:
            return markdown_body(due.content)
        png = draw(Picture.from_json(due.content))
        if len(png) <= IMAGE_BYTES:
            return image_body(png)
        problem = Sentence("sentences.picture", bytes=len(png), most=IMAGE_BYTES)
        receipt = json.dumps({PICTURE_BYTES: len(png)})
        self._outbox.finish(due.seq, state="failed", now=int(self._time()), receipt=receipt, error=problem)
        log.warning("robot's picture is too large", key=due.key, bytes=len(png))
        return None

    def _key_of(self, name: str) -> tuple[str | None, str]:
        """Return the webhook's key, or the reason for not having one."""
        configured = {robot.name: robot for robot in self._services.config.robots}
        if name not in configured:
            return None, Sentence("sentences.no_robot")
        off = self._services.store.robots.off(fingerprints(self._services.config)).get(name)
        if off is not None:
            return None, off.error
        return configured[name].webhook_key.get_secret_value(), ""

    def _refused(self, due: Due, robot: str, error: AnswerError) -> None:
        now, kind = int(self._time()), error.kind
        if kind is ErrorKind.RATE:
            self._later(due, wait=RATE_WINDOW_S, error=str(error), spent=False)
            return
        if kind is ErrorKind.TRANSIENT and due.attempts + 1 < MAX_SYSTEM_BUSY_TRIES:
            self._later(due, wait=_AGAIN_S[due.attempts], error=str(error))
            return
        log.warning("robot's post refused", robot=robot, key=due.key, errcode=error.errcode)
        if error.errcode in ROBOT_IS_OFF:
            # Before finishing the text: then another thread checks at once whether the picture may go.
            self._services.store.robots.switch_off(
                robot,
                configured=fingerprints(self._services.config)[robot],
                errcode=error.errcode,
                error=str(error),
                now=now,
            )
        receipt = json.dumps({"errcode": error.errcode})
        self._outbox.finish(due.seq, state="failed", now=now, receipt=receipt, error=str(error))

    def _later(self, due: Due, *, wait: float, error: str, spent: bool = True) -> None:
        at = int(self._time() + wait)
        self._outbox.retry(due.seq, next_try_at=at, unsure_since=None, error=error, spent=spent)
