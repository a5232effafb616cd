"""The forms of the pages. Intake and the questionnaire decide what is right; a form tells it."""

from __future__ import annotations

from typing import Any

from django import forms

TEXT = {"class": "input"}


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, none included; whether one can be used is for intake to say."""

    widget = ManyFiles

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or []]


def split_targets(text: str) -> list[str]:
    """Column names as people write them in one line."""
    return [name.strip() for name in text.split(",") if name.strip()]


class AssessmentForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        error_messages={"required": "Enter a name for the project, like Cap-seal defect inspection"},
        widget=forms.TextInput({**TEXT, "autocomplete": "off"}),
    )
    client = forms.CharField(max_length=200, required=False, widget=forms.TextInput(TEXT))
    targets = forms.CharField(
        max_length=2000, required=False, widget=forms.TextInput({**TEXT, "aria-describedby": "targets-hint"})
    )
    files = FilesField()
    plan = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".json,.yaml,.yml", "aria-describedby": "plan-hint"}),
    )

    def clean_targets(self) -> list[str]:
        return split_targets(self.cleaned_data["targets"])
