"""Wiring; no rule about risk lives here."""

from riskboard.celery import app as celery_app

__all__ = ["celery_app"]
