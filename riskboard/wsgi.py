"""The web side: `granian --interface wsgi riskboard.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riskboard.settings")

if os.environ.get("RISKBOARD_SUPERVISED"):
    # granian's own workers outlive a killed parent and would keep the port; these do not.
    from workers.confine.limits import die_with_parent

    die_with_parent(os.getppid())

application = get_wsgi_application()
