"""A pickle followed opcode by opcode without loading it: what it imports, and what it calls.

The walk keeps a stack and a memo as ``pickle.Unpickler`` does, of names, texts, numbers and places in the
file only, so that a name put together over the memo is still read (STACK_GLOBAL, BINGET, DUP, MEMOIZE) and
one that cannot be followed is told as such. It is tolerant: a stream that is cut off or garbled has been
followed up to that point, several pickles may stand one after the other, and joblib's raw arrays between
the opcodes are stepped over. After the opcode list of ``pickletools`` (protocols 0 to 5, PEP 307, 3154, 574).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workers.probes.security.unsafe_files.allowed import allowed

MOST_STACK = 4_000_000  # items; no writer of pickles leaves so many open
MOST_DEPTH = 20  # pickles inside pickles
BETWEEN_LOOKS = 65_536  # opcodes between two looks at the clock
NAME = re.compile(r"[A-Za-z_<][\w.<>]{0,199}")
LINE = re.compile(rb"\n")
# Runs of numbers without an effect on the memo: one step of the walk instead of thousands.
NUMBERS = re.compile(rb"(?:G.{8}|K.|M..|J.{4}|[N\x88\x89]){64,4096}", re.DOTALL)
ONE_NUMBER = re.compile(rb"G.{8}|K.|M..|J.{4}|[N\x88\x89]", re.DOTALL)
ITEM = re.compile(r"[<>=|]?([a-zA-Z?])(\d*)")


class Opaque:
    """Something of which only the existence is known."""

    __slots__ = ()


OPAQUE: Any = Opaque()


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

    @property
    def flagged(self) -> list[Global]:
        return [one for one in self.imports if not allowed(*one)]


def walk(data: Any, start: int = 0, *, deadline: float = float("inf"), depth: int = 0) -> Walk:
    """Follows the pickle at ``start`` of a bytes-like object; never raises, and never imports anything."""
    machine = _Machine(data, start, deadline, depth)
    found = machine.walk
    try:
        machine.run()
        found.complete = True
    except Broken as broken:
        found.error = found.error or str(broken)
    except (IndexError, ValueError, UnicodeDecodeError, OverflowError):
        found.error = found.error or "it is cut off or garbled"
    found.end = min(machine.at, len(data))
    return found


class _Machine:
    def __init__(self, data: Any, start: int, deadline: float, depth: int) -> None:
        self.data, self.at, self.deadline, self.depth = data, start, deadline, depth
        self.size = len(data)
        self.walk = Walk(start)
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.next = 0  # every place below it is filled
        self.beyond: set[int] = set()
        self.done = False

    def run(self) -> None:
        data, steps, table = self.data, 0, _STEPS
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
            if code in _NUMERIC and (run := NUMBERS.match(data, self.at)):
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
        self.stack.append(self.memo.get(place, OPAQUE))

    # -- names and calls ----------------------------------------------------------------------------
    def name(self, module: Any, name: Any) -> Any:
        """The global that two texts name; one that cannot be read is told."""
        if not isinstance(module, str) or not isinstance(name, str) or not module or not name:
            self.walk.odd.append("a name that is put together while it is opened")
            return OPAQUE
        found = Global(module, name)
        self.walk.imports.setdefault(found, self.at)
        if len(self.walk.imports) > 10_000:
            raise Broken("it imports more names than any honest file does")
        return found

    def call(self, function: Any, arguments: Any) -> Any:
        """What a call leaves: known only where the walk needs it further on."""
        if not isinstance(function, Global):
            if not self.walk.error:
                self.walk.odd.append("something that is put together while it is opened")
            return OPAQUE
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
                inner = walk(self.data, self.at, deadline=self.deadline, depth=self.depth + 1)
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


# -- one step an opcode ---------------------------------------------------------------------------
Step = Callable[[_Machine], None]


def _push(value: Any) -> Step:
    return lambda m: m.stack.append(value)


def _integer(size: int, *, signed: bool = False) -> Step:
    def step(m: _Machine) -> None:
        begin = m.take(size)
        m.stack.append(int.from_bytes(m.data[begin : m.at], "little", signed=signed))

    return step


def _opaque(size: int) -> Step:
    def step(m: _Machine) -> None:
        m.take(size)
        m.stack.append(OPAQUE)

    return step


def _long(size: int) -> Step:
    def step(m: _Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        short = count <= 16
        m.stack.append(int.from_bytes(m.data[begin : m.at], "little", signed=True) if short else OPAQUE)

    return step


def _text(size: int) -> Step:
    def step(m: _Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        m.stack.append(m.text(begin, m.at))

    return step


def _bytes(size: int) -> Step:
    def step(m: _Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        m.stack.append(Span(begin, m.at))

    return step


def _old_string(size: int) -> Step:
    """Python 2's str, which may be a name or bytes."""

    def step(m: _Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        try:
            found = m.text(begin, m.at)
        except UnicodeDecodeError:
            found = OPAQUE
        m.stack.append(found if isinstance(found, str) else Span(begin, m.at))

    return step


def _int_line(m: _Machine) -> None:
    text = m.line().rstrip("L")
    try:
        m.stack.append(int(text) if len(text) < 40 else OPAQUE)
    except ValueError:
        m.walk.error = m.walk.error or "it holds a number that is none"
        m.stack.append(OPAQUE)


def _line(m: _Machine) -> None:
    m.line()
    m.stack.append(OPAQUE)


def _string_line(m: _Machine) -> None:
    text = m.line().strip()
    inner = text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"" else ""
    m.stack.append(inner if NAME.fullmatch(inner) else _escaped(inner))


def _unicode_line(m: _Machine) -> None:
    begin, end = m.ends()
    text = bytes(m.data[begin : min(end, begin + 1000)]).decode("latin-1")
    name = text if NAME.fullmatch(text) else _escaped(text)
    m.stack.append(name if isinstance(name, str) else Span(begin, end, "raw_unicode_escape"))


def _escaped(text: str) -> Any:
    r"""A name written with escapes (\x6f\x73) is a name too."""
    if "\\" not in text or len(text) > 1000:
        return OPAQUE
    try:
        plain = text.encode("latin-1", "replace").decode("unicode_escape")
    except UnicodeDecodeError:
        return OPAQUE
    return plain if NAME.fullmatch(plain) else OPAQUE


def _persistent(m: _Machine) -> None:
    m.pop()
    m.stack.append(OPAQUE)


def _append(m: _Machine) -> None:
    m.pop()
    m.change(m.top())


def _appends(m: _Machine) -> None:
    m.since_mark()
    m.change(m.top())


def _collect(m: _Machine) -> None:
    m.since_mark()
    m.stack.append(OPAQUE)


def _tuple(m: _Machine) -> None:
    items = m.since_mark()
    m.stack.append(tuple(items) if len(items) <= 64 else OPAQUE)


def _tuple_of(count: int) -> Step:
    def step(m: _Machine) -> None:
        items = [m.pop() for _ in range(count)]
        m.stack.append(tuple(reversed(items)))

    return step


def _empty_dict(m: _Machine) -> None:
    m.stack.append(Made("dict", {}))


def _dict(m: _Machine) -> None:
    items = m.since_mark()
    m.stack.append(Made("dict", {}))
    _into_dict(m.top(), items)


def _set_item(m: _Machine) -> None:
    value, key = m.pop(), m.pop()
    m.change(m.top())
    _into_dict(m.top(), [key, value])


def _set_items(m: _Machine) -> None:
    items = m.since_mark()
    m.change(m.top())
    _into_dict(m.top(), items)


def _into_dict(thing: Any, items: list[Any]) -> None:
    if isinstance(thing, Made) and thing.kind == "dict" and len(thing.state) + len(items) < 64:
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(key, str):
                thing.state[key] = value


def _pop(m: _Machine) -> None:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.pop()


def _duplicate(m: _Machine) -> None:
    m.stack.append(m.top())


def _mark(m: _Machine) -> None:
    m.marks.append(len(m.stack))
    if len(m.marks) > MOST_STACK:
        raise Broken("it piles up more than any honest file does")


def _pop_mark(m: _Machine) -> None:
    m.since_mark()


def _place(m: _Machine) -> int:
    text = m.line()
    if not text.isdecimal() or len(text) > 18:
        raise Broken("it names a place that is no number")
    return int(text)


def _extension(size: int) -> Step:
    def step(m: _Machine) -> None:
        m.walk.odd.append(f"number {m.number(size)} of a register that only its maker knows")
        m.stack.append(OPAQUE)

    return step


def _global(m: _Machine) -> None:
    module = m.line()
    m.stack.append(m.name(module, m.line()))


def _stack_global(m: _Machine) -> None:
    name, module = m.pop(), m.pop()
    m.stack.append(m.name(module, name))


def _reduce(m: _Machine) -> None:
    arguments, function = m.pop(), m.pop()
    m.stack.append(m.call(function, arguments))


def _new(m: _Machine) -> None:
    arguments, kind = m.pop(), m.pop()
    m.stack.append(m.call(kind, arguments))


def _new_with_names(m: _Machine) -> None:
    m.pop()
    _new(m)


def _instance(m: _Machine) -> None:
    module = m.line()
    kind = m.name(module, m.line())
    arguments = m.since_mark()
    m.stack.append(m.call(kind, tuple(arguments)) if isinstance(kind, Global) else OPAQUE)


def _object(m: _Machine) -> None:
    items = m.since_mark()
    m.stack.append(m.call(items[0], tuple(items[1:])) if items else OPAQUE)


def _protocol(m: _Machine) -> None:
    if m.number(1) > 5:
        raise Broken("it is of a kind that no Python writes")


def _stop(m: _Machine) -> None:
    m.walk.result = m.pop()
    m.done = True


_STEPS: dict[int, Step] = {
    ord(code) if isinstance(code, str) else code: step
    for code, step in {
        "(": _mark, ".": _stop, "0": _pop, "1": _pop_mark, "2": _duplicate, "F": _line, "I": _int_line,
        "J": _integer(4, signed=True), "K": _integer(1), "L": _int_line, "M": _integer(2), "N": _push(None),
        "P": _line, "Q": _persistent, "R": _reduce, "S": _string_line, "T": _old_string(4),
        "U": _old_string(1), "V": _unicode_line, "X": _text(4), "a": _append, "b": lambda m: m.build(),
        "c": _global, "d": _dict, "}": _empty_dict, "e": _appends, "g": lambda m: m.get(_place(m)),
        "h": lambda m: m.get(m.number(1)), "i": _instance, "j": lambda m: m.get(m.number(4)),
        "l": _collect, "]": _push(OPAQUE), "o": _object, "p": lambda m: m.put(_place(m)),
        "q": lambda m: m.put(m.number(1)), "r": lambda m: m.put(m.number(4)), "s": _set_item, "t": _tuple,
        ")": _push(()), "u": _set_items, "G": _opaque(8), 0x80: _protocol, 0x81: _new, 0x82: _extension(1),
        0x83: _extension(2), 0x84: _extension(4), 0x85: _tuple_of(1), 0x86: _tuple_of(2), 0x87: _tuple_of(3),
        0x88: _push(True), 0x89: _push(False), 0x8A: _long(1), 0x8B: _long(4), "B": _bytes(4),
        "C": _bytes(1), 0x8C: _text(1), 0x8D: _text(8), 0x8E: _bytes(8), 0x8F: _push(OPAQUE),
        0x90: _appends, 0x91: _collect, 0x92: _new_with_names, 0x93: _stack_global,
        0x94: lambda m: m.put(m.next + len(m.beyond)), 0x95: lambda m: m.take(8) and None,
        0x96: _bytes(8), 0x97: _push(OPAQUE), 0x98: lambda m: None,
    }.items()
}  # fmt: skip
_NUMERIC = frozenset(b"GKMJN\x88\x89")
