"""Endpoints under /api/v1/."""

from django.urls import URLPattern, path

from performance.appraisals.api import appeals, cycles, entries, exports, layouts, results, reviews, stages

urls: list[URLPattern] = [
    path("cycles/", cycles.Cycles.as_view(), name="api_cycles"),
    path("cycles/<uuid:cycle_id>/", cycles.CycleDetail.as_view(), name="api_cycle"),
    path("cycles/<uuid:cycle_id>/bands/", cycles.Bands.as_view(), name="api_cycle_bands"),
    path("cycles/<uuid:cycle_id>/readiness/", cycles.Readiness.as_view(), name="api_cycle_readiness"),
    path(
        "cycles/<uuid:cycle_id>/distribution/",
        cycles.Distribution.as_view(),
        name="api_cycle_distribution",
    ),
    path("cycles/<uuid:cycle_id>/entries/", entries.Entries.as_view(), name="api_cycle_entries"),
    path("cycles/<uuid:cycle_id>/exceptions/", entries.Exceptions.as_view(), name="api_cycle_exceptions"),
    path("cycles/<uuid:cycle_id>/newcomers/", entries.Newcomers.as_view(), name="api_cycle_newcomers"),
    path("cycles/<uuid:cycle_id>/exports/", exports.Exports.as_view(), name="api_cycle_exports"),
    path("cycles/<uuid:cycle_id>/waves/", results.Waves.as_view(), name="api_cycle_waves"),
    path("cycles/<uuid:cycle_id>/stages/", stages.Stages.as_view(), name="api_cycle_stages"),
    path("cycles/<uuid:cycle_id>/progress/", stages.Progress.as_view(), name="api_cycle_progress"),
    path("review-templates/", stages.Templates.as_view(), name="api_review_templates"),
    path("review-templates/<uuid:version_id>/", stages.OneTemplate.as_view(), name="api_review_template"),
    path("reviews/", reviews.Reviews.as_view(), name="api_reviews"),
    path("reviews/<uuid:review_id>/", reviews.OneReview.as_view(), name="api_review"),
    path("reviews/<uuid:review_id>/citations/", reviews.Citables.as_view(), name="api_review_citations"),
    path(
        "reviews/<uuid:review_id>/citations/<uuid:citation_id>/",
        reviews.OneCitation.as_view(),
        name="api_review_citation",
    ),
    path("entries/<uuid:entry_id>/peers/", reviews.Peers.as_view(), name="api_entry_peers"),
    path("peers/<uuid:review_id>/", reviews.OnePeer.as_view(), name="api_peer"),
    path("results/", entries.Results.as_view(), name="api_own_results"),
    path("entries/<uuid:entry_id>/", entries.OneEntry.as_view(), name="api_entry"),
    path("entries/<uuid:entry_id>/leave-out/", entries.LeaveOut.as_view(), name="api_leave_out"),
    path("entries/<uuid:entry_id>/take-back/", entries.TakeBack.as_view(), name="api_take_back"),
    path(
        "entries/<uuid:entry_id>/acknowledgement/",
        results.Acknowledging.as_view(),
        name="api_acknowledgement",
    ),
    path("export-layouts/", layouts.Layouts.as_view(), name="api_export_layouts"),
    path("export-layouts/<uuid:layout_id>/", layouts.LayoutDetail.as_view(), name="api_export_layout"),
    path("cycles/<uuid:cycle_id>/appeals/", appeals.CycleAppeals.as_view(), name="api_cycle_appeals"),
    path("entries/<uuid:entry_id>/appeals/", appeals.Appeals.as_view(), name="api_appeals"),
    path("appeals/<uuid:appeal_id>/", appeals.OneAppeal.as_view(), name="api_appeal"),
    path("appeals/<uuid:appeal_id>/decision/", appeals.Decision.as_view(), name="api_appeal_decision"),
    path("exports/<uuid:export_id>/", exports.ExportDetail.as_view(), name="api_export"),
    path("exports/<uuid:export_id>/file/", exports.ExportFile.as_view(), name="api_export_file"),
]
