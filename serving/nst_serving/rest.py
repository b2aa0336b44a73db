"""REST: predictions, status and metadata over HTTP, and the metrics page.

Source: tensorflow_serving/model_servers/http_server.cc and http_rest_api_handler.cc.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote

import anyio.to_thread
import grpc
import uvicorn
from google.protobuf import json_format
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2

from nst_serving.catalog import Catalog
from nst_serving.errors import RequestError, StartError, out_of_memory
from nst_serving.log import log_refusal
from nst_serving.metrics import Metrics
from nst_serving.options import ServerOptions
from nst_serving.predictor import Caller, Predictor
from nst_serving.rest_json import json_object, outputs_json, predict_request
from nst_serving.services import model_metadata, model_status

MODELS_PATH = re.compile("/v1/models", re.IGNORECASE)
METRICS_PATH = "/monitoring/prometheus/metrics"
MODEL_PATH = re.compile(
    r"/v1/models/([^/:]+)(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?(?:(/metadata)|:(predict))?", re.IGNORECASE
)

# http_server.cc, ToHTTPStatusCode; what is not here is 500.
HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


class RestServer:
    """Listens on a port of its own until it is stopped."""

    def __init__(self, catalog: Catalog, predictor: Predictor, metrics: Metrics, options: ServerOptions) -> None:
        """Starts answering.

        Raises:
            StartError: the port cannot be listened at.
        """
        self._catalog = catalog
        self._predictor = predictor
        self._metrics = metrics
        self._timeout_seconds = options.rest_timeout_seconds
        self._threads = anyio.CapacityLimiter(options.running + options.waiting)
        try:
            listener = socket.create_server((options.host, options.rest_port or 0))
        except OSError as error:
            address = f"{options.host}:{options.rest_port}"
            raise StartError(f"Cannot listen at {address}: {error.strerror}.", "Choose another --rest-port.") from error
        self.port: int = listener.getsockname()[1]
        routes = [
            Route(METRICS_PATH, self._metrics_page),
            Route("/{path:path}", self._answer, methods=["GET", "POST"]),
        ]
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        app = Starlette(routes=routes, middleware=[cors] if options.cors else [])
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="rest", daemon=True)
        self._thread.start()

    def stop(self, grace_seconds: float | None) -> None:
        """Refuses new calls; running ones may end within `grace_seconds`."""
        self._server.config.timeout_graceful_shutdown = int(grace_seconds or 0)
        self._server.should_exit = True
        self._thread.join()

    async def _metrics_page(self, request: Request) -> Response:
        del request
        return Response(self._metrics.page(), media_type="text/plain; version=0.0.4")

    async def _answer(self, request: Request) -> Response:
        target = _target(request)
        if not target.lower().startswith("/v1/"):
            return Response("Not Found", 404, media_type="text/plain")
        try:
            return _json(await self._document(request, target))
        except RequestError as error:
            refused = error
        except MemoryError as error:
            refused = out_of_memory(error)
        log_refusal(f"{request.method} {target}", request.client.host if request.client else "?", refused)
        return _json({"error": refused.message}, HTTP_STATUS.get(refused.code, 500))

    async def _document(self, request: Request, target: str) -> dict[str, Any]:
        if MODELS_PATH.fullmatch(target) and request.method == "GET":
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, "Missing model name in request.")
        path = MODEL_PATH.fullmatch(target)
        wanted = "POST" if path and path[5] else "GET"
        if path is None or request.method != wanted:
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, f"Malformed request: {request.method} {target}")
        spec = _spec(path)
        if path[5]:
            return await self._predict(spec, request)
        return self._metadata(spec) if path[4] else self._status(spec)

    async def _predict(self, spec: model_pb2.ModelSpec, request: Request) -> dict[str, Any]:
        body = await request.body()
        leaving: list[Callable[[], None]] = []

        def on_cancel(leave: Callable[[], None]) -> bool:
            leaving.append(leave)
            return True

        caller = Caller("REST", self._timeout_seconds, on_cancel)

        def run() -> dict[str, Any]:
            document = json_object(body)  # before the model: the server checks them in that order
            _, sessions = self._catalog.find(spec)
            message = predict_request(document, sessions.signatures)
            message.model_spec.MergeFrom(spec)
            return outputs_json(self._predictor.answer(message, caller))

        async with _watching(request, leaving):
            return await anyio.to_thread.run_sync(run, limiter=self._threads)

    def _status(self, spec: model_pb2.ModelSpec) -> dict[str, Any]:
        reply = model_status(self._catalog, get_model_status_pb2.GetModelStatusRequest(model_spec=spec))
        states = get_model_status_pb2.ModelVersionStatus.State
        codes = {code.value[0]: code.name for code in grpc.StatusCode}
        return {
            "model_version_status": [
                {
                    "version": str(entry.version),
                    "state": states.Name(entry.state),
                    "status": {
                        "error_code": codes[entry.status.error_code],
                        "error_message": entry.status.error_message,
                    },
                }
                for entry in reply.model_version_status
            ]
        }

    def _metadata(self, spec: model_pb2.ModelSpec) -> dict[str, Any]:
        request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=["signature_def"])
        reply = model_metadata(self._catalog, request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        reply.metadata["signature_def"].Unpack(signatures)  # as it stands it would bear its type's name, "@type"
        return {"model_spec": _plain(reply.model_spec), "metadata": {"signature_def": _plain(signatures)}}


def _target(request: Request) -> str:
    """Path and query as they were sent: the server takes both for the path (evhttp_request.cc)."""
    path: str = request.scope["raw_path"].decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _plain(message: Message) -> dict[str, Any]:
    """A message as the server's JSON has it, fields without presence included (http_rest_api_util.cc)."""
    document: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return document


def _spec(path: re.Match[str]) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=unquote(path[1]))
    if path[2]:
        if int(path[2]) >= 2**63:
            message = f"Failed to convert version: {path[2]} to numeric."
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
        spec.version.value = int(path[2])
    elif path[3]:
        spec.version_label = unquote(path[3])
    return spec


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, media_type="application/json")


@contextlib.asynccontextmanager
async def _watching(request: Request, leaving: list[Callable[[], None]]) -> AsyncIterator[None]:
    """Calls all of `leaving` if the client goes away during the block."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        for leave in list(leaving):
            leave()

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
