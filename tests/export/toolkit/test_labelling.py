"""Labels move in the file and on the server, all the way or not at all."""

from __future__ import annotations

import shutil

import pytest

from nst_client.commands.connection import Connection, calls_of
from nst_client.errors import ServerFailed
from nst_export.errors import ConfigError, SavedModelError
from nst_export.saved_model.messages import get_model_status_pb2
from nst_export.toolkit.labelling import Place, promote, roll_back, set_labels
from nst_export.toolkit.version_rows import configured_model, versions_on
from nst_serving.configuration import read_configuration
from nst_serving.options import ServerOptions
from nst_serving.server import EmbeddedServer
from tests.full_disk import largest_file

RELOAD = "HandleReloadConfigRequest"


def config_text(base_path, fields: str) -> str:
    model = f'name: "nst" base_path: "{base_path}" model_platform: "tensorflow"'
    return f"# ours\nmodel_config_list {{ config {{ {model} {fields} }} }}\n"


@pytest.fixture
def model_dir(tmp_path, light_model_dir):
    """Versions 1 to 3, which are the same."""
    folder = tmp_path / "nst"
    folder.mkdir()
    for name in ("1", "2", "3"):
        (folder / name).symlink_to(light_model_dir / "1")
    return folder


@pytest.fixture
def place(model_dir, tmp_path):
    """A file alone."""
    (tmp_path / "models.config").write_text(config_text(model_dir, ""), "utf-8")
    return Place(model_dir, "nst", tmp_path / "models.config", {}, 60.0, lambda _: None)


@pytest.fixture
def serve(place):
    """Starts a server with the file and returns the place with it; `base_path` is where the server looks."""
    servers = []

    def start(fields: str, base_path=None) -> Place:
        place.config.write_text(config_text(base_path or place.model_dir, fields), "utf-8")
        options = ServerOptions(port=0, poll_seconds=0, warm_up=False)
        server = EmbeddedServer(read_configuration(place.config), options)
        servers.append((server, calls_of(Connection(), server.address)))
        return place._replace(servers={server.address: servers[-1][1].__enter__()})

    yield start
    for server, calls in servers:
        calls.__exit__(None, None, None)
        server.stop()


def there(place) -> dict[int, str]:
    """What the server has: each loaded version with its labels."""
    ((address, call),) = place.servers.items()
    found = versions_on(call, address, "nst", {"stable", "previous", "canary"})
    return {number: " ".join(one.labels) for number, one in found if one.state == "AVAILABLE"}


def in_file(place) -> tuple[list[int], dict[str, int]]:
    model = configured_model(place.config, "nst")
    return list(model.model_version_policy.specific.versions), dict(model.version_labels)


ONE = 'model_version_policy { specific { versions: 1 } } version_labels { key: "stable" value: 1 }'


def test_a_version_is_promoted_and_rolled_back(serve):
    place = serve(ONE)
    promote(place, 2)
    assert there(place) == {1: "previous", 2: "stable"}
    assert in_file(place) == ([1, 2], {"stable": 2, "previous": 1})
    roll_back(place)
    assert there(place) == {1: "stable", 2: "previous"}
    roll_back(place)  # changes them again
    assert there(place) == {1: "previous", 2: "stable"}
    promote(place, 2)  # is so already
    assert in_file(place) == ([1, 2], {"stable": 2, "previous": 1})
    assert place.config.read_text("utf-8").startswith("# ours\n")


def test_a_version_without_a_label_is_unloaded_and_those_that_the_file_alone_names_stay(serve):
    place = serve(ONE)
    set_labels(place, {"canary": 2})
    set_labels(place, {"canary": None})
    assert there(place) == {1: "stable"}
    assert in_file(place) == ([1], {"stable": 1})
    promote(place, 2)
    promote(place, 3)
    assert there(place) == {2: "previous", 3: "stable"}


def test_the_newest_version_of_a_server_without_labels_stays_loaded(serve):
    place = serve("")
    promote(place, 1)
    assert there(place) == {1: "stable", 3: ""}


@pytest.mark.parametrize(
    ("fields", "changes", "versions", "labels"),
    [
        ("", {"stable": 1}, [1, 3], {"stable": 1}),
        ("model_version_policy { latest { num_versions: 2 } }", {"stable": 3}, [2, 3], {"stable": 3}),
        ("model_version_policy { all { } }", {"stable": 1}, [], {"stable": 1}),
        ("model_version_policy { specific { versions: 3 } }", {"stable": 1}, [1, 3], {"stable": 1}),
        (ONE, {"stable": None}, [1], {}),  # a server without a version would serve nothing
        (ONE, {"stable": 2, "previous": 1}, [1, 2], {"stable": 2, "previous": 1}),
        (ONE, {"stable": 2}, [2], {"stable": 2}),
        ('version_labels { key: "a" value: 2 }', {"a": None}, [], {}),
    ],
)
def test_the_file_alone_may_change(place, fields, changes, versions, labels):
    place.config.write_text(config_text(place.model_dir, fields), "utf-8")
    set_labels(place, changes)
    assert in_file(place) == (versions, labels)


def test_a_first_file_is_made_where_no_server_is_told(place):
    place.config.unlink()
    with pytest.raises(SavedModelError, match="has no version 9"):
        promote(place, 9)
    assert not place.config.exists()
    promote(place, 2)
    model = configured_model(place.config, "nst")
    assert (model.base_path, model.model_platform) == (str(place.model_dir), "tensorflow")
    assert in_file(place) == ([2], {"stable": 2})


def never(*_):
    raise AssertionError


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda place: promote(place, 9), SavedModelError, "has no version 9: it has 1, 2, 3"),
        (lambda place: set_labels(place, {"canary": 9}), SavedModelError, "has no version 9: it has 1, 2, 3"),
        (lambda place: promote(place, 4), SavedModelError, "4 is damaged: variables/variables.index is missing"),
        (lambda place: set_labels(place, {"a b": 1}), ConfigError, "A label has no blanks, slashes and colons: 'a b'"),
        (lambda place: set_labels(place, {"": 1}), ConfigError, "A label has no blanks"),
        (roll_back, ConfigError, "names no previous version of nst"),
        (lambda place: promote(place._replace(model="other"), 1), ConfigError, "has no model other; .*: nst"),
        (
            lambda place: promote(place._replace(model_dir=place.model_dir / "1"), 1),
            SavedModelError,
            "1 is a version, not a model's folder",
        ),
        (lambda place: promote(place._replace(model_dir=place.model_dir.parent), 1), SavedModelError, "is one"),
        (lambda place: promote(place._replace(config=place.model_dir / "no"), 1), ConfigError, "There is no file"),
        (lambda place: promote(place._replace(config=place.model_dir / "round"), 1), ConfigError, "cannot be read"),
        (lambda place: promote(place._replace(config=place.model_dir), 1), ConfigError, "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_before_a_server_hears_of_it(place, light_model_dir, change, error, words):
    if "4 is damaged" in words:
        shutil.copytree(light_model_dir / "1", place.model_dir / "4")
        shutil.rmtree(place.model_dir / "4" / "variables")
    (place.model_dir / "round").symlink_to(place.model_dir / "round")
    before = place.config.read_bytes()
    with pytest.raises(error, match=words):
        change(place._replace(servers={"host:8500": never}))
    assert place.config.read_bytes() == before


def test_no_server_at_the_address_changes_nothing(place):
    before = place.config.read_bytes()
    with (
        calls_of(Connection(), "localhost:1") as call,
        pytest.raises(Exception, match="Nothing answers at localhost:1"),
    ):
        promote(place._replace(servers={"localhost:1": call}), 1)
    assert place.config.read_bytes() == before


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_server_that_refuses_a_step_is_put_back_with_the_file(serve, step):
    """Promoting with a canary has three steps: the old canary goes in the last one."""
    fields = 'model_version_policy { specific { versions: 1 versions: 2 } } version_labels { key: "stable" value: 1 }'
    place = serve(fields + ' version_labels { key: "canary" value: 2 }')
    ((address, call),) = place.servers.items()
    seen = []

    def refuses(service, method, *request):
        seen.append(method)
        if method == RELOAD and seen.count(RELOAD) == step:
            raise ServerFailed("No.", "Ask why.")
        return call(service, method, *request)

    before, had = place.config.read_bytes(), there(place)
    with pytest.raises(ConfigError, match=r"^No\. .*models\.config and the servers are as before\.$") as caught:
        set_labels(place._replace(servers={address: refuses}), {"canary": 3})
    assert caught.value.remedy == "Ask why."
    assert place.config.read_bytes() == before
    assert there(place) == had == {1: "stable", 2: "canary"}


def test_a_server_that_cannot_be_put_back_is_named(place):
    def gone(_, method, *__):
        if method == RELOAD:
            raise ServerFailed("Gone.", "Look for it.")
        return get_model_status_pb2.GetModelStatusResponse()

    before = place.config.read_bytes()
    with pytest.raises(ConfigError, match=r"Gone\. Not everything could be put back as it was: host:8500: Gone\."):
        promote(place._replace(servers={"host:8500": gone}), 1)
    assert place.config.read_bytes() == before


def test_a_version_that_the_server_does_not_see_is_given_up_in_time(serve, light_model_dir):
    place = serve(ONE, base_path=light_model_dir)
    before = place.config.read_bytes()
    with pytest.raises(ConfigError, match="has not loaded version 2 within 1 s: it does not see it in its folder"):
        promote(place._replace(timeout_seconds=1.0), 2)
    assert place.config.read_bytes() == before
    assert there(place) == {1: "stable"}


def test_a_version_that_the_server_cannot_load_is_given_up_with_its_reason(serve, light_model_dir, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(light_model_dir, elsewhere)
    shutil.copytree(light_model_dir / "1", elsewhere / "2")
    (elsewhere / "2" / "saved_model.pb").unlink()
    place = serve(ONE, base_path=elsewhere)
    with pytest.raises(ConfigError, match=r"cannot load version 2: .*saved_model\.pb.* the servers are as before\."):
        promote(place, 2)
    assert there(place) == {1: "stable"}
    assert in_file(place) == ([1], {"stable": 1})


def test_a_full_disk_leaves_the_file_as_it_was(place):
    before = place.config.read_bytes()
    with largest_file(10), pytest.raises(ConfigError, match=r"cannot be written: .*all else are as before\."):
        promote(place, 1)
    assert place.config.read_bytes() == before
    assert {path.name for path in place.config.parent.iterdir()} == {"nst", "models.config"}


def test_what_somebody_else_writes_meanwhile_is_not_overwritten(serve):
    place = serve(ONE)
    ((address, call),) = place.servers.items()

    def interrupted(service, method, *request):
        reply = call(service, method, *request)
        if method == RELOAD:
            place.config.write_text("# mine", "utf-8")
        return reply

    with pytest.raises(ConfigError, match="was changed by somebody else in the meantime"):
        promote(place._replace(servers={address: interrupted}), 2)
    assert place.config.read_text("utf-8") == "# mine"
