"""Endpoints under /api/v1/: metrics, versions and signatures, values, forecasts, targets, alerts. Same rules and actions
as the pages."""

from django.urls import URLPattern, path

from performance.kpis.api import (
    alerts,
    boards,
    checking,
    definitions,
    documents,
    forecasts,
    knowledge,
    packs,
    planning,
    rates,
    saved_views,
    scenarios,
    tying,
    values,
)

urls: list[URLPattern] = [
    path("metrics/", definitions.MetricsView.as_view(), name="api_metrics"),
    path("metrics/check/", checking.CheckView.as_view(), name="api_metric_check"),
    path("metrics/<uuid:pk>/", definitions.MetricView.as_view(), name="api_metric"),
    path("metrics/<uuid:pk>/values/", values.ValuesView.as_view(), name="api_metric_values"),
    path("metrics/<uuid:pk>/known/", knowledge.KnownView.as_view(), name="api_metric_known"),
    path("metrics/<uuid:pk>/change/", values.ChangeView.as_view(), name="api_metric_change"),
    path("metrics/<uuid:pk>/forecast/", forecasts.ForecastView.as_view(), name="api_metric_forecast"),
    path("metrics/<uuid:pk>/targets/", values.TargetsView.as_view(), name="api_metric_targets"),
    path(
        "metrics/<uuid:pk>/target-plans/", planning.TargetPlansView.as_view(), name="api_metric_target_plans"
    ),
    path(
        "metric-target-plans/<uuid:pk>/undo/",
        planning.UndoTargetPlanView.as_view(),
        name="api_undo_target_plan",
    ),
    path("metrics/<uuid:pk>/what-if/", scenarios.WhatIfView.as_view(), name="api_metric_what_if"),
    path("metrics/<uuid:pk>/scenarios/", scenarios.ScenariosView.as_view(), name="api_metric_scenarios"),
    path("metric-scenarios/compare/", scenarios.CompareScenariosView.as_view(), name="api_compare_scenarios"),
    path("metric-scenarios/<uuid:pk>/", scenarios.ScenarioView.as_view(), name="api_scenario"),
    path(
        "metric-scenarios/<uuid:pk>/share/", scenarios.ShareScenarioView.as_view(), name="api_share_scenario"
    ),
    path(
        "metric-scenarios/<uuid:pk>/reckon/",
        scenarios.ReckonScenarioView.as_view(),
        name="api_reckon_scenario",
    ),
    path(
        "metric-scenarios/<uuid:pk>/propose/",
        scenarios.ProposeScenarioView.as_view(),
        name="api_propose_scenario",
    ),
    path(
        "metric-scenarios/<uuid:pk>/renew/", scenarios.RenewScenarioView.as_view(), name="api_renew_scenario"
    ),
    path(
        "metric-scenarios/<uuid:pk>/approve/",
        scenarios.ApproveScenarioView.as_view(),
        name="api_approve_scenario",
    ),
    path(
        "metric-scenarios/<uuid:pk>/decline/",
        scenarios.DeclineScenarioView.as_view(),
        name="api_decline_scenario",
    ),
    path(
        "metric-scenarios/<uuid:pk>/withdraw/",
        scenarios.WithdrawScenarioView.as_view(),
        name="api_withdraw_scenario",
    ),
    path("metrics/<uuid:pk>/rows/", values.RowsView.as_view(), name="api_metric_rows"),
    path("metrics/<uuid:pk>/retire/", definitions.RetireView.as_view(), name="api_metric_retire"),
    path("metrics/<uuid:pk>/alert-rules/", alerts.AlertRulesView.as_view(), name="api_alert_rules"),
    path("metrics/<uuid:pk>/notes/", alerts.NotesView.as_view(), name="api_metric_notes"),
    path("metric-board/", boards.BoardView.as_view(), name="api_metric_board"),
    path("metric-board/export/", saved_views.ExportBoardView.as_view(), name="api_export_metric_board"),
    path("metric-views/", saved_views.ViewsView.as_view(), name="api_metric_views"),
    path("metric-views/<uuid:pk>/", saved_views.ViewView.as_view(), name="api_metric_view"),
    path(
        "metric-views/<uuid:pk>/take-over/",
        saved_views.TakeOverView.as_view(),
        name="api_take_over_metric_view",
    ),
    path("metric-views/<uuid:pk>/pin/", saved_views.PinView.as_view(), name="api_pin_metric_view"),
    path(
        "metric-views/<uuid:pk>/subscription/",
        saved_views.SubscriptionView.as_view(),
        name="api_metric_view_subscription",
    ),
    path("metric-alerts/", alerts.AlertsView.as_view(), name="api_alerts"),
    path("metric-alerts/<uuid:pk>/", alerts.AlertView.as_view(), name="api_alert"),
    path("metric-alerts/<uuid:pk>/take-up/", alerts.TakeUpView.as_view(), name="api_alert_take_up"),
    path("metric-alerts/<uuid:pk>/hand-over/", alerts.HandOverView.as_view(), name="api_alert_hand_over"),
    path("metric-alerts/<uuid:pk>/resolve/", alerts.ResolveView.as_view(), name="api_alert_resolve"),
    path(
        "metric-alert-rules/<uuid:pk>/retire/",
        alerts.RetireAlertRuleView.as_view(),
        name="api_retire_alert_rule",
    ),
    path("metric-notes/<uuid:pk>/withdraw/", alerts.WithdrawNoteView.as_view(), name="api_withdraw_note"),
    path("metric-definitions/", documents.DefinitionsView.as_view(), name="api_metric_definitions"),
    path(
        "metric-versions/<uuid:pk>/document/",
        documents.VersionDocumentView.as_view(),
        name="api_metric_version_document",
    ),
    path("metric-packs/", packs.PacksView.as_view(), name="api_metric_packs"),
    path("metric-packs/<slug:name>/", packs.PackView.as_view(), name="api_metric_pack"),
    path("metric-targets/import/", values.ImportTargetsView.as_view(), name="api_import_targets"),
    path("metric-months/close/", values.CloseMonthView.as_view(), name="api_close_month"),
    path("metric-rates/", rates.RatesView.as_view(), name="api_metric_rates"),
    path("metric-rates/versions/", rates.RateVersionsView.as_view(), name="api_rate_versions"),
    path("metric-rates/versions/<uuid:pk>/", rates.RateVersionView.as_view(), name="api_rate_version"),
    path("metric-rates/proposals/", rates.RateProposalsView.as_view(), name="api_propose_rates"),
    path("metric-rates/proposals/<uuid:pk>/", rates.RateProposalView.as_view(), name="api_rate_proposal"),
    path("metric-rates/proposals/<uuid:pk>/apply/", rates.ApplyRatesView.as_view(), name="api_apply_rates"),
    path("metric-versions/<uuid:pk>/", definitions.VersionView.as_view(), name="api_metric_version"),
    path(
        "metric-versions/<uuid:pk>/impact/", checking.ImpactView.as_view(), name="api_metric_version_impact"
    ),
    path("metric-versions/<uuid:pk>/tie-out/", tying.TieOutView.as_view(), name="api_metric_version_tie_out"),
    path(
        "metric-versions/<uuid:pk>/submit/",
        definitions.SubmitView.as_view(),
        name="api_metric_version_submit",
    ),
    path("metric-versions/<uuid:pk>/sign/", definitions.SignView.as_view(), name="api_metric_version_sign"),
    path(
        "metric-versions/<uuid:pk>/decline/",
        definitions.DeclineView.as_view(),
        name="api_metric_version_decline",
    ),
]
