"""Addresses of the pages."""

from django.urls import URLPattern, path

from performance.kpis import views

app_name = "kpis"

urlpatterns: list[URLPattern] = [
    path("", views.board, name="board"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<uuid:pk>/", views.alert, name="alert"),
    path("alerts/<uuid:pk>/take-up/", views.take_up, name="take_up"),
    path("alerts/<uuid:pk>/hand-over/", views.hand_over, name="hand_over"),
    path("alerts/<uuid:pk>/resolve/", views.resolve, name="resolve"),
    path("alert-rules/<uuid:pk>/retire/", views.retire_alert_rule, name="retire_alert_rule"),
    path("close/", views.close_month, name="close_month"),
    path("definitions/", views.read_definitions, name="read_definitions"),
    path("definitions/check/", views.check_definitions, name="check_definitions"),
    path("definitions/apply/", views.apply_definitions, name="apply_definitions"),
    path("definitions/export/", views.export, name="export"),
    path("packs/", views.packs_offered, name="packs"),
    path("packs/<slug:name>/", views.pack, name="pack"),
    path("packs/<slug:name>/columns/", views.pack_columns, name="pack_columns"),
    path("packs/<slug:name>/check/", views.pack_check, name="pack_check"),
    path("library/", views.library, name="library"),
    path("new/", views.draft, name="draft"),
    path("new/fields/", views.fields, name="fields"),
    path("new/check/", views.check, name="check"),
    path("targets/", views.import_targets, name="import_targets"),
    path("notes/<uuid:pk>/withdraw/", views.withdraw_note, name="withdraw_note"),
    path("versions/<uuid:pk>/export/", views.export_version, name="export_version"),
    path("versions/<uuid:pk>/edit/", views.edit, name="edit"),
    path("versions/<uuid:pk>/submit/", views.submit, name="submit"),
    path("versions/<uuid:pk>/sign/", views.sign, name="sign"),
    path("versions/<uuid:pk>/decline/", views.decline, name="decline"),
    path("<uuid:pk>/", views.metric, name="metric"),
    path("<uuid:pk>/values/", views.values, name="values"),
    path("<uuid:pk>/change/", views.change, name="change"),
    path("<uuid:pk>/rows/", views.rows, name="rows"),
    path("<uuid:pk>/targets/", views.targets, name="targets"),
    path("<uuid:pk>/targets/set/", views.set_target, name="set_target"),
    path("<uuid:pk>/alerts/", views.alert_rules, name="alert_rules"),
    path("<uuid:pk>/alerts/set/", views.set_alert_rule, name="set_alert_rule"),
    path("<uuid:pk>/notes/write/", views.write_note, name="write_note"),
    path("<uuid:pk>/revise/", views.revise, name="revise"),
    path("<uuid:pk>/retire/", views.retire, name="retire"),
]
