"""What names a server, HOST:PORT or a target of gRPC, and the proxy that may stand before it."""

from __future__ import annotations

import ipaddress
import os
import re
import urllib.parse
from collections.abc import Mapping

from nst_client.contract import DEFAULT_SERVER
from nst_client.errors import RequestRefused

# gRPC's own resolvers; what follows them is theirs to judge. Those without a network never meet a proxy.
WITHOUT_NETWORK = ("unix:", "unix-abstract:", "vsock:")
SCHEMES = ("dns:", "ipv4:", "ipv6:", "xds:", *WITHOUT_NETWORK)

# What gRPC reads, in small letters only: the first that is set counts, and then the first that makes exceptions.
PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")
EXCEPTION_VARIABLES = ("no_grpc_proxy", "no_proxy")

NAME_ONE = f"Name the server's gRPC port, as in {DEFAULT_SERVER}."
PORT_ALONE = f"Name the gRPC port alone, as in {DEFAULT_SERVER}: REST's is another one."
HOST = r"[\w.-]+|\[[0-9a-f:.]+(%\w+)?\]"
PORT = r"0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"  # 1 to 65535

# What people type in place of HOST:PORT, as a pattern for all of it; what is wrong; what to do. The first that fits.
FAULTS = (
    (r"", "there is no address", NAME_ONE),
    (r"https:.*", "gRPC has no https://", f"{PORT_ALONE} To speak TLS, pass --tls."),
    (r"http:.*|[^:]+://.*", "it is a URL", PORT_ALONE),
    (r"[^/]*/.*", "it holds a path", PORT_ALONE),
    (r".*,.*", "it holds a comma", "Pass --server once for each server."),
    (r"[0-9]+", "the host is missing", NAME_ONE),
    (r"[^:]*:?|\[.*\]:?", "the port is missing", NAME_ONE),
    (r"[^[].*:.*:.*|:.*:.*", "an IPv6 address needs brackets", "Put the host into brackets, as in [::1]:8500."),
    (r":.*", "the host is missing", NAME_ONE),
    (rf"(?!({HOST}):).*", "the host's name cannot be one", NAME_ONE),
    (rf"(?!.*:{PORT}$).*", "the port is no whole number from 1 to 65535", NAME_ONE),
)


def checked_address(address: str) -> str:
    """An address without blanks around it.

    Raises:
        RequestRefused: it is neither HOST:PORT nor a target with one of gRPC's schemes.
    """
    address = address.strip()
    if address.startswith(SCHEMES):
        return address
    for pattern, what, remedy in FAULTS:
        if re.fullmatch(pattern, address, re.IGNORECASE | re.DOTALL):
            raise RequestRefused(f"server: must be HOST:PORT, got {address!r}: {what}.", remedy, input="server")
    return address


def hosts_of(address: str) -> list[str]:
    """The hosts in an address: one, unless it is a list of gRPC's."""
    scheme = next((scheme for scheme in SCHEMES if address.startswith(scheme)), "")
    path = urllib.parse.unquote(address[len(scheme) :])
    if path.startswith("//"):  # dns://NAME-SERVER/HOST:PORT
        path = path[2:].partition("/")[2]
    return [re.sub(r":\d*$", "", part).strip("[]") for part in path.split(",")]


def is_on_this_machine(address: str) -> bool:
    """Whether all hosts of an address are this machine, by their names alone."""
    return address.startswith(WITHOUT_NETWORK) or all(map(_is_loopback, hosts_of(address)))


def _is_loopback(host: str) -> bool:
    ip = _ip(host)
    if ip is None:
        name = host.lower().rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_unspecified  # a client that calls 0.0.0.0 calls its own machine


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def proxy_variable(address: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The environment variable whose proxy gRPC uses for an address; None where it connects directly."""
    variable = next((name for name in PROXY_VARIABLES if name in environment), None)
    if variable is None or is_on_this_machine(address):
        return None
    if not environment[variable].lower().startswith("http://"):  # gRPC knows no other kind, and logs that
        return None
    exceptions = environment.get(exception_variable(environment), "").split(",")
    host = hosts_of(address)[0]
    return None if any(_is_exception(host, entry.strip()) for entry in exceptions) else variable


def exception_variable(environment: Mapping[str, str] = os.environ) -> str:
    """The variable whose hosts gRPC calls without a proxy."""
    return next((name for name in EXCEPTION_VARIABLES if name in environment), EXCEPTION_VARIABLES[-1])


def _is_exception(host: str, entry: str) -> bool:
    """As gRPC has it: any end of the name, or a range of addresses."""
    if not entry:
        return False
    try:
        network, ip = ipaddress.ip_network(entry, strict=False), _ip(host)
    except ValueError:
        network, ip = None, None
    inside = network is not None and ip is not None and "/" in entry and ip in network
    return inside or host.lower().endswith(entry.lower())
