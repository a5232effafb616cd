"""Where pages and API hang."""

from django.contrib import admin
from django.urls import include, path

from riskboard import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/", include("assessments.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("assessments.urls")),
]
