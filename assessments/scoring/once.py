"""A property that is computed when it is first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as once
else:

    class once:  # noqa: N801, as what it stands for
        """``functools.cached_property`` as it is from Python 3.12 on: without the lock, which all objects of
        a class share before. A judgement asks for a thousand of these, and the lock takes more than most of
        them; two threads that ask at once compute the same twice."""

        def __init__(self, make: Callable[[Any], Any]) -> None:
            self.make, self.__doc__ = make, make.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, one: Any, owner: type | None = None) -> Any:
            if one is None:
                return self
            found = one.__dict__[self.name] = self.make(one)
            return found


__all__ = ["once"]
