from okr.views.agreement import agree, align, comment, decide, part, suggest, take, withdraw
from okr.views.closing import carry, duplicate, grade
from okr.views.dependencies import accept, ask, askable, decline, meet, withdraw_ask
from okr.views.importing import (
    import_apply,
    import_check,
    import_goals,
    import_mend,
    import_take_back,
    import_template,
)
from okr.views.maps import compare, strategy, timeline
from okr.views.my_week import home, my_team, week
from okr.views.policies import policy
from okr.views.reading import confidence, export, objective, objectives
from okr.views.reporting import (
    check_in,
    check_in_draft,
    check_ins,
    conversation,
    hand_on,
    mark_read,
    person_check_ins,
    reply,
)
from okr.views.retrospectives import (
    add_note,
    close_retrospective,
    edit_note,
    finish_action,
    remove_note,
    retrospective,
)
from okr.views.rhythm import drop_rhythm, excuse, restore_rhythm, rhythm, take_excuse_back
from okr.views.team_tabs import team_check_ins, team_history, team_retrospectives
from okr.views.teams import branch, team, team_list
from okr.views.voting import cast_ballot, close_vote, heard, names, open_vote
from okr.views.writing import change, propose

__all__ = [
    "accept",
    "add_note",
    "agree",
    "align",
    "ask",
    "askable",
    "branch",
    "carry",
    "cast_ballot",
    "change",
    "check_in",
    "check_in_draft",
    "check_ins",
    "close_retrospective",
    "close_vote",
    "comment",
    "compare",
    "confidence",
    "conversation",
    "decide",
    "decline",
    "drop_rhythm",
    "duplicate",
    "edit_note",
    "excuse",
    "export",
    "finish_action",
    "grade",
    "hand_on",
    "heard",
    "home",
    "import_apply",
    "import_check",
    "import_goals",
    "import_mend",
    "import_take_back",
    "import_template",
    "mark_read",
    "meet",
    "my_team",
    "names",
    "objective",
    "objectives",
    "open_vote",
    "part",
    "person_check_ins",
    "policy",
    "propose",
    "remove_note",
    "reply",
    "restore_rhythm",
    "retrospective",
    "rhythm",
    "strategy",
    "suggest",
    "take",
    "take_excuse_back",
    "team",
    "team_check_ins",
    "team_history",
    "team_list",
    "team_retrospectives",
    "timeline",
    "week",
    "withdraw",
    "withdraw_ask",
]
