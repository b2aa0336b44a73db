"""PredictionService and ModelService over gRPC, on one served model."""

from __future__ import annotations

from typing import NoReturn

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from nst_serving.errors import RequestError
from nst_serving.model import Model
from nst_serving.predict import DEFAULT_SIGNATURE, predict


class ServedModel:
    """A model under its name and version, as requests address it."""

    def __init__(self, name: str, version: int, model: Model) -> None:
        """Serves `model` as `name`, `version`."""
        self.name = name
        self.version = version
        self._model = model

    def find(self, spec: model_pb2.ModelSpec) -> Model:
        """The model that a request means (server_core.cc, ServableRequestFromModelSpec)."""
        if not spec.name:
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, "ModelSpec has no name specified.")
        if spec.version_label:
            message = f"Unrecognized servable version label: {spec.version_label}"
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
        asked = spec.version.value if spec.HasField("version") else None
        if spec.name != self.name or asked not in (None, self.version):
            which = f"Latest({spec.name})" if asked is None else f"Specific({spec.name}, {asked})"
            raise RequestError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {which}")
        return self._model

    def answer_to(self, spec: model_pb2.ModelSpec, signature_name: str = "") -> model_pb2.ModelSpec:
        """The model_spec of a reply: the version used, and never the label."""
        reply = model_pb2.ModelSpec(name=spec.name, signature_name=signature_name)
        reply.version.value = self.version
        return reply


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata."""

    def __init__(self, served: ServedModel) -> None:
        """Answers for `served`."""
        self._served = served

    def Predict(  # noqa: N802
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Runs a signature."""
        try:
            model = self._served.find(_spec_of(request))
            outputs = predict(model, request, timeout_seconds=context.time_remaining())
        except RequestError as error:
            _abort(context, error)
        signature = request.model_spec.signature_name or DEFAULT_SIGNATURE
        spec = self._served.answer_to(request.model_spec, signature)
        return predict_pb2.PredictResponse(model_spec=spec, outputs=outputs)

    def GetModelMetadata(  # noqa: N802
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Every signature with its inputs, outputs and defaults (get_model_metadata_impl.cc)."""
        try:
            spec = _spec_of(request)
            _check_metadata_fields(request)
            model = self._served.find(spec)
        except RequestError as error:
            _abort(context, error)
        signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=model.signatures)
        reply = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=self._served.answer_to(spec))
        reply.metadata["signature_def"].Pack(signatures)
        return reply


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus."""

    def __init__(self, served: ServedModel) -> None:
        """Answers for `served`."""
        self._served = served

    def GetModelStatus(  # noqa: N802
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The version and its state (get_model_status_impl.cc)."""
        served = self._served
        try:
            spec = _spec_of(request)
            asked = spec.version.value if spec.HasField("version") else None
            if spec.name != served.name or asked not in (None, served.version):
                what = "any versions" if asked is None else f"version {asked}"
                message = f"Could not find {what} of model {spec.name}"
                raise RequestError(grpc.StatusCode.NOT_FOUND, message)
        except RequestError as error:
            _abort(context, error)
        reply = get_model_status_pb2.GetModelStatusResponse()
        status = reply.model_version_status.add(version=served.version)
        status.state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        status.status.SetInParent()
        return reply


def _spec_of(
    request: predict_pb2.PredictRequest
    | get_model_metadata_pb2.GetModelMetadataRequest
    | get_model_status_pb2.GetModelStatusRequest,
) -> model_pb2.ModelSpec:
    if not request.HasField("model_spec"):
        raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, "Missing ModelSpec")
    return request.model_spec


def _check_metadata_fields(request: get_model_metadata_pb2.GetModelMetadataRequest) -> None:
    if not request.metadata_field:
        message = "GetModelMetadataRequest must specify at least one metadata_field"
        raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
    for field in request.metadata_field:
        if field != "signature_def":
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, f"Metadata field {field} is not supported")


def _abort(context: grpc.ServicerContext, error: RequestError) -> NoReturn:
    context.abort(error.code, error.message)
