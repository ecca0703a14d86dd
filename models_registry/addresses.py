"""Which addresses a model's URL may reach: one frozen policy, and no sockets.

The default lets nothing private through. An operator names networks (``WINNOW_MODEL_NETWORKS``) or hosts
(``WINNOW_MODEL_HOSTS``); the addresses at which clouds keep their credentials stay shut even then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal
from urllib.parse import urlsplit

import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Reason = Literal["scheme", "host", "credentials", "port", "https", "private", "metadata", "name", "socket", "long"]

MAX_URL = 2000
# Link-local and well-known addresses of AWS, GCP, Azure, ECS, EKS, Alibaba, Oracle and IBM metadata services.
METADATA: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "169.254.169.253/32", "169.254.0.0/16",
        "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128",
    )
)  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
_COMPATIBLE = ip_network("::/96")


class EgressError(Exception):
    """A call that gave no usable reply: ``code`` for programs, ``detail`` for the person who asked.

    EgressError
    ├── EgressRefused   refused_address  the policy forbids the address
    ├── Unreachable     unreachable      no connection, or no HTTP on it
    ├── DeadlinePassed  timeout          too slow
    ├── ReplyTooLarge   too_large        above the cap
    ├── Redirected      redirected       3xx
    └── BadStatus       http_4xx/5xx     any other status than 2xx
    """

    code = "unreachable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class EgressRefused(EgressError):
    """The policy forbids the address; ``reason`` is a short word for it. The address itself is never told."""

    code = "refused_address"

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class EgressPolicy:
    """What may be called.

    ``networks``: address ranges that the operator vouches for, with any port and without TLS. ``hosts``: names
    likewise (``*.example.org`` for all below). ``ports``: (first, last) for everything else, where https is required.
    ``allow_loopback``: this machine, for a start on one's own.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    ports: tuple[tuple[int, int], ...] = ((80, 80), (443, 443), (8000, 9999))
    allow_loopback: bool = False

    @classmethod
    def of(cls, *, networks: Iterable[str] = (), hosts: Iterable[str] = (), allow_loopback: bool = False) -> EgressPolicy:
        """Read a policy from texts; ValueError names the one that is no network."""
        return cls(
            networks=tuple(ip_network(text, strict=False) for text in networks),
            hosts=frozenset(host.strip().rstrip(".").casefold() for host in hosts),
            allow_loopback=allow_loopback,
        )

    def check_url(self, url: str) -> httpx.URL:
        """Return the parsed URL; raise ``EgressRefused`` for what can be told without asking for its address."""
        parsed = _parsed(url)
        if parsed.scheme not in ("http", "https"):
            raise EgressRefused("scheme", "The URL starts with http:// or https://.")
        if not parsed.host:
            raise EgressRefused("host", "The URL names a host.")
        if parsed.userinfo:
            raise EgressRefused("credentials", "Leave the user name and password out of the URL; secrets have fields of their own.")
        literal = as_address(parsed.host)
        if literal is not None:
            self.judge([literal], host=parsed.host, port=port_of(parsed), secure=parsed.scheme == "https")
        return parsed

    def judge(self, addresses: Iterable[Address], *, host: str, port: int, secure: bool) -> None:
        """Raise ``EgressRefused`` unless every address that a name stands for may be called."""
        vouched_host = self._vouches_for(host)
        for address in addresses:
            forms = embedded(address)
            if any(form in network for form in forms for network in METADATA if network.version == form.version):
                raise EgressRefused("metadata", "This address belongs to the hosting machine's own services and is never called.")
            if vouched_host or all(self._vouches_for_address(form) for form in forms):
                continue
            if not all(is_public(form) for form in forms):
                raise EgressRefused(
                    "private", "This address is private. The operator of this deployment can allow it with WINNOW_MODEL_NETWORKS."
                )
            if not any(first <= port <= last for first, last in self.ports):
                raise EgressRefused("port", f"Port {port} is not one that is called; use 80, 443 or 8000 to 9999.")
            if not secure:
                raise EgressRefused("https", "On the internet only https:// is called.")

    def _vouches_for(self, host: str) -> bool:
        name = host.rstrip(".").casefold()
        return name in self.hosts or any(wild.startswith("*.") and name.endswith(wild[1:]) for wild in self.hosts)

    def _vouches_for_address(self, address: Address) -> bool:
        if self.allow_loopback and address.is_loopback:
            return True
        return any(address in network for network in self.networks if network.version == address.version)


def _parsed(url: str) -> httpx.URL:
    if len(url) > MAX_URL:
        raise EgressRefused("long", f"A URL has at most {MAX_URL} characters.")
    try:
        parsed = httpx.URL(url)
        str(parsed.host)  # decodes the name, and not every name that starts with xn-- can be
    except (httpx.InvalidURL, ValueError) as error:
        raise EgressRefused("host", f"This is no URL: {error}") from error
    if parsed.port is not None and not 1 <= parsed.port <= 65_535:
        raise EgressRefused("port", "A port is a number from 1 to 65535.")
    return parsed


@lru_cache(maxsize=256)
def same_server(one: str, other: str) -> bool:
    """Tell whether two URLs lead to the same scheme, host and port: only there may a secret go."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme.casefold(), first.netloc.casefold()) == (second.scheme.casefold(), second.netloc.casefold())


def port_of(url: httpx.URL) -> int:
    """Return the port, that of the scheme when none is written."""
    return url.port or (443 if url.scheme == "https" else 80)


def as_address(host: str) -> Address | None:
    """Return the address that a host is written as, None for a name (and for 0x7f.1, which the resolver reads)."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def embedded(address: Address) -> list[Address]:
    """Return the address and every IPv4 address inside it (mapped, compatible, 6to4, Teredo, NAT64)."""
    forms: list[Address] = [address]
    if isinstance(address, IPv4Address):
        return forms
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in _NAT64:  # what a network without IPv4 makes of every IPv4 address
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour:
        forms.append(address.sixtofour)
    if address.teredo:
        forms.extend(address.teredo)
    if address in _LOCAL_NAT64 or (address in _COMPATIBLE and int(address) > 1):
        forms.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return forms


def is_public(address: Address) -> bool:
    """Tell whether an address lies in the public internet and stands for one machine."""
    unicast = not (address.is_multicast or address.is_unspecified or address.is_reserved or address.is_link_local)
    return unicast and address.is_global
