"""What each opcode of a pickle does to the walker's stack and memo (protocols 0 to 5, as in pickletools)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers.probes.security.unsafe_files.machine import (
    MOST_STACK,
    NAME,
    OPAQUE,
    Broken,
    Global,
    Machine,
    Made,
    Span,
)

Step = Callable[[Machine], None]


def _push(value: Any) -> Step:
    return lambda m: m.stack.append(value)


def _integer(size: int, *, signed: bool = False) -> Step:
    def step(m: Machine) -> None:
        begin = m.take(size)
        m.stack.append(int.from_bytes(m.data[begin : m.at], "little", signed=signed))

    return step


def _opaque(size: int) -> Step:
    def step(m: Machine) -> None:
        m.take(size)
        m.stack.append(OPAQUE)

    return step


def _long(size: int) -> Step:
    def step(m: Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        short = count <= 16
        m.stack.append(int.from_bytes(m.data[begin : m.at], "little", signed=True) if short else OPAQUE)

    return step


def _text(size: int) -> Step:
    def step(m: Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        m.stack.append(m.text(begin, m.at))

    return step


def _bytes(size: int) -> Step:
    def step(m: Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        m.stack.append(Span(begin, m.at))

    return step


def _old_string(size: int) -> Step:
    """Python 2's str, which may be a name or bytes."""

    def step(m: Machine) -> None:
        count = m.number(size)
        begin = m.take(count)
        try:
            found = m.text(begin, m.at)
        except UnicodeDecodeError:
            found = OPAQUE
        m.stack.append(found if isinstance(found, str) else Span(begin, m.at))

    return step


def _int_line(m: Machine) -> None:
    text = m.line().rstrip("L")
    try:
        m.stack.append(int(text) if len(text) < 40 else OPAQUE)
    except ValueError:
        m.walk.error = m.walk.error or "it holds a number that is none"
        m.stack.append(OPAQUE)


def _line(m: Machine) -> None:
    m.line()
    m.stack.append(OPAQUE)


def _string_line(m: Machine) -> None:
    text = m.line().strip()
    inner = text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"" else ""
    m.stack.append(inner if NAME.fullmatch(inner) else _escaped(inner))


def _unicode_line(m: Machine) -> None:
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


def _persistent(m: Machine) -> None:
    m.pop()
    m.stack.append(OPAQUE)


def _append(m: Machine) -> None:
    m.pop()
    m.change(m.top())


def _appends(m: Machine) -> None:
    m.since_mark()
    m.change(m.top())


def _collect(m: Machine) -> None:
    m.since_mark()
    m.stack.append(OPAQUE)


def _tuple(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(tuple(items) if len(items) <= 64 else OPAQUE)


def _tuple_of(count: int) -> Step:
    def step(m: Machine) -> None:
        items = [m.pop() for _ in range(count)]
        m.stack.append(tuple(reversed(items)))

    return step


def _empty_dict(m: Machine) -> None:
    m.stack.append(Made("dict", {}))


def _dict(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(Made("dict", {}))
    _into_dict(m.top(), items)


def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    m.change(m.top())
    _into_dict(m.top(), [key, value])


def _set_items(m: Machine) -> None:
    items = m.since_mark()
    m.change(m.top())
    _into_dict(m.top(), items)


def _into_dict(thing: Any, items: list[Any]) -> None:
    if isinstance(thing, Made) and thing.kind == "dict" and len(thing.state) + len(items) < 64:
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(key, str):
                thing.state[key] = value


def _pop(m: Machine) -> None:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.pop()


def _duplicate(m: Machine) -> None:
    m.again(m.top())


def _mark(m: Machine) -> None:
    m.marks.append(len(m.stack))
    if len(m.marks) > MOST_STACK:
        raise Broken("it piles up more than any honest file does")


def _pop_mark(m: Machine) -> None:
    m.since_mark()


def _place(m: Machine) -> int:
    text = m.line()
    if not text.isdecimal() or len(text) > 18:
        raise Broken("it names a place that is no number")
    return int(text)


def _extension(size: int) -> Step:
    def step(m: Machine) -> None:
        m.walk.odd.append(f"number {m.number(size)} of a register that only its maker knows")
        m.stack.append(OPAQUE)

    return step


def _global(m: Machine) -> None:
    module = m.line()
    m.stack.append(m.name(module, m.line()))


def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    m.stack.append(m.name(module, name))


def _reduce(m: Machine) -> None:
    arguments, function = m.pop(), m.pop()
    m.stack.append(m.call(function, arguments))


def _new(m: Machine) -> None:
    arguments, kind = m.pop(), m.pop()
    m.stack.append(m.call(kind, arguments))


def _new_with_names(m: Machine) -> None:
    m.pop()
    _new(m)


def _instance(m: Machine) -> None:
    module = m.line()
    kind = m.name(module, m.line())
    arguments = m.since_mark()
    m.stack.append(m.call(kind, tuple(arguments)) if isinstance(kind, Global) else OPAQUE)


def _object(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(m.call(items[0], tuple(items[1:])) if items else OPAQUE)


def _protocol(m: Machine) -> None:
    if m.number(1) > 5:
        raise Broken("it is of a kind that no Python writes")


def _frame(m: Machine) -> None:
    """How long the next part is; readers may ignore it."""
    m.take(8)


def _stop(m: Machine) -> None:
    m.walk.result = m.pop()
    m.done = True


_BY_CODE: dict[str | int, Step] = {
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
    0x94: lambda m: m.put(m.next + len(m.beyond)), 0x95: _frame,
    0x96: _bytes(8), 0x97: _push(OPAQUE), 0x98: lambda m: None,
}  # fmt: skip
STEPS = {ord(code) if isinstance(code, str) else code: step for code, step in _BY_CODE.items()}
NUMERIC = frozenset(b"GKMJN\x88\x89")
