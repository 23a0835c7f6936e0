"""What people type about sources. Rules and refusals are elsewhere."""

from performance.sources.forms.datasets import ColumnFormSet, DatasetForm, LookForm, dataset_plan
from performance.sources.forms.joins import JoinForm, OtherForm
from performance.sources.forms.narrowing import NarrowForm
from performance.sources.forms.sources import (
    DatabaseForm,
    EndpointForm,
    FileSourceForm,
    NamesForm,
    PushTokenForm,
    RestForm,
    SampleForm,
    UploadForm,
)

__all__ = [
    "ColumnFormSet",
    "DatabaseForm",
    "DatasetForm",
    "EndpointForm",
    "FileSourceForm",
    "JoinForm",
    "LookForm",
    "NamesForm",
    "NarrowForm",
    "OtherForm",
    "PushTokenForm",
    "RestForm",
    "SampleForm",
    "UploadForm",
    "dataset_plan",
]
