"""The training plan: what a config may say, and what is wrong with it. No torch, no Django.

>>> read('{"training": {"epochs": 3}}').plan
{'training': {'epochs': 3}}
"""

from workers.plan.reading import PlanDocument, PlanError, read

__all__ = ["PlanDocument", "PlanError", "read"]
