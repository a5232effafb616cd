"""The forms of the pages. Intake and the questionnaire decide what is right; a form tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

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
    files = FilesField()  # type: ignore[assignment]  # the field; bound files are only read as cleaned_data
    plan = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".json,.yaml,.yml", "aria-describedby": "plan-hint"}),
    )

    def clean_targets(self) -> list[str]:
        return split_targets(self.cleaned_data["targets"])


class ShareForm(forms.Form):
    """A new share link: who it is for, until when, and what its readers see."""

    DAYS = ((7, "In 7 days"), (30, "In 30 days"), (90, "In 90 days"), (365, "In a year"))

    label = forms.CharField(
        max_length=120,
        required=False,
        widget=forms.TextInput({**TEXT, "autocomplete": "off", "placeholder": "Steering group"}),
    )
    days = forms.TypedChoiceField(coerce=int, choices=DAYS, initial=30)
    shows = forms.ChoiceField(
        choices=(("snapshot", "This report, as it is now"), ("latest", "Always the latest report")),
        initial="snapshot",
    )
    password = forms.CharField(
        min_length=8,
        max_length=200,
        required=False,
        strip=False,
        error_messages={"min_length": "Enter a password of at least 8 characters, or none"},
        widget=forms.PasswordInput({**TEXT, "autocomplete": "new-password", "placeholder": "None"}),
    )
    show_recommendations = forms.BooleanField(required=False, initial=True)
    show_answers = forms.BooleanField(required=False, initial=True)
    show_samples = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.now()
        ends = [(days, f"{words}, {today + timedelta(days=days):%-d %B %Y}") for days, words in self.DAYS]
        self.fields["days"].choices = ends  # type: ignore[attr-defined]

    def choices(self) -> dict[str, Any]:
        """What ``actions.make_share_link`` takes."""
        chosen = dict(self.cleaned_data)
        return {"snapshot": chosen.pop("shows") == "snapshot", **chosen}


KNOWN = (("yes", "Yes"), ("no", "No"), ("", "Not known"))


def _known(label: str) -> forms.TypedChoiceField:
    """Yes, no, or that nobody knows; the last is chosen until somebody says otherwise."""
    return forms.TypedChoiceField(
        label=label,
        choices=KNOWN,
        coerce=lambda said: said == "yes",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


class OutcomeForm(forms.Form):
    """What became of a project that is closed now."""

    use_required_attribute = False  # what is missing is said by us, on top and at its field

    ended = forms.ChoiceField(
        label="How did it end?",
        choices=(("shipped", "It is in use"), ("dropped", "It was dropped")),
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the project is in use or was dropped"},
    )
    happened_on = forms.DateField(
        label="On which day?",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the day on which the project ended",
            "invalid": "Enter the day as a date, like 2026-11-28",
        },
    )
    late = _known("Was it late?")
    over_cost = _known("Did it cost more than planned?")
    accuracy_reached = _known("Did it reach the goal that was set, like its accuracy?")
    harm = _known("Did it do harm, leak or get attacked?")
    note = forms.CharField(
        label="What should others know?",
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
    )

    KNOWN_FIELDS = ("late", "over_cost", "accuracy_reached", "harm")

    def clean_happened_on(self) -> Any:
        day = self.cleaned_data["happened_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("Enter a day that is not in the future")
        return day

    def told(self) -> dict[str, Any]:
        """What ``outcomes.close`` takes."""
        said = dict(self.cleaned_data)
        return {"shipped": said.pop("ended") == "shipped", **said}


class LinkPasswordForm(forms.Form):
    password = forms.CharField(
        strip=False,
        max_length=200,
        error_messages={"required": "Enter the password that came with the link"},
        widget=forms.PasswordInput({**TEXT, "autocomplete": "off"}),
    )
