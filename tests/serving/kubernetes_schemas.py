"""What Kubernetes, Knative and KServe accept, to check manifests without a cluster.

Kubernetes' own types are lightkube's, generated from the API server's OpenAPI document. KServe's and
Knative's, which no package ships, are the fields that we use and their neighbours, by the Go types
InferenceServiceSpec (pkg/apis/serving/v1beta1) and RevisionSpec (pkg/apis/serving/v1).
"""

from __future__ import annotations

from typing import Any

import msgspec
from lightkube.core.dictmixin import DictMixin
from lightkube.models import apps_v1, core_v1, meta_v1, policy_v1


class ModelFormat(DictMixin):
    name: str
    version: str | None = None


class Model(core_v1.Container, kw_only=True):
    modelFormat: ModelFormat  # noqa: N815
    name: str | None = None  # a container's is required; KServe gives it one
    runtime: str | None = None
    runtimeVersion: str | None = None  # noqa: N815
    protocolVersion: str | None = None  # noqa: N815
    storageUri: str | None = None  # noqa: N815


class Predictor(core_v1.PodSpec, kw_only=True):
    model: Model
    containers: list[core_v1.Container] | None = None
    minReplicas: int | None = None  # noqa: N815
    maxReplicas: int | None = None  # noqa: N815
    scaleTarget: int | None = None  # noqa: N815
    scaleMetric: str | None = None  # noqa: N815
    containerConcurrency: int | None = None  # noqa: N815
    timeout: int | None = None


class InferenceServiceSpec(DictMixin):
    predictor: Predictor


class InferenceService(DictMixin):
    apiVersion: str  # noqa: N815
    kind: str
    metadata: meta_v1.ObjectMeta
    spec: InferenceServiceSpec


class RevisionSpec(core_v1.PodSpec, kw_only=True):
    containerConcurrency: int | None = None  # noqa: N815
    timeoutSeconds: int | None = None  # noqa: N815


class RevisionTemplate(DictMixin):
    spec: RevisionSpec
    metadata: meta_v1.ObjectMeta | None = None


class KnativeServiceSpec(DictMixin):
    template: RevisionTemplate


class KnativeService(DictMixin):
    apiVersion: str  # noqa: N815
    kind: str
    metadata: meta_v1.ObjectMeta
    spec: KnativeServiceSpec


SCHEMAS: dict[tuple[str, str], type] = {
    ("apps/v1", "Deployment"): apps_v1.Deployment,
    ("v1", "Service"): core_v1.Service,
    ("v1", "ConfigMap"): core_v1.ConfigMap,
    ("policy/v1", "PodDisruptionBudget"): policy_v1.PodDisruptionBudget,
    ("serving.kserve.io/v1beta1", "InferenceService"): InferenceService,
    ("serving.knative.dev/v1", "Service"): KnativeService,
}


def assert_accepted(manifest: dict[str, Any]) -> None:
    """Raises msgspec.ValidationError for a wrong type or a missing field, AssertionError for an unknown field."""
    accepted = msgspec.convert(manifest, SCHEMAS[manifest["apiVersion"], manifest["kind"]])
    assert msgspec.to_builtins(accepted) == without_nulls(manifest)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value
