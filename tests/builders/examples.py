"""How many examples property tests try.

`QUOTABOT_TEST_PROFILE` is `default` (a third of the numbers in the tests, for `make test`) or `thorough`
(these numbers, for `.ci/run`). `QUOTABOT_EXAMPLES` sets one number for all tests that ask here.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("QUOTABOT_TEST_PROFILE") or "default"
_LIBRARY = 100  # what Hypothesis tries if nobody says a number
_TRIED = {"default": lambda number: max(number // 3, 5), "thorough": lambda number: number}


def register() -> None:
    """Let the profile hold for tests that name no number."""
    if PROFILE not in _TRIED:
        raise ValueError(f"QUOTABOT_TEST_PROFILE is {PROFILE!r}: use default or thorough")
    # How long one example takes says something of the machine and its neighbours, nothing of the program.
    settings.register_profile(PROFILE, deadline=None, max_examples=examples(_LIBRARY))
    settings.load_profile(PROFILE)


def examples(number: int) -> int:
    """Return how many examples to try where *number* is normal."""
    return int(os.environ.get("QUOTABOT_EXAMPLES") or _TRIED[PROFILE](number))


def tried(number: int, *, unhealthy: tuple[HealthCheck, ...] = (HealthCheck.too_slow,)) -> settings:
    """Return settings for *number* examples; *unhealthy* are the checks of the test's health to leave out."""
    return settings(deadline=None, max_examples=examples(number), suppress_health_check=unhealthy)
