"""The web side: `granian --interface wsgi riskboard.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riskboard.settings")

application = get_wsgi_application()
