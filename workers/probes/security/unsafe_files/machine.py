"""The stack and the memo of a pickle that is followed without loading it; see ``pickles.py``."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workers.probes.security.unsafe_files.allowed import allowed

MOST_STACK = 4_000_000  # items; no writer of pickles leaves so many open
MOST_DEPTH = 20  # pickles inside pickles
BETWEEN_LOOKS = 65_536  # opcodes between two looks at the clock
NAME = re.compile(r"[^\W\d][\w.<>]{0,199}")  # what an import can find
LINE = re.compile(rb"\n")
# Runs of numbers without an effect on the memo: one step of the walk instead of thousands.
NUMBERS = re.compile(rb"(?:G.{8}|K.|M..|J.{4}|[N\x88\x89]){64,4096}", re.DOTALL)
ONE_NUMBER = re.compile(rb"G.{8}|K.|M..|J.{4}|[N\x88\x89]", re.DOTALL)
ITEM = re.compile(r"[<>=|]?([a-zA-Z?])(\d*)")


class Opaque:
    """Something of which only the existence is known."""

    __slots__ = ()


OPAQUE: Any = Opaque()

# A time zone is written as getattr(ZoneInfo, "_unpickle"): this one look-up is honest, every other is told.
LOOK_UPS = frozenset({("builtins", "getattr"), ("__builtin__", "getattr")})
ZONE = (("zoneinfo", "ZoneInfo"), "_unpickle")


class Global(NamedTuple):
    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Span(NamedTuple):
    """Bytes or a long text, by its place in the file."""

    start: int
    end: int
    written: str = ""  # how a text is written that stands for bytes when it is encoded as Latin-1

    def content(self, data: Any) -> bytes:
        """The bytes that it stands for; raises ValueError when a text stands for none."""
        raw = bytes(data[self.start : self.end])
        return (
            raw.decode(self.written, "surrogatepass").encode("latin-1")
            if self.written == "utf-8"
            else (raw.decode(self.written).encode("latin-1") if self.written else raw)
        )


class Made:
    """What a call or an empty dict leaves on the stack, where the walk has to know it later."""

    __slots__ = ("kind", "state")

    def __init__(self, kind: str, state: Any = None) -> None:
        self.kind, self.state = kind, state


class Broken(Exception):  # noqa: N818
    """The stream cannot be followed any further, and why."""


@dataclass
class Walk:
    """What one pickle does."""

    start: int
    end: int = 0
    imports: dict[Global, int] = field(default_factory=dict)  # name -> place of its first opcode
    called: set[Global] = field(default_factory=set)
    odd: list[str] = field(default_factory=list)  # what it does that cannot be followed
    inner: list[Span] = field(default_factory=list)  # bytes that PyTorch would load in their turn
    error: str = ""
    complete: bool = False  # it was followed to its STOP
    result: Any = None
    look_ups: int = 0  # times that getattr is at hand for anything else than a time zone

    @property
    def flagged(self) -> list[Global]:
        return [one for one in self.imports if not allowed(*one) and (self.look_ups or one not in LOOK_UPS)]


class Machine:
    def __init__(
        self, data: Any, start: int, deadline: float, depth: int, follow: Callable[..., Walk]
    ) -> None:
        self.data, self.at, self.deadline, self.depth = data, start, deadline, depth
        self.size = len(data)
        self.walk = Walk(start)
        self.follow = follow  # how a pickle inside this one is walked
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.next = 0  # every place below it is filled
        self.beyond: set[int] = set()
        self.done = False

    def run(self, table: Mapping[int, Callable[[Machine], None]], numeric: frozenset[int]) -> None:
        data, steps = self.data, 0
        while not self.done:
            if self.at >= self.size:
                raise Broken("it is cut off before its end")
            code = data[self.at]
            self.at += 1
            step = table.get(code)
            if step is None:
                raise Broken("it holds something that is no pickle")
            step(self)
            steps += 1
            if steps % BETWEEN_LOOKS == 0:
                self.look()
            if code in numeric and (run := NUMBERS.match(data, self.at)):
                self.stack += [OPAQUE] * sum(1 for _ in ONE_NUMBER.finditer(run[0]))
                self.at = run.end()
                self.look()

    def look(self) -> None:
        if len(self.stack) > MOST_STACK or len(self.memo) > MOST_STACK or len(self.beyond) > MOST_STACK:
            raise Broken("it piles up more than any honest file does")
        if time.monotonic() > self.deadline:
            raise Broken("there was no time to follow it to its end")

    # -- arguments --------------------------------------------------------------------------------
    def take(self, count: int) -> int:
        """Moves on by ``count`` bytes; -> where they begin."""
        begin = self.at
        if count > self.size - begin:
            self.at = self.size
            raise Broken("it is cut off before its end")
        self.at = begin + count
        return begin

    def number(self, count: int) -> int:
        begin = self.take(count)
        return int.from_bytes(self.data[begin : self.at], "little")

    def ends(self) -> tuple[int, int]:
        """Where the line at hand begins and ends; moves on behind it."""
        found = LINE.search(self.data, self.at)
        if found is None:
            self.at = self.size
            raise Broken("it is cut off before its end")
        begin, self.at = self.at, found.end()
        return begin, found.start()

    def line(self) -> str:
        """A line, where it is short enough for a name or a number."""
        begin, end = self.ends()
        return (
            bytes(self.data[begin:end]).decode("utf-8", "replace").rstrip("\r") if end - begin < 1000 else ""
        )

    # -- stack ------------------------------------------------------------------------------------
    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            self.walk.error = self.walk.error or "it takes more from its stack than there is"
            return OPAQUE
        return self.stack.pop()

    def top(self) -> Any:
        return self.stack[-1] if self.stack else OPAQUE

    def since_mark(self) -> list[Any]:
        if not self.marks:
            self.walk.error = self.walk.error or "it takes more from its stack than there is"
            return []
        at = self.marks.pop()
        items = self.stack[at:]
        del self.stack[at:]
        return items

    def text(self, begin: int, end: int) -> Any:
        """A text that could be a name as itself, any other by its place."""
        if end - begin <= 200:
            text = bytes(self.data[begin:end]).decode("utf-8", "surrogatepass")
            if NAME.fullmatch(text):
                return text
        return Span(begin, end, "utf-8")

    def put(self, place: int) -> None:
        if place == self.next:
            self.next += 1
            while self.next in self.beyond:
                self.beyond.remove(self.next)
                self.next += 1
        elif place > self.next:
            self.beyond.add(place)
        value = self.top()
        keep = isinstance(value, (str, Global, Span)) or (
            isinstance(value, tuple) and all(isinstance(one, int) for one in value)
        )
        if keep or (isinstance(value, Made) and value.kind == "dtype"):
            self.memo[place] = value
        else:
            self.memo.pop(place, None)

    def get(self, place: int) -> None:
        if place >= self.next and place not in self.beyond:
            self.walk.error = self.walk.error or "it asks for something that it never kept"
        self.again(self.memo.get(place, OPAQUE))

    def again(self, value: Any) -> None:
        """Puts something on the stack that was there before."""
        self.walk.look_ups += value in LOOK_UPS if isinstance(value, Global) else 0
        self.stack.append(value)

    # -- names and calls ----------------------------------------------------------------------------
    def name(self, module: Any, name: Any) -> Any:
        """The global that two texts name; one that cannot be read is told."""
        if not isinstance(module, str) or not isinstance(name, str) or not module or not name:
            self.walk.odd.append("a name that is put together while it is opened")
            return OPAQUE
        if not NAME.fullmatch(module) or not NAME.fullmatch(name):
            self.walk.error = self.walk.error or "it imports something that no module can be called"
            return OPAQUE
        found = Global(module, name)
        self.walk.imports.setdefault(found, self.at)
        self.walk.look_ups += found in LOOK_UPS
        if len(self.walk.imports) > 10_000:
            raise Broken("it imports more names than any honest file does")
        return found

    def call(self, function: Any, arguments: Any) -> Any:
        """What a call leaves: known only where the walk needs it further on."""
        if not isinstance(function, Global):
            if not self.walk.error:
                self.walk.odd.append("something that is put together while it is opened")
            return OPAQUE
        if function in LOOK_UPS and arguments == ZONE:
            self.walk.look_ups -= 1
            return Global("zoneinfo", "ZoneInfo._unpickle")
        self.walk.called.add(function)
        first = arguments[0] if isinstance(arguments, tuple) and arguments else OPAQUE
        if function == ("_codecs", "encode"):
            return first if isinstance(first, Span) else OPAQUE
        if function == ("numpy", "dtype"):
            return Made("dtype", [first, None])
        if function == ("torch.storage", "_load_from_bytes"):
            if isinstance(first, Span):
                self.walk.inner.append(first)
            else:
                self.walk.odd.append("PyTorch's loader on bytes that are put together while it is opened")
        if function.name == "NumpyArrayWrapper":
            return Made("array")
        return OPAQUE

    def change(self, thing: Any) -> None:
        """An imported class or function that the pickle alters for the whole program."""
        if isinstance(thing, Global):
            self.walk.odd.append(f"a change of {thing} itself")

    def build(self) -> None:
        state, thing = self.pop(), self.top()
        self.change(thing)
        if isinstance(thing, Made) and thing.kind == "dtype":
            thing.state[1] = state
        elif isinstance(thing, Made) and thing.kind == "array":
            self.raw_array(state.state if isinstance(state, Made) and state.kind == "dict" else {})

    def raw_array(self, told: dict[Any, Any]) -> None:
        """joblib writes an array's bytes right after the opcode that describes it."""
        dtype, shape = told.get("dtype"), told.get("shape")
        if isinstance(dtype, Made) and dtype.kind == "dtype":
            size, objects = _item(*dtype.state)
            if objects:
                inner = self.follow(self.data, self.at, deadline=self.deadline, depth=self.depth + 1)
                if self.depth >= MOST_DEPTH:
                    raise Broken("it holds pickles inside pickles without end")
                self.join(inner)
                return
            if size is not None and isinstance(shape, tuple) and all(isinstance(n, int) for n in shape):
                if told.get("numpy_array_alignment_bytes") is not None:
                    self.take(self.number(1))
                count = size
                for length in shape:
                    count *= length
                if count < 0:
                    raise Broken("it holds an array of an impossible size")
                self.take(count)
                return
        raise Broken("it holds an array whose size cannot be read")

    def join(self, inner: Walk) -> None:
        for one, place in inner.imports.items():
            self.walk.imports.setdefault(one, place)
        self.walk.called |= inner.called
        self.walk.odd += inner.odd
        self.walk.inner += inner.inner
        self.walk.look_ups += inner.look_ups
        self.at = inner.end
        if inner.error:
            raise Broken(inner.error)


def _item(code: Any, state: Any) -> tuple[int | None, bool]:
    """Bytes of one item of a NumPy type, and whether its items are Python objects."""
    found = ITEM.fullmatch(code) if isinstance(code, str) else None
    if found is None:
        return None, False
    flags = state[7] if isinstance(state, tuple) and len(state) > 7 else 0
    objects = found[1] == "O" or (isinstance(flags, int) and flags & 1 == 1)
    size = int(found[2] or 1) * (4 if found[1] == "U" else 1)
    return size, objects
