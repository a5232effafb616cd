"""Where pages and API hang."""

from django.contrib import admin
from django.urls import include, path

from assessments.api.views import shared_report, signing_keys
from riskboard import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path(".well-known/riskboard-key.json", signing_keys, name="signing-keys"),
    path("api/", include("assessments.api.urls", namespace="api")),
    path("s/<str:token>.json", shared_report, name="shared-report-data"),
    path("admin/", admin.site.urls),
    path("", include("assessments.urls")),
]
