"""The functions for each type of event: registered by decorator, collected in one visible list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.services import Services
from bot.wecom.events import Event

E = TypeVar("E", bound=Event)


class Router:
    """Handlers by type of event. A handler of a type also gets its subtypes."""

    def __init__(self) -> None:
        self._handlers: list[tuple[type[Event], Callable[..., None]]] = []

    @classmethod
    def of(cls, *routers: Router) -> Router:
        """Return one router with the handlers of all *routers*, in that order."""
        whole = cls()
        for router in routers:
            whole._handlers.extend(router._handlers)
        return whole

    def on(self, kind: type[E]) -> Callable[[Callable[[E, Services], None]], Callable[[E, Services], None]]:
        """Register the function below for events of *kind*."""

        def register(handler: Callable[[E, Services], None]) -> Callable[[E, Services], None]:
            self._handlers.append((kind, handler))
            return handler

        return register

    def handlers_for(self, event: Event) -> list[Callable[..., None]]:
        """Return the handlers of *event*, in order; empty if it is ignored."""
        return [handler for kind, handler in self._handlers if isinstance(event, kind)]

    def dispatch(self, event: Event, services: Services) -> bool:
        """Run the handlers of *event*; return False if there are none."""
        handlers = self.handlers_for(event)
        for handler in handlers:
            handler(event, services)
        return bool(handlers)
