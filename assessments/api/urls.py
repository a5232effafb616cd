"""/api/v1/, its schema and its pages."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from assessments.api import views, viewsets
from assessments.views import api_pages

router = SimpleRouter(use_regex_path=True)
router.register("assessments", viewsets.AssessmentViewSet, basename="assessment")
router.register("runs", viewsets.RunViewSet, basename="run")
router.register("links", viewsets.LinkViewSet, basename="link")

v1: list[URLPattern | URLResolver] = [
    path("token/", views.TokenView.as_view(), name="token"),
    path("checks/", views.CheckView.as_view(), name="checks"),
    path("questions/", views.QuestionsView.as_view(), name="questions"),
    path("policy/", views.PolicyView.as_view(), name="policy"),
    path("calibration/", views.CalibrationView.as_view(), name="calibration"),
    path("probes/", views.ProbesView.as_view(), name="probes"),
    path("", include(router.urls)),
]

app_name = "api"
urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", api_pages.docs, name="docs"),
]
