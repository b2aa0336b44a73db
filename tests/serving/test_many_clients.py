"""Twenty clients at once while versions change under them; calls spread over several servers."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nst_client import StyleClient
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.conftest import picture
from tests.events import wait_until


@pytest.fixture
def model_dirs(tmp_path, tiny_model_dir):
    """Four models: the same network under four names."""
    return [shutil.copytree(tiny_model_dir, tmp_path / f"model-{number}") for number in range(4)]


@pytest.mark.slow
def test_twenty_clients_get_the_right_pictures_while_four_models_change_versions(model_dirs, client):
    jobs = [(picture(32 + 8 * (n % 5), 40, seed=n), picture(40, 40, seed=100 + n), 1 + n % 3) for n in range(60)]
    expected = [client.stylize(content, style, iterations=n) for content, style, n in jobs]
    config = single_model("model-0", model_dirs[0])
    for number, folder in enumerate(model_dirs[1:], start=1):
        config.model_config_list.config.add(name=f"model-{number}", base_path=str(folder), model_platform="tensorflow")
    server = EmbeddedServer(config, ServerOptions(port=0, poll_seconds=0.05))

    def ask(number: int):
        with StyleClient(server.address, model=f"model-{number % 4}") as asking:
            content, style, iterations = jobs[number]
            return asking.stylize(content, style, iterations=iterations)

    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(ask, number) for number in range(len(jobs))]
        for version in (2, 3):
            for folder in model_dirs:
                shutil.copytree(folder / "1", folder / "unfinished")
                (folder / "unfinished").rename(folder / str(version))
        (model_dirs[0] / "4").mkdir()  # broken: it holds nothing
        results = [answer.result() for answer in answers]
    server.stop()
    for mine, right in zip(results, expected, strict=True):
        np.testing.assert_array_equal(mine.image, right.image)
        np.testing.assert_array_equal(mine.losses, right.losses)
    assert {result.version for result in results} <= {1, 2, 3}


@pytest.mark.slow
def test_a_client_spreads_its_calls_over_all_servers_of_an_address(server, tmp_path, tiny_model_dir):
    shutil.copytree(tiny_model_dir / "1", tmp_path / "nst" / "2")
    other = EmbeddedServer(single_model("nst", tmp_path / "nst"), ServerOptions(port=0, warm_up=False))
    target = f"ipv4:{server.address},{other.address}"
    with StyleClient(target) as spreading:
        spreading.wait_until_available(60)
        small, versions = picture(32, 32), []

        def both_have_answered() -> bool:  # one is connected before the other
            versions.append(spreading.stylize(small, small, iterations=1).version)
            return set(versions) == {1, 2}

        wait_until(both_have_answered)
        versions = [spreading.stylize(small, small, iterations=1).version for _ in range(8)]
    other.stop()
    assert set(versions) == {1, 2}
