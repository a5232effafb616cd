"""How scores are made, for everybody: the rules of one version, written out."""

from __future__ import annotations

from functools import lru_cache

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from assessments.dashboards import method as dashboard
from assessments.scoring import rules


@require_safe
def method(request: HttpRequest, version: str = "") -> HttpResponse:
    """The newest rules, or those of a report's version."""
    try:
        body = _body(version or rules.newest())
    except rules.RulesError as error:
        raise Http404(str(error)) from None
    return render(request, "method/method.html", {"body": body})


@lru_cache(maxsize=32)
def _body(version: str) -> SafeString:
    """Rules never change under their version, so each is written out once a process."""
    return render_to_string("method/_body.html", {"page": dashboard.build(version)})
