"""Addresses of the pages."""

from django.urls import URLPattern, path

from performance.sources import views

app_name = "sources"

urlpatterns: list[URLPattern] = [
    path("", views.source_list, name="list"),
    path("new/", views.connect, name="new"),
    path("new/<str:kind>/", views.connect, name="connect"),
    path("<uuid:connection_id>/", views.connection, name="connection"),
    path("<uuid:connection_id>/health/", views.health_card, name="health"),
    path("<uuid:connection_id>/tables/", views.tables_card, name="tables"),
    path("<uuid:connection_id>/runs/", views.runs_card, name="runs"),
    path("<uuid:connection_id>/test/", views.test_connection, name="test"),
    path("<uuid:connection_id>/list-tables/", views.list_tables, name="list_tables"),
    path("<uuid:connection_id>/change/", views.change_connection, name="change"),
    path("<uuid:connection_id>/pause/", views.pause, name="pause"),
    path("<uuid:connection_id>/resume/", views.resume, name="resume"),
    path("<uuid:connection_id>/close/", views.close_connection, name="close"),
    path("<uuid:connection_id>/upload/", views.upload, name="upload"),
    path("<uuid:connection_id>/load/", views.load_all, name="load_all"),
    path("<uuid:connection_id>/endpoints/new/", views.add_endpoint, name="add_endpoint"),
    path("<uuid:connection_id>/endpoints/<uuid:endpoint_id>/", views.change_endpoint, name="change_endpoint"),
    path(
        "<uuid:connection_id>/endpoints/<uuid:endpoint_id>/remove/",
        views.remove_endpoint,
        name="remove_endpoint",
    ),
    path("<uuid:connection_id>/sample/", views.sample, name="sample"),
    path("<uuid:connection_id>/look/", views.look, name="look"),
    path("looks/<uuid:probe_id>/", views.model, name="model"),
    path("looks/<uuid:probe_id>/gaps/", views.model_gaps, name="model_gaps"),
    path("looks/<uuid:probe_id>/state/", views.look_state, name="look_state"),
    path("datasets/<uuid:dataset_id>/", views.dataset, name="dataset"),
    path("datasets/<uuid:dataset_id>/runs/", views.dataset_runs_card, name="dataset_runs"),
    path("datasets/<uuid:dataset_id>/load/", views.load_now, name="load_now"),
    path("datasets/<uuid:dataset_id>/columns/", views.look_again, name="look_again"),
    path("datasets/<uuid:dataset_id>/tokens/", views.create_push_token, name="create_push_token"),
    path(
        "datasets/<uuid:dataset_id>/tokens/<uuid:token_id>/revoke/",
        views.revoke_push_token,
        name="revoke_push_token",
    ),
    path("datasets/<uuid:dataset_id>/joins/new/", views.join, name="join"),
    path("datasets/<uuid:dataset_id>/joins/<uuid:join_id>/remove/", views.remove_join, name="remove_join"),
    path("datasets/<uuid:dataset_id>/rows/", views.narrow, name="narrow"),
    path("datasets/<uuid:dataset_id>/close/", views.close_dataset, name="close_dataset"),
    path("loads/<uuid:load_id>/", views.load, name="load"),
    path("loads/<uuid:load_id>/progress/", views.load_card, name="load_progress"),
    path("loads/<uuid:load_id>/stop/", views.stop, name="stop"),
]
