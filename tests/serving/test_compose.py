"""compose.yaml, and Prometheus and Grafana behind it: what they name exists."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
SERVING = HERE.parents[1] / "serving"
COMPOSE = yaml.safe_load((SERVING / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DASHBOARD = json.loads((SERVING / "grafana/nst-serving.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
METRIC = re.compile(r":tensorflow:[\w:]+")


def exported() -> dict[str, set[str]]:
    """Every name that the server exports, with its labels."""
    names = {}
    for line in (HERE / "metrics.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, kind, labels = line.split(" ")
            for ending in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
                names[name + ending] = set(labels.split(","))
    return names


def test_compose_itself_accepts_the_file_where_it_is_installed():
    """Elsewhere the other tests stand for it, and this one asserts the keys of the file alone."""
    assert set(COMPOSE) == {"name", "x-serving", "services"}
    command = ["docker", "compose", "version"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return
    command = ["docker", "compose", "--file", str(SERVING / "compose.yaml"), "--profile", "*", "config", "--quiet"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_service_has_an_image_with_a_version_and_a_profile():
    for name, service in SERVICES.items():
        assert re.search(r":(v?\d[\d.]+|\$\{TF_SERVING_VERSION:-2\.20\.0\}(-gpu)?)$", service["image"]), name
        assert service["profiles"] in (["cpu"], ["gpu"], ["monitoring"]), name


def test_no_service_has_a_key_that_compose_does_not_know():
    known = {"image", "profiles", "init", "entrypoint", "command", "ports", "volumes", "environment", "healthcheck"}
    for name, service in SERVICES.items():
        assert set(service) <= known | {"networks", "deploy"}, name


def test_the_gpu_service_reserves_one_gpu_and_the_other_none():
    (device,) = SERVICES["serving-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert SERVICES["serving-gpu"]["environment"] == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    assert "deploy" not in SERVICES["serving"]
    assert SERVICES["serving-gpu"]["command"] == SERVICES["serving"]["command"]


@pytest.mark.parametrize("name", ["serving", "serving-gpu"])
def test_the_server_is_not_process_1(name):
    assert SERVICES[name]["init"] is True
    assert SERVICES[name]["entrypoint"] == ["tensorflow_model_server"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_mounted_is_there_and_every_port_stays_on_this_machine(name):
    for volume in SERVICES[name]["volumes"]:
        if volume.startswith("./"):
            assert (SERVING / volume.split(":")[0]).is_file(), volume
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_every_configuration_that_a_flag_names_is_mounted():
    mounted = {volume.split(":")[1] for volume in SERVICES["serving"]["volumes"] if volume.startswith("./")}
    named = {argument.split("=")[1] for argument in SERVICES["serving"]["command"] if "config_file=" in argument}
    assert named == mounted


def test_prometheus_scrapes_the_servers_rest_port_by_its_name():
    (job,) = yaml.safe_load((SERVING / "prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == "nst"
    assert job["static_configs"] == [{"targets": ["nst:8501"]}]
    assert SERVICES["serving"]["networks"]["default"]["aliases"] == ["nst"]
    assert "--rest_api_port=8501" in SERVICES["serving"]["command"]


def test_grafana_reads_prometheus_and_finds_the_dashboard():
    (source,) = yaml.safe_load((SERVING / "grafana/datasource.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((SERVING / "grafana/dashboards.yaml").read_text())["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in SERVICES
    assert any(
        volume.split(":")[1].startswith(provider["options"]["path"]) for volume in SERVICES["grafana"]["volumes"]
    )
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}


def test_the_dashboard_asks_for_metrics_that_the_server_exports():
    asked = {name for expression in EXPRESSIONS for name in METRIC.findall(expression)}
    assert asked
    assert asked <= set(exported())
    for panel in DASHBOARD["panels"]:
        assert all(METRIC.search(target["expr"]) or target["expr"] == 'up{job="nst"}' for target in panel["targets"])


def test_the_dashboard_asks_for_labels_that_a_metric_has():
    for expression in EXPRESSIONS:
        for name, matchers in re.findall(r"(:tensorflow:[\w:]+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)(?:=~|!=|=)", matchers)) <= exported()[name], expression


def test_the_dashboards_expressions_are_balanced_and_its_panels_do_not_overlap():
    assert all(
        expression.count(left) == expression.count(right)
        for expression in EXPRESSIONS
        for left, right in ("()", "{}", "[]")
    )
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
