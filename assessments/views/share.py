"""Share links: making one, the list of them, turning one off, and the page that one opens."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import actions, links, policies, signing
from assessments.dashboards import report as dashboard
from assessments.dashboards.harms import harms_of
from assessments.forms import LinkPasswordForm, ShareForm
from assessments.models import Run, ShareLink
from assessments.templatetags.marks import LEVELS


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form on a page of its own; the same form stands in the report's dialog.

    The new link is in the answer to the POST and nowhere else: only its token's hash is stored.
    """
    run = get_object_or_404(Run.objects.visible_to(request.user).select_related("assessment"), pk=pk)
    form = ShareForm(request.POST or None)
    context = {"here": "assessments", "run": run, "form": form}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                link, token = _made(request, run, form)
            except actions.Refused as error:
                form.add_error(None, str(error))
            else:
                address = request.build_absolute_uri(reverse("assessments:shared-report", args=[token]))
                return render(request, "share/created.html", {**context, "link": link, "address": address})
        status = 400
    context["links"] = list(run.links.live())
    return render(request, "share/create.html", context, status=status)


def _made(request: HttpRequest, run: Run, form: ShareForm) -> tuple[ShareLink, str]:
    user = request.user if request.user.is_authenticated else None
    return actions.make_share_link(run, user=user, **form.choices())


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every live link of the person's workspaces: two queries, without the reports they hold."""
    found = ShareLink.objects.visible_to(request.user).live().select_related("run__assessment")
    found = found.defer("document", "run__report")
    return render(request, "share/list.html", {"here": "links", "links": list(found)})


@login_required
@require_POST
def off(request: HttpRequest, pk: UUID) -> HttpResponse:
    link = get_object_or_404(ShareLink.objects.visible_to(request.user).select_related("run"), pk=pk)
    actions.revoke_link(link)
    messages.success(
        request, f"{link.label or 'The link'} is turned off. People who have it see a page that says so."
    )
    if request.POST.get("back") == "report":
        return redirect("assessments:run-report", link.run_id)
    return redirect("assessments:share-list")


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The read-only report behind a link; unknown, ended and locked links never name a project."""
    opened = links.find(request, token)
    if opened.status == 401 and opened.link is not None:
        answer = links.private(_password(request, opened.link, token))
        # Under no-referrer a browser sends its form with "Origin: null", which nobody may trust.
        answer["Referrer-Policy"] = "same-origin"
        return answer
    document = opened.link.shown() if opened.link is not None and opened.status == 200 else None
    if opened.link is None or document is None:
        status = 404 if opened.status == 200 else opened.status
        return links.private(
            render(request, "share/stopped.html", {"sentence": links.STOPPED}, status=status)
        )
    opened.link.count_open()
    told = policies.as_shared(opened.link, document)  # beside what was signed, which stays as it is
    page = dashboard.build(told, opened.link.run.finished_at if opened.link.snapshot else None)
    context = {
        "page": page,
        "levels": LEVELS,
        "link": opened.link,
        "token": token,
        "seal": signing.told(document),
    }
    return links.private(render(request, "share/report.html", context))


@require_safe
def figures(request: HttpRequest, token: str) -> HttpResponse:
    """The charts of the report behind a link, for Plotly; nothing where the link does not open."""
    opened = links.find(request, token)
    document = opened.link.shown() if opened.link is not None and opened.status == 200 else None
    if document is None:
        return links.private(JsonResponse({}, status=404))
    return links.private(JsonResponse(dashboard.plots(document)))


@require_safe
def more(request: HttpRequest, token: str, dimension: str) -> HttpResponse:
    """The figures of a dimension's findings that matter less, behind the same link."""
    opened = links.find(request, token)
    document = opened.link.shown() if opened.link is not None and opened.status == 200 else None
    if document is None or dimension not in dashboard.TITLES:
        return links.private(render(request, "share/stopped.html", {"sentence": links.STOPPED}, status=404))
    title, rows = dashboard.more(document, dimension)
    name = (document.get("assessment") or {}).get("name") or ""
    context = {"name": name, "title": title, "rows": rows, "token": token}
    context["harms"] = harms_of(dimension, document)
    return links.private(render(request, "share/more.html", context))


@require_safe
def frameworks(request: HttpRequest, token: str) -> HttpResponse:
    """The run beside the clauses of public frameworks, as the link's readers may see it."""
    opened = links.find(request, token)
    document = opened.link.shown() if opened.link is not None and opened.status == 200 else None
    if document is None:
        return links.private(render(request, "share/stopped.html", {"sentence": links.STOPPED}, status=404))
    context = {
        "name": (document.get("assessment") or {}).get("name") or "",
        "back": reverse("assessments:shared-report", args=[token]),
        "token": token,
        **dashboard.frameworks(document),
    }
    return links.private(render(request, "share/frameworks.html", context))


def _password(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    form = LinkPasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            right = links.unlock(request, link, form.cleaned_data["password"])
            if right:
                return redirect("assessments:shared-report", token)
            if right is None:
                form.add_error("password", links.WAIT)
                status = 429
            else:
                form.add_error("password", "This is not the password. Ask the person who sent the link.")
                status = 403
    return render(request, "share/password.html", {"form": form}, status=status)
