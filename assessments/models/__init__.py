"""The rows. UUIDs are their keys, so no address tells how many there are."""

from assessments.models.assessment import Answers, Assessment, DataSet, Plan
from assessments.models.job import Job
from assessments.models.judgement import Judgement
from assessments.models.policy import Closing, PolicyVersion
from assessments.models.run import Evidence, Run, State
from assessments.models.share import LinkTry, ShareLink
from assessments.models.workspace import Membership, Workspace

__all__ = [
    "Answers",
    "Assessment",
    "Closing",
    "DataSet",
    "Evidence",
    "Job",
    "Judgement",
    "LinkTry",
    "Membership",
    "Plan",
    "PolicyVersion",
    "Run",
    "ShareLink",
    "State",
    "Workspace",
]
