"""Endpoints under /api/v1/: the same rules and actions as the pages. Credentials go in and never come out."""

from django.urls import URLPattern, path

from performance.sources.api import connections, datasets, endpoints, joins, narrowing, pushing

urls: list[URLPattern] = [
    path("sources/connections/", connections.Connections.as_view(), name="api_connections"),
    path(
        "sources/connections/<uuid:connection_id>/",
        connections.OneConnection.as_view(),
        name="api_connection",
    ),
    path(
        "sources/connections/<uuid:connection_id>/probes/",
        connections.Probes.as_view(),
        name="api_connection_probes",
    ),
    path(
        "sources/connections/<uuid:connection_id>/loads/",
        datasets.ConnectionLoads.as_view(),
        name="api_connection_loads",
    ),
    path(
        "sources/connections/<uuid:connection_id>/files/",
        connections.Files.as_view(),
        name="api_connection_files",
    ),
    path(
        "sources/connections/<uuid:connection_id>/endpoints/",
        endpoints.Endpoints.as_view(),
        name="api_endpoints",
    ),
    path(
        "sources/connections/<uuid:connection_id>/endpoints/<uuid:endpoint_id>/",
        endpoints.OneEndpoint.as_view(),
        name="api_endpoint",
    ),
    path(
        "sources/connections/<uuid:connection_id>/pause/",
        connections.PauseConnection.as_view(),
        name="api_connection_pause",
    ),
    path(
        "sources/connections/<uuid:connection_id>/resume/",
        connections.ResumeConnection.as_view(),
        name="api_connection_resume",
    ),
    path(
        "sources/connections/<uuid:connection_id>/samples/",
        pushing.Samples.as_view(),
        name="api_connection_samples",
    ),
    path("sources/push/<uuid:dataset_id>/", pushing.Push.as_view(), name="api_push"),
    path(
        "sources/datasets/<uuid:dataset_id>/tokens/", pushing.PushTokens.as_view(), name="api_dataset_tokens"
    ),
    path(
        "sources/datasets/<uuid:dataset_id>/tokens/<uuid:token_id>/",
        pushing.OnePushToken.as_view(),
        name="api_dataset_token",
    ),
    path("sources/probes/<uuid:probe_id>/", connections.OneProbe.as_view(), name="api_probe"),
    path("sources/datasets/", datasets.Datasets.as_view(), name="api_datasets"),
    path("sources/datasets/<uuid:dataset_id>/", datasets.OneDataset.as_view(), name="api_dataset"),
    path("sources/datasets/<uuid:dataset_id>/joins/", joins.Joins.as_view(), name="api_joins"),
    path(
        "sources/datasets/<uuid:dataset_id>/joins/<uuid:join_id>/", joins.OneJoin.as_view(), name="api_join"
    ),
    path(
        "sources/datasets/<uuid:dataset_id>/row-rule/",
        narrowing.RowRule.as_view(),
        name="api_dataset_row_rule",
    ),
    path("sources/datasets/<uuid:dataset_id>/rows/", datasets.DatasetRows.as_view(), name="api_dataset_rows"),
    path(
        "sources/datasets/<uuid:dataset_id>/loads/", datasets.DatasetLoads.as_view(), name="api_dataset_loads"
    ),
    path("sources/loads/<uuid:load_id>/", datasets.OneLoad.as_view(), name="api_load"),
    path("sources/loads/<uuid:load_id>/stop/", datasets.StopLoad.as_view(), name="api_load_stop"),
    path("sources/loads/<uuid:load_id>/rejected/", datasets.Rejected.as_view(), name="api_load_rejected"),
]
