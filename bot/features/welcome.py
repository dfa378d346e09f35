"""Welcome messages, sent beside the inbox worker: a few at a time, each within its 18 s."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog

from bot.messages.catalog import texts_in
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.troubles import Part, Trouble
from bot.store.welcomes import WelcomeState
from bot.wecom.welcome import Greeting, WelcomeOutcome, WelcomeSender

log = structlog.get_logger(__name__)

PARALLEL = 5  # calls of one API in flight; more can give errcode 45033


class Greeter:
    """A pool of threads for greetings with a claimed code. After `close` nothing is retried."""

    def __init__(self, services: Services, sender: WelcomeSender, *, ending: threading.Event) -> None:
        """Keep *ending*, the event that ends the sender's retries."""
        self._services = services
        self._sender = sender
        self._ending = ending
        self._pool = ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="welcome")
        self._trouble = services.store.troubles.of(Part.WELCOME)

    def greet(self, greeting: Greeting) -> None:
        """Enqueue a greeting and return at once."""
        self._pool.submit(self._greet, greeting)

    def close(self) -> None:
        """Wait until each greeting was tried once; greetings too old by then are dropped."""
        self._ending.set()
        self._pool.shutdown(wait=True)

    def _greet(self, greeting: Greeting) -> None:
        try:
            services = self._services
            text = services.config.welcome.text or texts_in(services.language)["welcome.text"]
            outcome = self._sender.send(greeting, text=text)
            self._note(greeting, outcome)
        except StoreError as error:
            # Without the store there is no token, or the outcome is not stored: the code stays claimed.
            log.warning("the store is away; a welcome message is left as it is", reason=str(error))
        except Exception:
            log.exception("welcome message failed")

    def _note(self, greeting: Greeting, outcome: WelcomeOutcome) -> None:
        store = self._services.store
        now, state = store.now(), WelcomeState(outcome.state)
        store.welcomes.finish(greeting.code, state=state, errcode=outcome.errcode, now=int(now))
        age_s = round(now - greeting.happened_at, 1)
        if state is WelcomeState.SENT:
            log.info("customer greeted", age_s=age_s)
            self._trouble.clear()
        else:
            log.info("customer not greeted", state=state.value, errcode=outcome.errcode, age_s=age_s)
        if outcome.problem and self._trouble.note(Trouble(outcome.errcode, outcome.problem)):
            log.warning("welcome messages fail", errcode=outcome.errcode, reason=outcome.problem)
