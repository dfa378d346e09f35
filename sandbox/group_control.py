"""The controls of group robots under /sandbox/robots: list, create and break them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from sandbox.control import ControlError, asked, told
from sandbox.groups import Robot
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the routes; `docs/sandbox.md` describes each."""
    routes = Blueprint("group_control", __name__, url_prefix="/sandbox")
    routes.register_error_handler(ControlError, told)

    @routes.get("/robots")
    def read_robots() -> Response:
        return _robots(world)

    @routes.post("/robots")
    def change_robot() -> Response:
        wanted = asked()
        key, group, errcode = (wanted.get(name) for name in ("key", "group", "errcode"))
        if not isinstance(key, str) or not key:
            raise ControlError('a robot has a key, like {"key": "…", "group": "支行群", "errcode": 93000}')
        with world.lock:
            robot = world.robots.setdefault(key, Robot(key=key, group=key))
            if isinstance(group, str):
                robot.group = group
            if isinstance(errcode, int):
                robot.errcode = errcode
        return _robots(world)

    return routes


def _robots(world: World) -> Response:
    with world.lock:
        return jsonify(
            robots=[
                {"key": one.key, "group": one.group, "errcode": one.errcode, "posts": len(one.posts)}
                for one in world.robots.values()
            ]
        )
