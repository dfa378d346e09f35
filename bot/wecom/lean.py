"""wechatpy without its other half, and requests without a guesser of encodings: 5 MB of a service."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

_BARE = ("wechatpy", "wechatpy.work")  # their `__init__` import payment, messages, replies
# They guess the encoding of answers that do not say it; WeCom's do.
_HIDDEN = ("chardet", "charset_normalizer")


@contextmanager
def lean_imports() -> Iterator[None]:
    """Import wechatpy and requests in the block as if these packages were empty, or not there."""
    before = dict(sys.modules)
    for name in _BARE if "wechatpy" not in before else ():
        bare, spec = ModuleType(name), find_spec(name)
        bare.__path__ = [] if spec is None else list(spec.submodule_search_locations or ())
        sys.modules[name] = bare
    for name in _HIDDEN:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # how Python notes what is not to be found
    try:
        with warnings.catch_warnings(action="ignore"):  # requests says that it misses them
            yield
    finally:
        for name in {*_BARE, *_HIDDEN} - before.keys():
            sys.modules.pop(name, None)
