"""HandleReloadConfigRequest's refusals: none of these requests may change anything.

On the stock server a config that passes the first checks is stored before the later ones run
(server_core.cc, ReloadConfig): a new model without a platform would be refused and yet block every later
reload. So every case here names the served model itself and fails before that line; the label cases do not,
and are sent to somebody's server only where NST_TARGET_RELOAD=1 says that it may be changed.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import grpc
import pytest
from tensorflow_serving.apis import model_management_pb2

from tests.conformance.calls import INVALID, OPTIONS, check_it_serves, refusal, stubs_of, version_states, words

NOT_A_LIST = (
    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
)
NO_PLATFORM = (
    "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform, "
    "model name is $model"
)
NOWHERE = "/no/such/folder"
GOOD = {"name": "$model", "base_path": NOWHERE, "model_platform": "tensorflow"}


class Reload(NamedTuple):
    """A configuration that is refused."""

    name: str
    models: list[dict[str, Any]]
    text: str
    fact: str
    code: grpc.StatusCode = INVALID

    def __str__(self) -> str:
        return self.name


RELOADS = [
    Reload("no config", [], NOT_A_LIST, "model_service_impl.cc:67"),
    Reload(
        "a model twice", [GOOD, GOOD], "Illegal to list model $model multiple times in config list",
        "server_core.cc:125",
    ),
    Reload(
        "a relative path", [GOOD | {"base_path": "models/nst"}],
        "Expected model $model to have an absolute path or URI; got base_path()=models/nst", "server_core.cc:146",
    ),
    Reload(
        "no path", [GOOD | {"base_path": ""}],
        "Expected model $model to have an absolute path or URI; got base_path()=", "server_core.cc:146",
    ),
    Reload("no platform", [GOOD | {"model_platform": ""}], NO_PLATFORM, "server_core.cc:101"),
    Reload(
        "another platform", [GOOD | {"model_platform": "caffe"}],
        "Illegal to change a model's platform. For model $model platform was tensorflow and new platform requested is "
        "caffe", "server_core.cc:176",
    ),
    Reload(
        "a platform and the old type", [GOOD | {"model_type": 1}],
        "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform, "
        "model name is $model", "server_core.cc:84",
    ),
    Reload(
        "an old type that there is not", [GOOD | {"model_platform": "", "model_type": 2}],
        "ModelServerConfig::model_type choice 2 not supported.", "server_core.cc:92",
    ),
    Reload(
        "a model twice and no platform", [GOOD, GOOD | {"model_platform": ""}],
        "Illegal to list model $model multiple times in config list", "server_core.cc:660, before 664",
    ),
]  # fmt: skip

LABELS = [
    Reload(
        "a label for a version that is not there", [GOOD | {"version_labels": {"stable": 7777777}}],
        "Request to assign label to version 7777777 of model $model, which is not currently available for inference",
        "server_core.cc:581; unless --allow_version_labels_for_unavailable_models", grpc.StatusCode.FAILED_PRECONDITION,
    ),
]  # fmt: skip
MAY_CHANGE = not os.environ.get("NST_TARGET") or os.environ.get("NST_TARGET_RELOAD") == "1"


@pytest.fixture(scope="module")
def target(expendable):
    return expendable


@pytest.fixture(scope="module")
def stubs(target):
    with grpc.insecure_channel(target.address, OPTIONS) as channel:
        yield stubs_of(channel)


def reload_request(target, models: list[dict[str, Any]]):
    request = model_management_pb2.ReloadConfigRequest()
    for model in models:
        fields = {name: words(target, value) if isinstance(value, str) else value for name, value in model.items()}
        request.config.model_config_list.config.add(**fields)
    return request


@pytest.mark.parametrize("case", RELOADS + LABELS * MAY_CHANGE, ids=str)
def test_a_bad_configuration_is_refused_and_changes_nothing(stubs, target, case):
    before = version_states(stubs, target)
    request = reload_request(target, case.models)
    assert refusal(stubs.models.HandleReloadConfigRequest, request) == (case.code, words(target, case.text)), case.fact
    assert version_states(stubs, target) == before
    check_it_serves(stubs, target)


@pytest.mark.fact("model_service_impl.cc:66")
def test_a_custom_configuration_is_refused(stubs):
    request = model_management_pb2.ReloadConfigRequest()
    request.config.custom_model_config.SetInParent()
    assert refusal(stubs.models.HandleReloadConfigRequest, request) == (INVALID, NOT_A_LIST)
