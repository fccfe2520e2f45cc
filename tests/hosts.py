"""Hosts of a network of their own: network namespaces on a bridge, which has an address on this machine too."""

import ipaddress
import re
import secrets
import shutil
import subprocess
from contextlib import ExitStack, contextmanager


class Hosts:
    """So many hosts. `apart`: whether each is a namespace of its own; else all of them are this machine's loopback."""

    def __init__(self, names=(), addresses=(), links=()):
        self.names, self.addresses, self.links = names, addresses, links
        self.apart = bool(names)

    def on(self, host):
        """Return the words before a command that runs on a host, and the host's address, as `Cluster` asks for them."""
        if not self.apart:
            return (), "127.0.0.1"
        return ("ip", "netns", "exec", self.names[host]), self.addresses[host]

    def unplug(self, host):
        """Take a host's link down: what is sent vanishes, and nothing is answered."""
        ip("link", "set", self.links[host], "down")

    def plug(self, host):
        """Take a host's link up again."""
        ip("link", "set", self.links[host], "up")


@contextmanager
def hosts(count=3):
    """Yield so many hosts, which are removed after the block, whatever became of it.

    Each is a namespace where that can be made, by root and iproute2, and the loopback interface elsewhere.
    """
    with ExitStack() as stack:
        try:
            there = _made(count, stack)
        except (OSError, subprocess.CalledProcessError):
            stack.close()
            there = Hosts()
        yield there


def _made(count, stack):
    """Make the namespaces, and note with the stack how they are removed."""
    if shutil.which("ip") is None:
        raise FileNotFoundError("ip")
    mark, network = secrets.token_hex(3), _free_network()
    bridge = f"fnn{mark}b"
    here, *addresses = (str(address) for _, address in zip(range(count + 1), network.hosts(), strict=False))
    names, links = [f"fnn-{mark}-{k}" for k in range(count)], [f"fnn{mark}v{k}" for k in range(count)]
    ip("link", "add", bridge, "type", "bridge")
    stack.callback(_removed, "link", "del", bridge)
    ip("addr", "add", f"{here}/{network.prefixlen}", "dev", bridge)
    ip("link", "set", bridge, "up")
    for name, link, address in zip(names, links, addresses, strict=True):
        ip("netns", "add", name)
        stack.callback(_removed, "netns", "del", name)
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        stack.callback(_removed, "link", "del", link)  # with its other end
        ip("link", "set", link, "master", bridge, "up")
        ip("-n", name, "addr", "add", f"{address}/{network.prefixlen}", "dev", "eth0")
        for inside in ("lo", "eth0"):
            ip("-n", name, "link", "set", inside, "up")
    ip("netns", "exec", names[0], "true")
    return Hosts(names, addresses, links)


def _free_network():
    """Return a network of 254 addresses that nothing here has a route to yet, at random so that tests do not meet."""
    taken = [ipaddress.ip_network(text, strict=False) for text in re.findall(r"\d+(?:\.\d+){3}/\d+", ip("route"))]
    while True:
        network = ipaddress.ip_network((f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.0", 24))
        if not any(network.overlaps(other) for other in taken):
            return network


def ip(*words):
    """Return what iproute2 prints; CalledProcessError where it fails."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def _removed(*words):
    subprocess.run(["ip", *words], check=False, capture_output=True)
