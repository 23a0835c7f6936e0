"""Pages and cards of appraisals."""

from performance.appraisals.views.appealing import (
    appeal,
    appeals,
    decide_appeal,
    file_appeal,
    withdraw_appeal,
)
from performance.appraisals.views.cycles import (
    add_exception,
    add_newcomers,
    change_bands,
    close_scores,
    cycle,
    cycle_list,
    open_cycle,
    sign_off,
)
from performance.appraisals.views.entries import entry, leave_out, own_results, take_back
from performance.appraisals.views.exports import download, export, export_state, stop_export
from performance.appraisals.views.layouts import layout, layouts, new_layout, remove_layout
from performance.appraisals.views.publishing import acknowledge, publish
from performance.appraisals.views.reviews import (
    cite,
    decline,
    delegate,
    excuse,
    my_reviews,
    reopen,
    review,
    review_draft,
    uncite,
)
from performance.appraisals.views.stages import answer_peer, change_stages, extend, peers, progress, remind
from performance.appraisals.views.templates import publish_template, revise_template, template, templates

__all__ = [
    "acknowledge",
    "add_exception",
    "add_newcomers",
    "answer_peer",
    "appeal",
    "appeals",
    "change_bands",
    "change_stages",
    "cite",
    "close_scores",
    "cycle",
    "cycle_list",
    "decide_appeal",
    "decline",
    "delegate",
    "download",
    "entry",
    "excuse",
    "export",
    "export_state",
    "extend",
    "file_appeal",
    "layout",
    "layouts",
    "leave_out",
    "my_reviews",
    "new_layout",
    "open_cycle",
    "own_results",
    "peers",
    "progress",
    "publish",
    "publish_template",
    "remind",
    "remove_layout",
    "reopen",
    "review",
    "review_draft",
    "revise_template",
    "sign_off",
    "stop_export",
    "take_back",
    "template",
    "templates",
    "uncite",
    "withdraw_appeal",
]
