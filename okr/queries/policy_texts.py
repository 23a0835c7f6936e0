"""How progress is counted, in the few sentences that stand beside every figure."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from okr.models import OkrPolicy
from okr.models.policies import Method, Missing, RollUp, StartEqualsTarget, StatusRule
from performance.foundation.components import formats

#: What progress is, by where it comes from and how it is drawn together.
MADE = {
    (RollUp.BOTH, Method.WEIGHTED_MEAN): gettext_lazy(
        "the weighted mean of key results and contributing objectives"
    ),
    (RollUp.KEY_RESULTS, Method.WEIGHTED_MEAN): gettext_lazy("the weighted mean of the key results"),
    (RollUp.OBJECTIVES, Method.WEIGHTED_MEAN): gettext_lazy(
        "the weighted mean of the contributing objectives"
    ),
    (RollUp.BOTH, Method.WORST): gettext_lazy("the lowest of key results and contributing objectives"),
    (RollUp.KEY_RESULTS, Method.WORST): gettext_lazy("the lowest of the key results"),
    (RollUp.OBJECTIVES, Method.WORST): gettext_lazy("the lowest of the contributing objectives"),
}
MISSING = {
    Missing.LEAVE_OUT: gettext_lazy("What has no check-in yet is left out."),
    Missing.ZERO: gettext_lazy("What has no check-in yet counts as 0%."),
}
START_EQUALS_TARGET = {
    StartEqualsTarget.REACHED_OR_NOT: gettext_lazy(
        "Where the target equals the start, it is 100% while it holds, else 0%."
    ),
    StartEqualsTarget.LEAVE_OUT: gettext_lazy("Where the target equals the start, there is no progress."),
}
STATUS = {
    StatusRule.OWN_PACE: gettext_lazy("The status goes by the objective’s own progress."),
    StatusRule.WORST_WINS: gettext_lazy("The status is that of the worst key result."),
    StatusRule.LATEST_WINS: gettext_lazy("The status is that of the key result reported last."),
}


def policy_words(policy: OkrPolicy) -> str:
    """All that decides the figure; what becomes of it when it is carried over stands where it is carried."""
    told = {
        "number": policy.number,
        "made": MADE[RollUp(policy.roll_up), Method(policy.method)],
        "most": formats.percent(policy.most_percent),
    }
    sentences = [
        _("Counted by policy version %(number)s: %(made)s, each key result up to %(most)s.") % told
        if policy.number
        else _("Counted by the default rules: %(made)s, each key result up to %(most)s.") % told,
        MISSING[Missing(policy.missing)],
        START_EQUALS_TARGET[StartEqualsTarget(policy.start_equals_target)],
        STATUS[StatusRule(policy.status_rule)],
        _(
            "Expected is what checkpoints say or, without any, an even pace by workday: from the first day, or from the "
            "day of agreement where the period ran already."
        ),
    ]
    return formats.mark(" ").join(str(each) for each in sentences)
