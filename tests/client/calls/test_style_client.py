"""The Python client against the tiny model, over a real socket."""

from __future__ import annotations

import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nst_client import contract, errors
from nst_client.calls.style_client import StyleClient, VersionStatus
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.client.calls.run_calls import Always

WHOLE = "iterations: must be a whole number"
COLUMN = {name: index for index, name in enumerate(contract.LOSS_COLUMNS)}


@pytest.fixture
def large() -> np.ndarray:
    """The largest picture that the tiny model takes: uint8[128, 128, 3]."""
    return np.random.default_rng(6).integers(0, 256, (128, 128, 3), np.uint8)


@pytest.fixture
def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_the_image_has_the_contents_size_and_the_losses_one_row_an_iteration(client, content, style):
    stylized = client.stylize(content, style, iterations=3)
    assert (stylized.image.shape, stylized.image.dtype) == (content.shape, np.uint8)
    assert (stylized.losses.shape, stylized.losses.dtype) == ((3, 4), np.float32)
    assert stylized.version == 1


def test_the_loss_columns_sum_to_the_total(client, content, style):
    losses = client.stylize(content, style, iterations=5).losses
    np.testing.assert_allclose(losses[:, 1:].sum(axis=1), losses[:, 0], rtol=1e-5)
    assert (losses[1:] > 0).all()


def test_the_run_starts_from_the_content_and_the_total_loss_falls(client, content, style):
    losses = client.stylize(content, style, iterations=30).losses
    assert losses[0, COLUMN["content"]] == 0
    assert losses[-1, COLUMN["total"]] < 0.8 * losses[0, COLUMN["total"]]


def test_the_same_call_twice_gives_the_same_bits(client, content, style):
    first, second = (client.stylize(content, style, iterations=4) for _ in range(2))
    assert first.image.tobytes() == second.image.tobytes()
    assert first.losses.tobytes() == second.losses.tobytes()


@pytest.mark.parametrize(
    ("weight", "column"), [("style_weight", "style"), ("tv_weight", "total_variation"), ("content_weight", "content")]
)
def test_a_weight_of_zero_switches_its_loss_off(client, content, style, weight: str, column: str):
    losses = client.stylize(content, style, iterations=3, **{weight: 0}).losses
    assert (losses[:, COLUMN[column]] == 0).all()
    others = [COLUMN[name] for name in ("content", "style", "total_variation") if name != column]
    assert (losses[-1, others] > 0).all()


@pytest.mark.parametrize(("weight", "column"), [("style_weight", "style"), ("tv_weight", "total_variation")])
def test_a_doubled_weight_doubles_its_loss(client, content, style, weight: str, column: str):
    once, twice = (client.stylize(content, style, iterations=1, **{weight: w}).losses[0] for w in (3, 6))
    assert twice[COLUMN[column]] == 2 * once[COLUMN[column]] > 0


def test_the_learning_rate_bounds_what_one_update_changes(client, content, style):
    changes = {
        rate: np.abs(client.stylize(content, style, iterations=1, learning_rate=rate).image.astype(int) - content).max()
        for rate in (0.01, 10)
    }
    assert changes[0.01] == 0
    assert 5 <= changes[10] <= 11


def test_a_view_is_sent_as_the_picture_that_it_shows(client, content, style):
    view = np.asfortranarray(content[::-1])[::-1]
    assert not view.flags.c_contiguous
    expected = client.stylize(content, style, iterations=1).image
    assert np.array_equal(client.stylize(view, style, iterations=1).image, expected)


def test_a_picture_is_a_perfect_match_of_itself(client, content):
    evaluation = client.evaluate(content, content, content)
    assert evaluation.style_errors.tolist() == [0] * 5
    assert evaluation.content_error == 0


def test_a_constant_image_has_no_variation_and_a_stylised_one_is_nearer_to_the_style(client, content, style):
    assert client.evaluate(content, style, np.full_like(content, 90)).total_variation == 0
    image = client.stylize(content, style, iterations=60).image
    before, after = client.evaluate(content, style, content), client.evaluate(content, style, image)
    assert after.style_errors.mean() < before.style_errors.mean()
    assert after.content_error > before.content_error == 0


def test_an_image_of_another_size_cannot_be_evaluated(client, content, style):
    with pytest.raises(errors.RequestRefused, match="image: must have the height and width of content, 48 x 64, got"):
        client.evaluate(content, style, style)


def test_the_model_card_says_what_the_model_is(client):
    card = client.describe()
    assert card["weights"]
    assert card["limits"]["max_iterations"] == 100_000


def test_the_status_shows_the_version_and_waiting_returns_it_at_once(client):
    assert client.status() == [VersionStatus(1, "AVAILABLE", "")]
    assert client.wait_until_available(60) == client.status()


def test_a_closed_client_says_so(server, content, style):
    with StyleClient(server.address) as client:
        run = client.watch(content, style, iterations=9, chunk_size=Always(1))
        next(run)
    for call in (lambda: next(run), client.status, lambda: client.stylize(content, style, iterations=1)):
        with pytest.raises(errors.RequestRefused, match=r"^client: it is closed\.$"):
            call()


@pytest.mark.parametrize("address", ["", " ", [], ["localhost:8500", ""]])
def test_an_empty_address_is_refused(address):
    with pytest.raises(errors.RequestRefused, match="there is no address"):
        StyleClient(address)


def test_what_no_message_can_hold_is_refused_before_it_is_sent(client, content, style):
    huge = np.broadcast_to(np.uint8(7), (30_000, 30_000, 3))
    (done,) = client.watch(content, style, iterations=1)
    for pictures, progress in (((huge, style), None), ((content, style), done._replace(state=(bytes(2**20),) * 2048))):
        with pytest.raises(errors.RequestRefused, match=r"too large: 2\d{9} bytes, and a message holds 2147483647\.$"):
            next(client.watch(*pictures, iterations=2, resume=progress))


@pytest.mark.parametrize("iterations", [0, -1, 100_001, 2**31 - 1, -(2**31)])
def test_the_server_refuses_iterations_outside_its_limits(client, content, style, iterations: int):
    with pytest.raises(errors.RequestRefused) as caught:
        client.stylize(content, style, iterations=iterations)
    assert str(caught.value) == f"The server refused the request: {WHOLE} from 1 to 100000, got {iterations}"


@pytest.mark.parametrize("iterations", [2**31, -(2**31) - 1, 2.5, float("nan"), float("inf")])
def test_iterations_that_are_no_int32_are_refused(client, content, style, iterations: float):
    with pytest.raises(
        errors.RequestRefused, match=rf"^{WHOLE} of at most 32 bits, got {re.escape(str(iterations))}\.$"
    ):
        client.stylize(content, style, iterations=iterations)


NUMBERS = [name for name, option in contract.OPTIONS.items() if option.type is float]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", [-1, 1e300])
def test_numbers_out_of_range_are_never_sent_since_minus_one_is_the_presets_own(
    closed_port, content, name: str, number: float
):
    with StyleClient(f"127.0.0.1:{closed_port}") as client, pytest.raises(errors.RequestRefused) as caught:
        client.stylize(content, content, iterations=1, **{name: number})
    assert str(caught.value) == f"{name}: must be {contract.OPTIONS[name].range}, got {number!r}."


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "2", None, True, [1.0]])
def test_a_value_that_is_no_number_is_never_sent(closed_port, content, name: str, value):
    with StyleClient(f"127.0.0.1:{closed_port}") as client, pytest.raises(errors.RequestRefused) as caught:
        client.stylize(content, content, iterations=1, **{name: value})
    assert str(caught.value) == f"{name}: must be a finite number, got {value!r}."
    assert caught.value.input == name


def test_a_name_that_is_no_option_is_a_mistake_of_the_program(client, content, style):
    for call in (client.stylize, client.watch):
        with pytest.raises(TypeError, match="unknown options: colour, wieght; there are preset, content_weight"):
            call(content, style, iterations=1, wieght=1, colour="red")


@pytest.mark.parametrize("name", ["content", "style"])
@pytest.mark.parametrize(
    ("pixels", "got"),
    [
        (np.zeros((40, 40, 3), np.float32), "float32 of shape (40, 40, 3)"),
        (np.zeros((40, 40, 4), np.uint8), "uint8 of shape (40, 40, 4)"),
        (np.zeros((40, 40), np.uint8), "uint8 of shape (40, 40)"),
        (np.zeros((1, 40, 40, 3), np.uint8), "uint8 of shape (1, 40, 40, 3)"),
    ],
    ids=["float", "alpha", "grey", "batch"],
)
def test_an_array_that_is_no_picture_is_never_sent(content, closed_port, name: str, pixels: np.ndarray, got: str):
    pictures = {"content": content, "style": content, name: pixels}
    with StyleClient(f"127.0.0.1:{closed_port}") as client, pytest.raises(errors.RequestRefused) as caught:
        client.stylize(**pictures, iterations=1)
    assert str(caught.value) == f"{name}: must be uint8 of shape (height, width, 3), got {got}."
    assert "read_picture" in caught.value.remedy


@pytest.mark.parametrize(("height", "width"), [(1, 1), (31, 64), (129, 128)])
def test_the_server_refuses_pictures_that_are_too_small_or_too_large(client, style, height: int, width: int):
    with pytest.raises(errors.RequestRefused, match=f"content: height and width must be .*, got {height} x {width}$"):
        client.stylize(np.zeros((height, width, 3), np.uint8), style, iterations=1)


def test_an_unknown_model_or_version_is_not_found(server, content):
    for options in ({"model": "other"}, {"version": 7}):
        with StyleClient(server.address, **options) as client:
            for call in (client.describe, client.status, lambda: client.stylize(content, content, iterations=1)):
                with pytest.raises(errors.ModelNotFound, match=f"{server.address} has no such model or version"):
                    call()


def test_the_version_asked_for_is_the_one_that_answers(server, content, style):
    with StyleClient(server.address, version=1) as client:
        assert client.stylize(content, style, iterations=1).version == 1


@pytest.mark.parametrize("version", [2**63, 1.5])
def test_a_version_that_is_no_int64_is_refused(version: float):
    with pytest.raises(errors.RequestRefused, match="version: must be a whole number of at most 64 bits, got"):
        StyleClient("127.0.0.1:1", version=version)


def test_a_closed_port_is_an_unavailable_server(closed_port, content):
    with StyleClient(f"127.0.0.1:{closed_port}") as client:
        for call in (client.status, client.describe, lambda: client.stylize(content, content, iterations=1)):
            with pytest.raises(errors.ServerUnavailable, match=f"Nothing answers at 127.0.0.1:{closed_port} "):
                call()


def test_a_deadline_ends_a_long_run_and_the_server_serves_on(client, content, style, large):
    with pytest.raises(errors.DeadlineExceeded, match=r"did not answer within 0\.05 s\.$"):
        client.stylize(large, large, iterations=100, deadline_seconds=0.05)
    assert client.stylize(content, style, iterations=1).version == 1


@pytest.mark.parametrize("deadline", [0, -1, float("nan")])
def test_a_deadline_that_is_no_time_is_refused(client, content, style, deadline: float):
    with pytest.raises(errors.RequestRefused, match="deadline: must be a number of seconds above 0, got"):
        client.stylize(content, style, iterations=1, deadline_seconds=deadline)


@pytest.mark.parametrize("deadline", [1e12, float("inf")])
def test_a_deadline_may_be_as_late_as_one_likes(client, content, style, deadline: float):
    assert client.stylize(content, style, iterations=1, deadline_seconds=deadline).version == 1


def test_the_default_deadline_grows_with_the_work():
    assert contract.stylize_deadline(1000, 1000, 1) == 120 + 100
    assert contract.stylize_deadline(1000, 2000, 10) == 120 + 2000
    assert contract.stylize_deadline(1000, 1000, -5) == 120


@pytest.mark.slow
def test_several_threads_may_share_a_client(client, content, style):
    alone = client.stylize(content, style, iterations=3).image
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: client.stylize(content, style, iterations=3).image, range(4)))
    assert all(np.array_equal(image, alone) for image in found)


def test_waiting_ends_with_the_last_error(closed_port):
    with StyleClient(f"127.0.0.1:{closed_port}") as client, pytest.raises(errors.ServerUnavailable):
        client.wait_until_available(0.3)


def test_waiting_sees_a_server_that_starts_later(tiny_model_dir, closed_port):
    servers: list[EmbeddedServer] = []

    def start() -> None:
        servers.append(
            EmbeddedServer(single_model("nst", tiny_model_dir), ServerOptions(port=closed_port, warm_up=False))
        )

    starting = threading.Timer(0.4, start)
    starting.start()
    try:
        with StyleClient(f"127.0.0.1:{closed_port}") as client:
            assert client.wait_until_available(60)[0].state == "AVAILABLE"
    finally:
        starting.join()
        for server in servers:
            server.stop()
