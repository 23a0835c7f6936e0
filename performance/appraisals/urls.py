"""Addresses of the pages."""

from django.urls import path

from performance.appraisals import views

app_name = "appraisals"

urlpatterns = [
    path("", views.cycle_list, name="cycles"),
    path("open/", views.open_cycle, name="open"),
    path("results/", views.own_results, name="results"),
    path("templates/", views.templates, name="templates"),
    path("templates/<uuid:version_id>/", views.template, name="template"),
    path("templates/<uuid:version_id>/publish/", views.publish_template, name="publish_template"),
    path("templates/<uuid:version_id>/revise/", views.revise_template, name="revise_template"),
    path("reviews/", views.my_reviews, name="my_reviews"),
    path("reviews/<uuid:review_id>/", views.review, name="review"),
    path("reviews/<uuid:review_id>/draft/", views.review_draft, name="review_draft"),
    path("reviews/<uuid:review_id>/cite/", views.cite, name="cite"),
    path("reviews/<uuid:review_id>/cite/<uuid:citation_id>/remove/", views.uncite, name="uncite"),
    path("reviews/<uuid:review_id>/delegate/", views.delegate, name="delegate"),
    path("reviews/<uuid:review_id>/decline/", views.decline, name="decline"),
    path("reviews/<uuid:review_id>/excuse/", views.excuse, name="excuse"),
    path("reviews/<uuid:review_id>/reopen/", views.reopen, name="reopen"),
    path("peers/<uuid:entry_id>/", views.peers, name="peers"),
    path("peers/<uuid:review_id>/answer/", views.answer_peer, name="answer_peer"),
    path("<uuid:cycle_id>/progress/", views.progress, name="progress"),
    path("<uuid:cycle_id>/remind/", views.remind, name="remind"),
    path("<uuid:cycle_id>/extend/", views.extend, name="extend"),
    path("<uuid:cycle_id>/stages/", views.change_stages, name="stages"),
    path("<uuid:cycle_id>/", views.cycle, name="cycle"),
    path("<uuid:cycle_id>/bands/", views.change_bands, name="bands"),
    path("<uuid:cycle_id>/close-scores/", views.close_scores, name="close_scores"),
    path("<uuid:cycle_id>/newcomers/", views.add_newcomers, name="newcomers"),
    path("<uuid:cycle_id>/exceptions/", views.add_exception, name="add_exception"),
    path("<uuid:cycle_id>/sign-off/", views.sign_off, name="sign_off"),
    path("<uuid:cycle_id>/publish/", views.publish, name="publish"),
    path("<uuid:cycle_id>/export/", views.export, name="export"),
    path("layouts/", views.layouts, name="layouts"),
    path("layouts/new/", views.new_layout, name="new_layout"),
    path("layouts/<uuid:layout_id>/", views.layout, name="layout"),
    path("layouts/<uuid:layout_id>/remove/", views.remove_layout, name="remove_layout"),
    path("entries/<uuid:entry_id>/", views.entry, name="entry"),
    path("entries/<uuid:entry_id>/leave-out/", views.leave_out, name="leave_out"),
    path("entries/<uuid:entry_id>/take-back/", views.take_back, name="take_back"),
    path("entries/<uuid:entry_id>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("exports/<uuid:export_id>/", views.export_state, name="export_state"),
    path("exports/<uuid:export_id>/stop/", views.stop_export, name="stop_export"),
    path("exports/<uuid:export_id>/file/", views.download, name="download"),
]
