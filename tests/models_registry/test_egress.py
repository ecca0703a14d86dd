"""The way out: what is refused, and what ends a bad reply. Real sockets on loopback, names by resolvers of our own."""

import asyncio
import gzip
import itertools
import time
from ipaddress import ip_address

import pytest

from models_registry.addresses import Address
from models_registry.egress import (
    BadStatus,
    DeadlinePassed,
    EgressClient,
    EgressError,
    EgressPolicy,
    EgressRefused,
    Limits,
    Outgoing,
    Received,
    Redirected,
    ReplyTooLarge,
    Unreachable,
    fetch_once,
)
from tests.fakes import ModelServer, Reply, free_port

SHUT = EgressPolicy()
LOCAL = EgressPolicy.of(networks=["127.0.0.0/8", "::1/128"])
QUICK = Limits(total_s=2.0, connect_s=1.0, read_s=2.0, cap_bytes=64 * 1024)


def send(url: str, policy: EgressPolicy = LOCAL, limits: Limits = QUICK, **more: object) -> Received:
    return fetch_once(policy, limits, Outgoing(url, {"Content-Type": "text/plain"}, b"hello"), **more)  # type: ignore[arg-type]


class Names:
    """A resolver that a test writes; counts how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = answers
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked += 1
        return [ip_address(text) for text in self.answers[min(self.asked, len(self.answers)) - 1]]


def refusal(url: str, policy: EgressPolicy = SHUT, **more: object) -> str:
    with pytest.raises(EgressRefused) as caught:
        send(url, policy, **more)
    return caught.value.reason


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "[::]", "[fd12::1]", "[fe80::1]",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "[64:ff9b:1::a00:1]", "[2001:0:a00:1::]",
    ],
)  # fmt: skip
def test_a_deployment_reaches_no_private_address(host: str) -> None:
    assert refusal(f"https://{host}:8443/predict") == "private"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "[64:ff9b::a9fe:a9fe]",
        "[::ffff:169.254.169.254]",
        "[2002:a9fe:a9fe::]",
    ],
)
def test_metadata_addresses_stay_shut_even_inside_an_allowed_network(host: str) -> None:
    everything = EgressPolicy.of(networks=["0.0.0.0/0", "::/0"], hosts=["metadata.internal"])
    assert refusal(f"http://{host}/latest/meta-data", everything) == "metadata"
    literal = host.strip("[]")
    assert refusal("http://metadata.internal/", everything, resolver=Names([literal])) == "metadata"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/x", "unix:///run/x.sock", "gopher://example.org", "//example.org", "predict"]
)
def test_only_http_is_spoken(url: str) -> None:
    assert refusal(url) in {"scheme", "host"}


@pytest.mark.parametrize(
    ("url", "reason"), [("http://127.0.0.1:99999/", "port"), ("http://127.0.0.1:0/", "port"), ("http://xn--/", "host")]
)
def test_what_cannot_be_connected_to_is_refused_and_no_failure_of_ours(url: str, reason: str) -> None:
    assert refusal(url, EgressPolicy(allow_loopback=True)) == reason


def test_a_url_with_credentials_is_refused() -> None:
    assert refusal("https://user:secret@example.org/") == "credentials"


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    assert refusal("https://mixed.example/", resolver=Names(["93.184.216.34", "10.0.0.7"])) == "private"


def test_the_internet_is_called_over_tls_and_on_usual_ports_only() -> None:
    public = Names(["93.184.216.34"])
    assert refusal("http://model.example:8000/", resolver=public) == "https"
    assert refusal("https://model.example:22/", resolver=public) == "port"


def test_an_operator_vouches_for_networks_and_names() -> None:
    judged = EgressPolicy.of(networks=["10.0.0.0/8"], hosts=["*.lan.example", "gpu"])
    judged.judge([ip_address("10.2.3.4")], host="anything", port=22, secure=False)
    judged.judge([ip_address("192.168.0.2")], host="gpu", port=5000, secure=False)
    judged.judge([ip_address("192.168.0.2")], host="a.lan.example", port=5000, secure=False)
    with pytest.raises(EgressRefused):
        judged.judge([ip_address("192.168.0.2")], host="lan.example", port=5000, secure=False)
    with pytest.raises(EgressRefused):
        judged.judge([ip_address("10.2.3.4"), ip_address("192.168.0.2")], host="both", port=443, secure=True)


def test_ipv4_behind_nat64_counts_as_what_it_is() -> None:
    SHUT.judge([ip_address("64:ff9b::5db8:d822")], host="model.example", port=443, secure=True)


def test_loopback_is_reached_when_it_is_allowed() -> None:
    with ModelServer(answer={"items": []}) as server:
        received = send(server.url)
        assert received.body == b'{"items": []}'
        assert server.seen[0].headers["accept-encoding"] == "identity"
        assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"
        assert send(server.url, EgressPolicy(allow_loopback=True)).status == 200
        with pytest.raises(EgressRefused):
            send(server.url, SHUT)
        assert server.requests == 2


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_called() -> None:
    with ModelServer(answer=1) as server:
        rebinding = Names(["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"])
        assert send(f"http://model.example:{server.port}/", resolver=rebinding).status == 200
        assert rebinding.asked == 1
        assert server.seen[0].headers["host"] == f"model.example:{server.port}"


def test_an_answer_that_turns_private_later_is_refused_on_the_next_connection() -> None:
    turning = Names(["127.0.0.1"], ["10.0.0.1"])

    async def twice(port: int) -> str:
        async with EgressClient(LOCAL, QUICK, resolver=turning) as client:
            request = Outgoing(f"http://model.example:{port}/", {"Connection": "close"})
            await client.fetch(request)
            with pytest.raises(EgressRefused) as caught:
                await client.fetch(request)
            return caught.value.reason

    with ModelServer(script=[Reply(json=1, headers={"Connection": "close"})]) as server:
        assert asyncio.run(twice(server.port)) == "private"
        assert server.requests == 1


def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    with ModelServer(answer=1, host="127.0.0.2") as server:
        assert send(f"http://model.example:{server.port}/", resolver=Names(["127.0.0.1", "127.0.0.2"])).status == 200


def test_a_dead_address_is_unreachable() -> None:
    port = free_port()
    with pytest.raises(Unreachable, match=rf"at 127\.0\.0\.1:{port}\. Is it running there\?"):
        send(f"http://127.0.0.1:{port}/")
    with pytest.raises(Unreachable):
        send("http://no-such-host.invalid:8000/")


def test_a_server_that_never_answers_meets_the_deadline() -> None:
    with ModelServer(answer=1, delay_s=5) as server:
        begun = time.monotonic()
        with pytest.raises(DeadlinePassed):
            send(server.url, limits=Limits(total_s=0.3, connect_s=0.3, read_s=60))
        assert time.monotonic() - begun < 2


def test_a_slow_drip_is_ended_by_the_total_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with ModelServer(raw=itertools.chain([head], itertools.repeat(b"x", 10_000)), pause_s=0.05) as server:
        begun = time.monotonic()
        with pytest.raises(DeadlinePassed):
            send(server.url, limits=Limits(total_s=0.5, connect_s=0.5, read_s=60))
        assert time.monotonic() - begun < 2


def test_a_drip_of_headers_is_ended_as_well() -> None:
    drip = itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-A: b\r\n", 10_000))
    with ModelServer(raw=drip, pause_s=0.05) as server, pytest.raises(DeadlinePassed):
        send(server.url, limits=Limits(total_s=0.5, connect_s=0.5, read_s=60))


def test_a_reply_that_announces_too_much_is_not_read() -> None:
    with ModelServer(raw=[b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"]) as server, pytest.raises(ReplyTooLarge):
        send(server.url)


def test_an_endless_reply_is_cut_at_the_cap() -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with ModelServer(raw=itertools.chain([head], itertools.repeat(chunk))) as server, pytest.raises(ReplyTooLarge):
        send(server.url)


def test_a_compressed_reply_is_refused_before_it_can_grow() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    with ModelServer(script=[Reply(body=bomb, headers={"Content-Encoding": "gzip"})]) as server, pytest.raises(ReplyTooLarge) as caught:
        send(server.url, limits=Limits(cap_bytes=2**20))
    assert "compresses" in caught.value.detail


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with ModelServer(answer=1) as other, ModelServer(script=[Reply(status=status, headers={"Location": other.url})]) as server:
        with pytest.raises(Redirected):
            send(server.url)
        assert other.requests == 0


@pytest.mark.parametrize(("status", "code"), [(400, "http_4xx"), (404, "http_4xx"), (500, "http_5xx"), (503, "http_5xx")])
def test_a_status_has_a_code(status: int, code: str) -> None:
    with ModelServer(script=[Reply(status=status, body=b"x" * 100_000)]) as server, pytest.raises(BadStatus) as caught:
        send(server.url)
    assert caught.value.code == code
    assert len(caught.value.sample) <= 4096


def test_a_status_says_what_to_look_at() -> None:
    with ModelServer(script=[Reply(status=404)]) as server, pytest.raises(BadStatus, match="404: there is nothing at this path"):
        send(server.url)


def test_a_busy_server_may_say_when_to_come_back() -> None:
    replies = [Reply(status=503, headers={"Retry-After": "7"}), Reply(status=503, json={"error": "loading"})]
    with ModelServer(script=replies) as server:
        pauses = []
        for _ in replies:
            with pytest.raises(BadStatus) as caught:
                send(server.url)
            pauses.append(caught.value.retry_after_s)
        assert pauses == [7.0, None]


def test_what_is_no_http_is_unreachable() -> None:
    with ModelServer(raw=[b"SSH-2.0-OpenSSH_9.6\r\n"]) as server, pytest.raises(EgressError) as caught:
        send(server.url)
    assert caught.value.code == "unreachable"


def test_the_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with ModelServer(answer=1) as proxy, ModelServer(answer=2) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(server.url).body == b"2"
        assert proxy.requests == 0


def test_credentials_do_not_show_in_what_is_printed() -> None:
    request = Outgoing("http://127.0.0.1/", {"Authorization": "Bearer hush"}, b"picture")
    assert "hush" not in repr(request)
    assert "picture" not in repr(request)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="not-a-network"):
        EgressPolicy.of(networks=["not-a-network"])


def test_connections_are_kept_and_reused() -> None:
    async def many(url: str) -> None:
        async with EgressClient(LOCAL, QUICK, connections=1) as client:
            for _ in range(5):
                await client.fetch(Outgoing(url, body=b"x"))

    with ModelServer(answer=1) as server:
        asyncio.run(many(server.url))
        assert server.requests == 5
        assert server.connections == 1
