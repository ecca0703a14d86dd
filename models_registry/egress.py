"""The only way out: HTTP calls to addresses that users gave.

A name is resolved once, every address that it stands for is judged, and the connection goes to the judged literal,
so that a second answer of the resolver (DNS rebinding) is never asked for. Host, SNI and certificate checks keep the
name. Redirects are not followed, the environment's proxies are not used, replies are neither inflated nor larger than
the cap, and one deadline ends whatever drips.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpcore

from models_registry.addresses import Address, EgressError, EgressPolicy, EgressRefused, as_address, port_of

__all__ = [
    "BadStatus", "DeadlinePassed", "EgressClient", "EgressError", "EgressPolicy", "EgressRefused", "Limits", "Outgoing", "Received",
    "Redirected", "ReplyTooLarge", "Unreachable", "fetch_once",
]  # fmt: skip

if find_spec("sniffio") is None:
    # httpcore looks for it several times a request, and Python searches the disk anew for a module that is not there;
    # None in its place says so at once (https://docs.python.org/3/reference/import.html#the-module-cache).
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

USER_AGENT = "Winnow"
SAMPLE_BYTES = 4096
MODEL: Final = "model"
_MAX_ADDRESSES = 8

Whose = Literal["model", "webhook", "picture"]
Resolver = Callable[[str, int], Awaitable[list[Address]]]


class Unreachable(EgressError):
    """No connection, or no HTTP on it."""

    code = "unreachable"


class DeadlinePassed(EgressError):
    """Too slow: the model took longer than its timeout."""

    code = "timeout"


class ReplyTooLarge(EgressError):
    """The reply is above the cap."""

    code = "too_large"


class Redirected(EgressError):
    """The model's server wants to send us elsewhere; we do not go."""

    code = "redirected"


STATUS_HINTS = {
    400: ": it did not understand the request, so check that it speaks the chosen protocol",
    401: ": it wants a secret, or another one",
    403: ": it wants a secret, or another one",
    404: ": there is nothing at this path of it",
    405: ": there is nothing at this path of it that takes images",
    406: ": it does not answer in the form that the chosen protocol asks for",
    415: ": it does not take what the chosen protocol sends",
    422: ": it did not understand the request, so check that it speaks the chosen protocol",
    500: ": it failed, and its own log says why",
    503: ": it starts or is busy; ask again in a while",
}


class BadStatus(EgressError):
    """Any other status than 2xx. ``sample``: the first bytes of the body, for the model's owner alone."""

    def __init__(self, status: int, *, whose: Whose = MODEL, retry_after_s: float | None = None, sample: bytes = b"") -> None:
        hint = STATUS_HINTS.get(status, "") if whose == MODEL else ""
        super().__init__(f"The {whose}'s server answered with HTTP status {status}{hint}.")
        self.code = f"http_{status // 100}xx"
        self.status = status
        self.retry_after_s = retry_after_s
        self.sample = sample


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much. ``total_s`` ends everything from the resolver to the last byte."""

    total_s: float = 120.0
    connect_s: float = 5.0
    read_s: float = 60.0
    cap_bytes: int = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request; headers may hold credentials and are not shown. ``whose``: the server that is spoken of where something goes wrong."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    method: str = "POST"
    whose: Whose = MODEL


@dataclass(frozen=True, slots=True)
class Received:
    """A reply with a status 2xx, whole. ``headers``: by their names in lower case."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, in the resolver's order; a literal is itself."""
    literal = as_address(host)
    if literal is not None:
        return [literal]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("The host of the model's URL is not known.") from error
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that knows its socket: httpcore asks before each request whether it is still open.

    The inner stream answers that by asking the system for everything there is to know about the socket.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket = inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None:
            return _is_readable(self._socket)
        return self._inner.get_extra_info(info)


def _is_readable(sock: socket.socket) -> bool:
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to judged addresses only."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver, *, secure: bool) -> None:
        self._policy = policy
        self._resolver = resolver
        self._secure = secure
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = (await self._resolver(host, port))[:_MAX_ADDRESSES]
        self._policy.judge(addresses, host=host, port=port, secure=self._secure)
        failure: Exception = httpcore.ConnectError("the name stands for no address")
        for address in addresses:
            try:
                return _Stream(await self._inner.connect_tcp(str(address), port, timeout=timeout, socket_options=socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise EgressRefused("socket", "A model is called by TCP only.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def _tls() -> ssl.SSLContext:
    """Return the trust of the machine and of certifi; SSL_CERT_FILE adds an operator's own authority."""
    return httpcore.default_ssl_context()


class EgressClient:
    """Sends requests under a policy and limits, over kept-alive connections; use it as an async context."""

    def __init__(self, policy: EgressPolicy, limits: Limits, *, connections: int = 16, resolver: Resolver = resolve) -> None:
        self.policy = policy
        self.limits = limits
        self._connections = connections
        self._resolver = resolver
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    def _pool(self, scheme: str) -> httpcore.AsyncConnectionPool:
        """Return the connections of a scheme. They are made when they are first wanted: to read the certificates takes its time."""
        if scheme not in self._pools:
            self._pools[scheme] = httpcore.AsyncConnectionPool(
                ssl_context=_tls() if scheme == "https" else None,
                network_backend=_GuardedBackend(self.policy, self._resolver, secure=scheme == "https"),
                max_connections=self._connections,
                max_keepalive_connections=self._connections,
                keepalive_expiry=15.0,
            )
        return self._pools[scheme]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def fetch(self, request: Outgoing) -> Received:
        """Send a request and return its reply; raise one of the kinds of ``EgressError``."""
        url = self.policy.check_url(request.url)
        server = f"the {request.whose}'s server"
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path)
        headers = {"Host": url.netloc.decode("ascii"), "User-Agent": USER_AGENT, **request.headers}
        # Nothing compressed: a small reply cannot become a large one, and every byte counts once.
        headers |= {"Accept-Encoding": "identity", "Content-Length": str(len(request.body))}
        timeouts = {"connect": self.limits.connect_s, "read": self.limits.read_s, "write": self.limits.read_s, "pool": self.limits.total_s}
        try:
            async with (
                asyncio.timeout(self.limits.total_s),
                self._pool(url.scheme).stream(
                    request.method, target, headers=list(headers.items()), content=request.body, extensions={"timeout": timeouts}
                ) as response,
            ):
                return await self._received(response, request.whose)
        except httpcore.ConnectTimeout as error:
            raise Unreachable(f"No connection to {server} within {self.limits.connect_s:g} seconds.") from error
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise DeadlinePassed(f"{server.capitalize()} did not answer within {self.limits.total_s:g} seconds.") from error
        except httpcore.ConnectError as error:
            raise Unreachable(f"No connection to {server} at {_shown(url.host)}:{port_of(url)}. Is it running there?") from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            raise Unreachable(f"{server.capitalize()} closed the connection or does not speak HTTP.") from error
        except (httpcore.LocalProtocolError, UnicodeEncodeError) as error:
            raise EgressRefused("host", "The URL or a secret holds characters that HTTP does not allow.") from error

    async def _received(self, response: httpcore.Response, whose: Whose) -> Received:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        if 300 <= response.status < 400:
            raise Redirected(f"The {whose}'s server redirects to another address; give the final URL instead.")
        if not 200 <= response.status < 300:
            sample = await _read(response, SAMPLE_BYTES, whose, cut=True)
            raise BadStatus(response.status, whose=whose, retry_after_s=_retry_after(headers.get("retry-after", "")), sample=sample)
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise ReplyTooLarge(f"The {whose}'s server compresses its replies although it was asked not to; switch that off.")
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.limits.cap_bytes:
            raise _too_large(self.limits.cap_bytes, whose)
        return Received(response.status, headers.get("content-type", ""), await _read(response, self.limits.cap_bytes, whose), headers)


async def _read(response: httpcore.Response, cap_bytes: int, whose: Whose, *, cut: bool = False) -> bytes:
    """Return the body as it comes off the wire, at most ``cap_bytes`` of it."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_stream():
        parts.append(part)
        size += len(part)
        if size > cap_bytes:
            if cut:
                break
            raise _too_large(cap_bytes, whose)
    return b"".join(parts)[:cap_bytes]


def _shown(host: str) -> str:
    """Return a host as it stands before a port: IPv6 addresses hold colons of their own."""
    return f"[{host}]" if ":" in host else host


def _too_large(cap_bytes: int, whose: Whose) -> ReplyTooLarge:
    way_out = "; the model's options can raise this" if whose == MODEL else ""
    return ReplyTooLarge(f"The reply is larger than the {cap_bytes / 2**20:g} MiB that are read{way_out}.")


def _retry_after(header: str) -> float | None:
    """Return the pause (s) that a busy server asks for in its header; what its body says is for the protocol to read."""
    return float(header) if header.strip().isdecimal() else None


def fetch_once(policy: EgressPolicy, limits: Limits, request: Outgoing, *, resolver: Resolver = resolve) -> Received:
    """Send one request from code that is not asynchronous."""

    async def send() -> Received:
        async with EgressClient(policy, limits, connections=1, resolver=resolver) as client:
            return await client.fetch(request)

    return asyncio.run(send())
