"""Endpoints under /api/v1/: people, their lines, teams, imports, periods, settings, tokens."""

from django.urls import URLPattern, path

from performance.people.api import (
    absences,
    imports,
    invitations,
    lines,
    people,
    periods,
    settings,
    teams,
    tokens,
)

ONE = "people/<uuid:person_id>/"
IMPORT = "people/imports/<uuid:import_id>/"

urls: list[URLPattern] = [
    path("people/", people.People.as_view(), name="api_people"),
    path("people/export/", people.Export.as_view(), name="api_export_people"),
    path("people/changes/", lines.Changes.as_view(), name="api_line_changes"),
    path(
        "people/changes/<uuid:line_id>/withdraw/", lines.Withdraw.as_view(), name="api_withdraw_line_change"
    ),
    path("people/imports/", imports.Imports.as_view(), name="api_people_imports"),
    path(IMPORT, imports.OneImport.as_view(), name="api_people_import"),
    path(IMPORT + "columns/", imports.Columns.as_view(), name="api_people_import_columns"),
    path(IMPORT + "cells/", imports.Cells.as_view(), name="api_people_import_cells"),
    path(IMPORT + "left-out/", imports.LeftOut.as_view(), name="api_people_import_left_out"),
    path(IMPORT + "start/", imports.Start.as_view(), name="api_people_import_start"),
    path(IMPORT + "check/", imports.Check.as_view(), name="api_people_import_check"),
    path(IMPORT + "apply/", imports.Apply.as_view(), name="api_people_import_apply"),
    path(IMPORT + "undo/", imports.Undo.as_view(), name="api_people_import_undo"),
    path(ONE, people.OnePerson.as_view(), name="api_person"),
    path(ONE + "manager/", lines.Manager.as_view(), name="api_person_manager"),
    path(ONE + "reports/", lines.Reports.as_view(), name="api_person_reports"),
    path(ONE + "invitation/", invitations.InvitationView.as_view(), name="api_person_invitation"),
    path(ONE + "deactivate/", people.Leaving.as_view(), name="api_deactivate_person"),
    path(ONE + "return/", people.Return.as_view(), name="api_return_person"),
    path(ONE + "erase/", people.Erasure.as_view(), name="api_erase_person"),
    path(ONE + "absences/", absences.Absences.as_view(), name="api_absences"),
    path("people/absences/<uuid:absence_id>/", absences.OneAbsence.as_view(), name="api_absence"),
    path("units/", people.Units.as_view(), name="api_units"),
    path("teams/", teams.Teams.as_view(), name="api_teams"),
    path("teams/<uuid:team_id>/", teams.OneTeam.as_view(), name="api_team"),
    path("teams/<uuid:team_id>/members/", teams.Members.as_view(), name="api_team_members"),
    path("teams/<uuid:team_id>/close/", teams.Closing.as_view(), name="api_close_team"),
    path("periods/", periods.Periods.as_view(), name="api_periods"),
    path("periods/<uuid:period_id>/state/", periods.PeriodSteps.as_view(), name="api_period_state"),
    path("periods/<uuid:period_id>/lock-goals/", periods.LockGoals.as_view(), name="api_lock_goals"),
    path("periods/<uuid:period_id>/unlock-goals/", periods.UnlockGoals.as_view(), name="api_unlock_goals"),
    path("periods/<uuid:period_id>/lock-progress/", periods.LockProgress.as_view(), name="api_lock_progress"),
    path(
        "periods/<uuid:period_id>/unlock-progress/",
        periods.UnlockProgress.as_view(),
        name="api_unlock_progress",
    ),
    path("organisation/", settings.OneOrganisation.as_view(), name="api_organisation"),
    path("calendar/days/", settings.CalendarDays.as_view(), name="api_calendar_days"),
    path("calendar/days/<uuid:day_id>/", settings.OneCalendarDay.as_view(), name="api_calendar_day"),
    path("roles/", settings.Grants.as_view(), name="api_roles"),
    path("roles/<uuid:person_id>/<slug:role>/", settings.OneGrant.as_view(), name="api_role"),
    path("audit/", settings.AuditLog.as_view(), name="api_audit_log"),
    path("tokens/", tokens.Tokens.as_view(), name="api_tokens"),
    path("tokens/<uuid:token_id>/", tokens.OneToken.as_view(), name="api_token"),
]
