"""The configuration of the real TensorFlow Serving, checked without one and without a cluster."""

from __future__ import annotations

import copy
import itertools
import json
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from nst_serving.flags import GRPC_THREADS, LONG_RUN_FLAGS, LONGEST_RUN_SECONDS, REST_THREADS
from nst_serving.launcher import docker_command, program_command
from tests.events import GUARD_SECONDS
from tests.serving.kubernetes_schemas import assert_accepted
from tests.serving.monitoring_config import MonitoringConfig

HERE = Path(__file__).parent
SERVING = HERE.parents[1] / "serving"
KUBERNETES = SERVING / "kubernetes"
MANIFESTS = sorted(
    set(KUBERNETES.rglob("*.yaml")) - set(KUBERNETES.rglob("kustomization.yaml")) - {KUBERNETES / "gpu/one-gpu.yaml"}
)
OVERLAYS = ["base", "gpu"]
VERSIONS = ["2.19.1", "2.20.0"]
# They refuse scalar inputs such as `iterations`, and runs of different length cannot share one loop.
BATCHING_FLAGS = {"enable_batching", "batching_parameters_file", "enable_per_model_batching_parameters"}
FREE_KEYS = {"labels", "annotations", "matchLabels", "selector", "requests", "limits"}  # maps, not structures


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def lines(path: Path) -> list[str]:
    """A data file without its comments."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def kustomized(overlay: str) -> list[dict[str, Any]]:
    """What `kubectl kustomize` makes of the features that our overlays use, except ConfigMaps."""
    folder = KUBERNETES / overlay
    settings = read(folder / "kustomization.yaml")
    assert set(settings) <= {"apiVersion", "kind", "resources", "configMapGenerator", "images", "patches"}
    manifests = []
    for resource in settings["resources"]:
        manifests += [read(folder / resource)] if resource.endswith(".yaml") else kustomized(f"{overlay}/{resource}")
    for patch in settings.get("patches", []):
        (target,) = (entry for entry in manifests if entry["kind"] == patch["target"]["kind"])
        for operation in read(folder / patch["path"]):
            apply(operation, target)
    for manifest in manifests:
        if manifest["kind"] == "Deployment":
            for container in manifest["spec"]["template"]["spec"]["containers"]:
                tags = {entry["name"]: entry["newTag"] for entry in settings["images"]}
                container["image"] = f"{container['image'].split(':')[0]}:{tags[container['image'].split(':')[0]]}"
    return manifests


def apply(operation: dict[str, Any], manifest: dict[str, Any]) -> None:
    """One step of a JSON patch (RFC 6902): add a key that is missing, or replace one that is there."""
    *parents, key = (part.replace("~1", "/") for part in operation["path"].split("/")[1:])
    place: Any = manifest
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    assert (key in place) == (operation["op"] == "replace")
    place[key] = operation["value"]


def server_of(overlay: str) -> dict[str, Any]:
    (deployment,) = (entry for entry in kustomized(overlay) if entry["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]


def arguments() -> dict[str, list[str]]:
    """Every list of arguments that we give the server."""
    ports = {"port": 8500, "rest_port": 8501}
    docker = docker_command(SERVING, name="nst", host="127.0.0.1", gpu=True, image_version="2.20.0", **ports)
    services = read(SERVING / "compose.yaml")["services"]
    return {
        "docker": docker[docker.index("tensorflow/serving:2.20.0-gpu") + 1 :],
        "program": program_command(SERVING, name="nst", gpu=False, **ports)[1:],
        "compose, CPU": services["serving"]["command"],
        "compose, GPU": services["serving-gpu"]["command"],
        **{overlay: server_of(overlay)["containers"][0]["args"] for overlay in OVERLAYS},
        "autoscaling": read(KUBERNETES / "autoscaling/service.yaml")["spec"]["template"]["spec"]["containers"][0][
            "args"
        ],
        "kserve": read(KUBERNETES / "kserve/inference-service.yaml")["spec"]["predictor"]["model"]["args"],
    }


@pytest.fixture(params=arguments())
def given(request) -> dict[str, str]:
    """Flags and values of one of those lists."""
    pairs = [argument.removeprefix("--").split("=", maxsplit=1) for argument in arguments()[request.param]]
    assert len(dict(pairs)) == len(pairs), "a flag is given twice"
    return dict(pairs)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_server_knows_every_flag(given, version):
    assert set(given) <= set(lines(HERE / f"flags_{version}.txt"))


def test_every_flag_for_long_runs_is_given_with_its_value(given):
    for flag in LONG_RUN_FLAGS:
        assert flag.value in given[flag.name].split(","), flag.name


def test_batching_is_never_asked_for(given):
    assert not set(given) & BATCHING_FLAGS


def test_there_are_more_inter_op_threads_than_there_can_be_runs():
    values = {flag.name: flag.value for flag in LONG_RUN_FLAGS}
    assert int(values["tensorflow_inter_op_parallelism"]) > GRPC_THREADS + REST_THREADS
    assert int(values["grpc_max_threads"]) == GRPC_THREADS
    assert int(values["rest_api_num_threads"]) == REST_THREADS


@pytest.mark.parametrize("file", [SERVING / "compose.yaml", *MANIFESTS], ids=lambda path: path.stem)
def test_every_flag_for_long_runs_has_its_reason_above_it(file):
    text = file.read_text().splitlines()
    names = {flag.name for flag in LONG_RUN_FLAGS}
    for above, line in itertools.pairwise(text):
        if (found := re.match(r"\s*- --(\w+)=", line)) and found[1] in names:
            assert above.strip().startswith("# "), line


def test_the_readme_lists_every_flag_for_long_runs():
    assert set(re.findall(r"^\| `--(\w+)=", (SERVING / "README.md").read_text(), re.MULTILINE)) == {
        flag.name for flag in LONG_RUN_FLAGS
    }


def test_models_config_is_a_model_server_config():
    config = text_format.Parse((SERVING / "models.config").read_text(), model_server_config_pb2.ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("nst", "/models/nst", "tensorflow")


@pytest.mark.parametrize("file", [SERVING / "monitoring.config", KUBERNETES / "base/monitoring.config"])
def test_monitoring_config_is_a_monitoring_config_and_the_same_everywhere(file):
    config = text_format.Parse(file.read_text(), MonitoringConfig())
    assert config.prometheus_config.enable
    assert config.prometheus_config.path == read(SERVING / "prometheus.yml")["scrape_configs"][0]["metrics_path"]
    assert file.read_text() == (SERVING / "monitoring.config").read_text()


@pytest.mark.parametrize(
    "file", [path for path in MANIFESTS if path.parent.name != "base"], ids=lambda path: path.parent.name
)
def test_a_manifest_is_what_its_kind_accepts(file):
    assert_accepted(read(file))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_what_kubernetes_accepts(overlay):
    manifests = kustomized(overlay)
    assert len(manifests) == 3
    for manifest in manifests:
        assert_accepted(manifest)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_makes_of_an_overlay_what_we_check(overlay):
    """With kubectl where there is one; without it, that our own reading finds all that it is to find."""
    ours = kustomized(overlay)
    assert sorted(entry["kind"] for entry in ours) == ["Deployment", "PodDisruptionBudget", "Service"]
    if shutil.which("kubectl"):
        command = ["kubectl", "kustomize", str(KUBERNETES / overlay)]
        built = list(yaml.safe_load_all(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        (configuration,) = (entry for entry in built if entry["kind"] == "ConfigMap")
        assert_accepted(configuration)
        generated = json.dumps([entry for entry in built if entry is not configuration])
        theirs = json.loads(generated.replace(configuration["metadata"]["name"], "nst-serving"))
        assert sorted(theirs, key=lambda entry: entry["kind"]) == sorted(ours, key=lambda entry: entry["kind"])


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_manifest_with_an_unknown_field_anywhere_is_refused(file):
    for path in fields(manifest := read(file)):
        if not FREE_KEYS.isdisjoint(path[-2:-1]):
            continue
        broken = copy.deepcopy(manifest)
        place = broken
        for part in path[:-1]:
            place = place[part]
        place[f"{path[-1]}x"] = place.pop(path[-1])
        with pytest.raises((AssertionError, msgspec.ValidationError, KeyError)):
            assert_accepted(broken)


def fields(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every key."""
    if isinstance(value, list):
        return [way for index, entry in enumerate(value) for way in fields(entry, (*path, index))]
    if not isinstance(value, dict):
        return []
    return [way for key, entry in value.items() for way in [(*path, key), *fields(entry, (*path, key))]]


def test_a_value_of_the_wrong_type_is_refused():
    (deployment,) = (entry for entry in kustomized("base") if entry["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = "an hour"
    with pytest.raises(msgspec.ValidationError):
        assert_accepted(deployment)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_outlives_its_longest_run(overlay):
    grace = server_of(overlay)["terminationGracePeriodSeconds"]
    channel = dict(re.findall(r"([\w.]+)=(\d+)", " ".join(server_of(overlay)["containers"][0]["args"])))
    connected = int(channel["grpc.max_connection_age_ms"]) / 1000 * 1.1  # gRPC spreads the age by a tenth
    assert grace > LONGEST_RUN_SECONDS + connected + 15  # the stop hook's first sleep
    assert int(channel["rest_api_timeout_in_ms"]) == LONGEST_RUN_SECONDS * 1000


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_survive_a_busy_gpu(overlay):
    server = server_of(overlay)["containers"][0]
    assert "tcpSocket" in server["livenessProbe"]  # no thread of the server is needed to answer it
    assert server["livenessProbe"]["periodSeconds"] * server["livenessProbe"]["failureThreshold"] >= 300
    assert server["startupProbe"]["periodSeconds"] * server["startupProbe"]["failureThreshold"] >= 600


def test_a_pod_has_one_gpu():
    assert server_of("gpu")["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "limits" not in server_of("base")["containers"][0]["resources"]


def test_one_call_at_a_time_reaches_an_autoscaled_pod():
    knative = read(KUBERNETES / "autoscaling/service.yaml")["spec"]["template"]
    predictor = read(KUBERNETES / "kserve/inference-service.yaml")["spec"]["predictor"]
    assert knative["spec"]["containerConcurrency"] == predictor["containerConcurrency"] == predictor["scaleTarget"] == 1
    assert (
        knative["metadata"]["annotations"]["autoscaling.knative.dev/metric"]
        == predictor["scaleMetric"]
        == "concurrency"
    )
    assert knative["spec"]["timeoutSeconds"] == predictor["timeout"] == LONGEST_RUN_SECONDS


def test_kserves_own_version_of_the_server_is_overridden():
    assert (
        read(KUBERNETES / "kserve/inference-service.yaml")["spec"]["predictor"]["model"]["runtimeVersion"]
        == "2.20.0-gpu"
    )


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the hook runs in a Linux container and reads /proc")
def test_the_stop_hook_waits_until_no_client_is_connected():
    bash, option, script = server_of("base")["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = (
            script.replace("2134", f"{server.getsockname()[1]:04X}")
            .replace("sleep 15", "")
            .replace("sleep 1", "echo connected; sleep 0.05")
        )
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with accepted, client, subprocess.Popen([bash, option, script], stdout=subprocess.PIPE, text=True) as hook:
            assert [hook.stdout.readline() for _ in range(3)] == ["connected\n"] * 3
            client.close()
            accepted.close()
            hook.communicate(timeout=GUARD_SECONDS)
    assert hook.returncode == 0


def test_the_hook_and_the_service_mean_the_servers_port():
    server = server_of("base")["containers"][0]
    assert int("2134", 16) == 8500
    assert f":{8500:X} " in server["lifecycle"]["preStop"]["exec"]["command"][2]
    (service,) = (entry for entry in kustomized("base") if entry["kind"] == "Service")
    assert service["spec"]["clusterIP"] == "None"
    assert {"name": service["spec"]["ports"][0]["targetPort"], "containerPort": 8500} in server["ports"]
