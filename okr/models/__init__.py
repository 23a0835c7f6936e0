from okr.models.agreements import Agreement, Comment, ObjectiveVersion, SuggestedEdit
from okr.models.alignment import Alignment
from okr.models.check_ins import CheckIn, CheckInDraft, CheckInReply, HandedOn, KeyResultEntry
from okr.models.contents import CheckpointContent, Content, KeyResultContent, MilestoneContent
from okr.models.dependencies import Dependency
from okr.models.grades import Grade
from okr.models.imports import GoalImport
from okr.models.objectives import KeyResult, Milestone, Objective, ProgressPoint
from okr.models.policies import OkrPolicy
from okr.models.retrospectives import AgreedAction, Retrospective, RetrospectiveNote
from okr.models.rhythm import Cadence, CheckInDuty
from okr.models.votes import Ballot, ConfidenceVote, Mention

__all__ = [
    "AgreedAction",
    "Agreement",
    "Alignment",
    "Ballot",
    "Cadence",
    "CheckIn",
    "CheckInDraft",
    "CheckInDuty",
    "CheckInReply",
    "CheckpointContent",
    "Comment",
    "ConfidenceVote",
    "Content",
    "Dependency",
    "GoalImport",
    "Grade",
    "HandedOn",
    "KeyResult",
    "KeyResultContent",
    "KeyResultEntry",
    "Mention",
    "Milestone",
    "MilestoneContent",
    "Objective",
    "ObjectiveVersion",
    "OkrPolicy",
    "ProgressPoint",
    "Retrospective",
    "RetrospectiveNote",
    "SuggestedEdit",
]
