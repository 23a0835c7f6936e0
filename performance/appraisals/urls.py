"""Addresses of the pages."""

from django.urls import path

from performance.appraisals import views

app_name = "appraisals"

urlpatterns = [
    path("", views.cycle_list, name="cycles"),
    path("open/", views.open_cycle, name="open"),
    path("results/", views.own_results, name="results"),
    path("<uuid:cycle_id>/", views.cycle, name="cycle"),
    path("<uuid:cycle_id>/bands/", views.change_bands, name="bands"),
    path("<uuid:cycle_id>/close-scores/", views.close_scores, name="close_scores"),
    path("<uuid:cycle_id>/newcomers/", views.add_newcomers, name="newcomers"),
    path("<uuid:cycle_id>/exceptions/", views.add_exception, name="add_exception"),
    path("<uuid:cycle_id>/sign-off/", views.sign_off, name="sign_off"),
    path("<uuid:cycle_id>/publish/", views.publish, name="publish"),
    path("<uuid:cycle_id>/export/", views.export, name="export"),
    path("entries/<uuid:entry_id>/", views.entry, name="entry"),
    path("entries/<uuid:entry_id>/leave-out/", views.leave_out, name="leave_out"),
    path("entries/<uuid:entry_id>/take-back/", views.take_back, name="take_back"),
    path("entries/<uuid:entry_id>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("exports/<uuid:export_id>/", views.export_state, name="export_state"),
    path("exports/<uuid:export_id>/stop/", views.stop_export, name="stop_export"),
    path("exports/<uuid:export_id>/file/", views.download, name="download"),
]
