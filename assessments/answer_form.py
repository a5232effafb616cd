"""One question as a form: from what a browser sends to an answer, and back.

The choices of the page are rows: each option of a question, or "I know it" with its fields, then
"I only know roughly", "I do not know" and "This does not apply".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from assessments import answers as reading
from assessments import questions
from assessments.questions import Part, Question

KNOWN, ROUGHLY, UNKNOWN, NOT_APPLICABLE = "known", "roughly", "unknown", "not_applicable"
OPTION = "option:"
INPUTS = {"date": "date"}
MODES = {"number": "decimal", "money": "decimal"}


@dataclass(slots=True)
class Field:
    """One input under a choice."""

    name: str
    label: str
    value: str = ""
    input: str = "text"
    mode: str = ""
    unit: str = ""
    optional: bool = False
    options: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def narrow(self) -> bool:
        return bool(self.mode or self.input == "date")


@dataclass(slots=True)
class Choice:
    """One row of the page."""

    pick: str
    label: str
    hint: str = ""
    checked: bool = False
    fields: list[Field] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        return any(one.error for one in self.fields)


class AnswerForm:
    """Bound to what was sent, or to the answer that is already there."""

    def __init__(self, question: Question, answer: Mapping[str, Any] | None, sent: QueryDict | None = None):
        self.question = question
        self.sent = sent
        self.answer = answer or {}
        self.errors: list[tuple[str, str]] = []  # (id of the field, sentence)
        self.cleaned: dict[str, Any] | None = None
        self.choices = self._choices()
        if sent is not None:
            self._clean(sent)

    @property
    def note(self) -> str:
        return str(self._given("note", self.answer.get("note", "")))

    def is_valid(self) -> bool:
        return self.cleaned is not None

    # -- the page ---------------------------------------------------------------------------------
    def _choices(self) -> list[Choice]:
        q, value = self.question, self.answer.get("value")
        rows: list[Choice] = []
        if q.type == "choice":
            rows += [Choice(OPTION + o.value, o.label, checked=value == o.value) for o in q.options]
        else:
            label = {"number": "I know the number", "money": "I know the amount"}.get(q.type, "I know this")
            rows.append(Choice(KNOWN, label, checked="value" in self.answer, fields=self._fields(value)))
        if q.ranges:
            rows.append(self._rough())
        rows.append(
            Choice(
                UNKNOWN,
                "I do not know",
                "We measure it where we can; until then it counts as unknown, and widens the range.",
                checked="unknown" in self.answer,
            )
        )
        reason = str(self._given("reason", self.answer.get(NOT_APPLICABLE, "")))
        rows.append(
            Choice(
                NOT_APPLICABLE,
                "This does not apply",
                checked=NOT_APPLICABLE in self.answer,
                fields=[Field("reason", "Why not?", reason)],
            )
        )
        if self.sent is not None:
            for row in rows:
                row.checked = row.pick == self.sent.get("pick")
        return rows

    def _fields(self, value: Any) -> list[Field]:
        q = self.question
        if q.type == "choices":
            chosen = self.sent.getlist("several") if self.sent is not None else value or []
            options = [{"value": o.value, "label": o.label, "checked": o.value in chosen} for o in q.options]
            return [Field("several", "Choose all that apply", input="checkbox", options=options)]
        values = value if isinstance(value, Mapping) else {"value": value}
        return [self._field(part, values.get(part.name)) for part in q.parts]

    def _field(self, part: Part, value: Any) -> Field:
        name = f"part_{part.name}"
        shown = str(self._given(name, "" if value is None else value))
        options = [{"value": o.value, "label": o.label, "checked": o.value == shown} for o in part.options]
        return Field(
            name,
            part.label,
            shown,
            input="radio" if options else INPUTS.get(part.type, "text"),
            mode=MODES.get(part.type, ""),
            unit=part.unit,
            optional=part.optional,
            options=options,
        )

    def _rough(self) -> Choice:
        unit = self.question.parts[0].unit
        now = self.answer.get(ROUGHLY)
        chosen = self._given("range", f"{now[0]}-{now[1]}" if now else "")
        options = []
        for low, high in self.question.ranges:
            words = questions.in_words(self.question.id, {ROUGHLY: [low, high]})
            options.append({"value": f"{low}-{high}", "label": words, "checked": f"{low}-{high}" == chosen})
        example = options[min(1, len(options) - 1)]["label"]
        return Choice(
            ROUGHLY,
            "I only know roughly",
            f"Choose from ranges such as {example}",
            checked=now is not None,
            fields=[Field("range", f"About how many {unit}".strip() + "?", input="radio", options=options)],
        )

    def _given(self, name: str, otherwise: Any) -> Any:
        return otherwise if self.sent is None else self.sent.get(name, "")

    # -- the answer -------------------------------------------------------------------------------
    def _clean(self, sent: QueryDict) -> None:
        pick = sent.get("pick", "")
        picked = next((row for row in self.choices if row.pick == pick), None)
        if picked is None:
            self.errors.append(("id_pick_1", "Choose one of the answers, or say that you do not know"))
            return
        answer: dict[str, Any] = self._read(pick, sent)
        if sent.get("note", "").strip():
            answer["note"] = sent["note"]
        try:
            self.cleaned = questions.clean(self.question.id, answer)
        except questions.AnswerError as error:
            self._tell(picked, str(error))

    def _read(self, pick: str, sent: QueryDict) -> dict[str, Any]:
        if pick.startswith(OPTION):
            return {"value": pick.removeprefix(OPTION)}
        if pick == UNKNOWN:
            return {UNKNOWN: True}
        if pick == NOT_APPLICABLE:
            return {NOT_APPLICABLE: sent.get("reason", "").strip() or True}
        if pick == ROUGHLY:
            wanted = sent.get("range", "")
            return {ROUGHLY: next(([a, b] for a, b in self.question.ranges if f"{a}-{b}" == wanted), [])}
        if self.question.type == "choices":
            return {"value": sent.getlist("several") or None}
        values = {part.name: sent.get(f"part_{part.name}", "").strip() for part in self.question.parts}
        return {"value": values if self.question.type == "parts" else values["value"]}

    def _tell(self, picked: Choice, sentence: str) -> None:
        """The sentence stands at the field it speaks of: the first whose own value cannot be used."""
        if picked.pick == ROUGHLY:
            sentence = "Choose one of the ranges"
        elif picked.pick == KNOWN and self.question.type == "choices" and "not both" not in sentence:
            sentence = "Choose at least one, or say that you do not know"
        elif sentence.startswith("Give one of") and picked.fields and self.question.parts:
            sentence = reading.enter(self.question.parts[0])
        place = next((one for one in picked.fields if one.label and self._speaks_of(one, sentence)), None)
        place = place or (picked.fields[0] if picked.fields else None)
        if place is None:
            self.errors.append(("id_pick_1", sentence))
            return
        place.error = sentence
        self.errors.append((place.id, sentence))

    def _speaks_of(self, one: Field, sentence: str) -> bool:
        part = next((p for p in self.question.parts if f"part_{p.name}" == one.name), None)
        return part is not None and bool(part.say) and part.say in sentence
