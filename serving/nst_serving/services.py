"""PredictionService and ModelService over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from nst_serving.catalog import Catalog
from nst_serving.errors import RequestError
from nst_serving.log import log_refusal
from nst_serving.predictor import Caller, Predictor, answer_spec, checked_spec

# RunOptions.timeout_in_ms has 32 bits here as in the server (prediction_service_impl.cc, DeadlineToTimeoutMillis).
LONGEST_TIMEOUT_SECONDS = (2**31 - 1) / 1000


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; Classify, Regress and MultiInference stay UNIMPLEMENTED."""

    def __init__(self, catalog: Catalog, predictor: Predictor) -> None:
        """Answers for the models of `catalog`."""
        self._catalog = catalog
        self._predictor = predictor

    def Predict(  # noqa: N802
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Runs a signature, until the client's deadline or until it has gone."""
        with _answering(context, "Predict", request.model_spec.name):
            return self._predictor.answer(request, Caller("GRPC", _timeout_seconds(context), context.add_callback))

    def GetModelMetadata(  # noqa: N802
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Every signature with its inputs, outputs and defaults."""
        with _answering(context, "GetModelMetadata", request.model_spec.name):
            return model_metadata(self._catalog, request)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, catalog: Catalog) -> None:
        """Answers for the models of `catalog`."""
        self._catalog = catalog

    def GetModelStatus(  # noqa: N802
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The versions and their states, newest first."""
        with _answering(context, "GetModelStatus", request.model_spec.name):
            return model_status(self._catalog, request)

    def HandleReloadConfigRequest(  # noqa: N802
        self, request: model_management_pb2.ReloadConfigRequest, context: grpc.ServicerContext
    ) -> model_management_pb2.ReloadConfigResponse:
        """Replaces the configuration and returns when new models are available (model_service_impl.cc)."""
        with _answering(context, "HandleReloadConfigRequest"):
            self._catalog.reload(request.config)
            reply = model_management_pb2.ReloadConfigResponse()
            reply.status.SetInParent()
            return reply


def model_metadata(
    catalog: Catalog, request: get_model_metadata_pb2.GetModelMetadataRequest
) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """The signatures of the version asked for (get_model_metadata_impl.cc).

    Raises:
        RequestError: no model_spec, no or another metadata_field, no such version.
    """
    spec = checked_spec(request)
    if not request.metadata_field:
        message = "GetModelMetadataRequest must specify at least one metadata_field"
        raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
    for field in request.metadata_field:
        if field != "signature_def":
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, f"Metadata field {field} is not supported")
    version, sessions = catalog.find(spec)
    reply = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=answer_spec(spec, version))
    signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=sessions.signatures)
    reply.metadata["signature_def"].Pack(signatures)
    return reply


def model_status(
    catalog: Catalog, request: get_model_status_pb2.GetModelStatusRequest
) -> get_model_status_pb2.GetModelStatusResponse:
    """Every version seen, newest first, or the one asked for (get_model_status_impl.cc).

    Raises:
        RequestError: no model_spec, no such model or version.
    """
    spec = checked_spec(request)
    asked = spec.version.value if spec.HasField("version") else None
    versions = [version for version in catalog.versions(spec.name) if asked in (None, version.number)]
    if not versions:
        what = "any versions" if asked is None else f"version {asked}"
        raise RequestError(grpc.StatusCode.NOT_FOUND, f"Could not find {what} of model {spec.name}")
    reply = get_model_status_pb2.GetModelStatusResponse()
    for version in versions:
        entry = reply.model_version_status.add(version=version.number, state=version.state)
        entry.status.SetInParent()
        if version.error:
            entry.status.error_code = version.error.code.value[0]
            entry.status.error_message = version.error.message
    return reply


def _timeout_seconds(context: grpc.ServicerContext) -> float | None:
    """What is left of the client's deadline; grpcio gives centuries for a call that has none."""
    left = context.time_remaining()
    return None if left is None or left > LONGEST_TIMEOUT_SECONDS else left


@contextmanager
def _answering(context: grpc.ServicerContext, method: str, model: str = "") -> Iterator[None]:
    try:
        yield
    except RequestError as error:
        log_refusal(f"{method} {model}", context.peer(), error)
        context.abort(error.code, error.message)
