"""A sandbox in which the examples are received: sent through its API, which refuses what WeCom would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree as Tree

from builders.messages import a_group, examples
from werkzeug.test import TestResponse

from bot.features.robots.message import group_message, group_picture
from bot.features.robots.picture import draw
from bot.messages.cards import button_of, marked
from bot.messages.catalog import texts_in
from bot.messages.forms import CARD, Form, forms_of
from bot.messages.message import Button, as_markdown
from bot.wecom.robot import image_body, markdown_body
from pictures.scenes import GROUP, TOP, Shot
from sandbox.app import create_app
from sandbox.branch import TOP as BRANCH
from sandbox.branch import make_branch
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.groups import KEY
from sandbox.people import Person
from sandbox.server import start
from sandbox.world import World

_CALLBACK = "http://127.0.0.1:1/callback"  # nobody listens: what a press leads to is done here
_LINK = "https://quota.example.com/about"
_TEAM = {"jia": "员工甲", "yi": "员工乙", "bing": "员工丙"}  # whom the examples' digest names
_GREETING = {
    "zh-CN": "您好，我是您的客户经理，请问有什么可以帮您？",
    "en": "Hello, I look after your account. What can I do for you?",
}


class Office:
    """The branch of the sandbox on *day*, and one more: the leader of its leaders."""

    def __init__(self, *, language: str, day: date, begin: float) -> None:
        self.world = World(
            make_branch(seed=7, today=day), clock=VirtualClock(begin, speed=0), callback_url=_CALLBACK
        )
        self.world.people[TOP] = Person(
            userid=TOP, name="主管丙", departments=(BRANCH,), role="主管", leader_of=(BRANCH,)
        )
        self._language = language
        self._client = create_app(self.world).test_client()
        self._sent = 0
        app = self.world.app
        query = {"corpid": app.corp_id, "corpsecret": app.secret}
        self._token = self._told(self._client.get("/cgi-bin/gettoken", query_string=query))["access_token"]

    def play(self, shot: Shot) -> None:
        """Let the phone of *shot* receive what it says."""
        self.world.clock.set(shot.at.timestamp())
        if shot.userid == GROUP:
            self._post_in_group(shot)
        elif shot.heading == "welcome":
            self._greet(shot.userid)
        else:
            form = self._send(shot)
            if shot.press:
                self._press(shot, form)

    @contextmanager
    def page(self, *phones: str) -> Iterator[str]:
        """Serve the sandbox's page with these *phones* only; yield its address."""
        with start(self.world) as server:
            yield f"{server.url}/?only={','.join(phones)}"

    def _send(self, shot: Shot) -> Form:
        self._sent += 1
        message = examples(self._language)[shot.heading]
        form = forms_of(
            message, style="card", language=self._language, task_id=f"qb-{self._sent}", link=_LINK
        )[0]
        asked = {"touser": shot.userid, "msgtype": form.msgtype, form.msgtype: form.body}
        self._call("message/send", {"agentid": self.world.app.agent_id, **asked})
        return form

    def _press(self, shot: Shot, form: Form) -> None:
        """Change the card as the bot does: greyed by a finished act, marked where somebody is helped."""
        card: dict[str, Any] = {name: value for name, value in form.body.items() if name != "task_id"}
        pressed = button_of(shot.press)
        if form.msgtype != CARD or pressed is None:
            raise ValueError(f"{shot.heading} has no button {shot.press}")
        (event,) = compose(self.world, {"kind": "click", "userid": shot.userid, "key": shot.press})
        button, about = pressed
        shown: dict[str, Any] = {
            "button": {"replace_name": texts_in(self._language).table("cards.done").get(button, "")}
        }
        if button is Button.COACH:
            shown = {"template_card": marked(card, language=self._language, names=_TEAM, done={about})}
        code = Tree.fromstring(event.xml).findtext("ResponseCode", "")
        asked = {"agentid": self.world.app.agent_id, "userids": [shot.userid], "response_code": code}
        self._call("message/update_template_card", {**asked, **shown})

    def _greet(self, userid: str) -> None:
        (event,) = compose(self.world, {"kind": "add", "userid": userid})
        code = Tree.fromstring(event.xml).findtext("WelcomeCode", "")
        said = {"welcome_code": code, "text": {"content": _GREETING[self._language]}}
        self._call("externalcontact/send_welcome_msg", said)

    def _post_in_group(self, shot: Shot) -> None:
        post = replace(a_group(), job=shot.heading, at=shot.at)
        words = as_markdown(group_message(post, language=self._language))
        picture = draw(group_picture(post, language=self._language))
        for body in (markdown_body(words), image_body(picture)):
            self._told(self._client.post("/cgi-bin/webhook/send", query_string={"key": KEY}, data=body))

    def _call(self, path: str, asked: dict[str, Any]) -> None:
        query, raw = {"access_token": self._token}, json.dumps(asked, ensure_ascii=False).encode()
        self._told(self._client.post(f"/cgi-bin/{path}", query_string=query, data=raw))

    @staticmethod
    def _told(answer: TestResponse) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(answer.data)
        if told["errcode"]:
            raise ValueError(f"the sandbox refused: {told['errmsg']}")
        return told
