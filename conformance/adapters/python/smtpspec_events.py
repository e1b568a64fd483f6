"""What the adapters written in Python share: the event stream and handler scripts (../EVENT-STREAM.md).

Knows nothing of any server. Only the standard library, and no newer Python than 3.8: old releases of the servers
need old interpreters.
"""

import hashlib
import json
import os
import socket
import ssl
import sys
import threading
import time


def environment():
    """Where to listen, the stream of events, and the seconds of silence after which a client is dropped."""
    try:
        listen = address(os.environ["SMTPSPEC_LISTEN"])
        events = address(os.environ["SMTPSPEC_EVENTS"])
        idle = int(os.environ.get("SMTPSPEC_IDLE_MS", "300000")) / 1000
    except (KeyError, ValueError) as error:
        sys.exit(f"{sys.argv[0]}: started without its environment, see ../README.md: {error!r}")
    return listen, Stream(events), idle


def lmtp():
    """Whether the server is to speak LMTP."""
    return os.environ.get("SMTPSPEC_PROTOCOL") == "lmtp"


def tls():
    """What TLS is to be offered, ``starttls`` or ``implicit``, and the context for it; twice None where none is."""
    name = os.environ.get("SMTPSPEC_TLS")
    if name is None:
        return None, None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["SMTPSPEC_TLS_CERT"], os.environ["SMTPSPEC_TLS_KEY"])
    return name, context


def address(text):
    """``127.0.0.1:25`` as host and port."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def show_address(pair):
    """Host and port as smtpspec writes them."""
    host, port = pair[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def octets(value):
    """Octets, or a string with octets beyond UTF-8 as lone surrogates, in the event stream's escaped form."""
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    return "".join(
        "\\\\" if c == "\\" else f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c
        for c in text
    )


def digest(content):
    """Of a header section or a whole content."""
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


class Stream:
    """The connection to smtpspec: events go out, handler scripts come in."""

    def __init__(self, where):
        self.socket = socket.create_connection(where)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lock = threading.Lock()
        self.scripts = {}
        self.connections = 0

    def hello(self, adapter, server, events, **semantics):
        """The first line; from then on scripts are taken."""
        self.write({
            "smtpspec-events": 1,
            "adapter": adapter,
            "server": server,
            "events": events,
            "semantics": {"clock": True, "scripts": True, **semantics},
        })
        threading.Thread(target=self.read_scripts, daemon=True).start()

    def write(self, line):
        """Blocks until the line is on its way: an event is out before the reply to its command."""
        with self.lock:
            self.socket.sendall(json.dumps(line).encode() + b"\n")

    def read_scripts(self):
        """Takes scripts until smtpspec goes away, and then leaves with it."""
        try:
            with self.socket.makefile("rb") as lines:
                for line in lines:
                    script = json.loads(line)
                    self.scripts[script["peer"]] = script["handlers"]
                    self.write({"ready": script["peer"]})
        finally:
            os._exit(0)


class Rejected(Exception):
    """A script refuses what a hook was called for; says with which reply."""


class Failed(RuntimeError):
    """A script fails, as a bug in a handler does."""

    def __init__(self):
        super().__init__("a handler failed, as its script says")


class Observed:
    """What is told of one connection, and the script that its handlers play."""

    def __init__(self, stream, peer):
        stream.connections += 1
        self.stream = stream
        self.session = f"{stream.connections}"
        self.peer = show_address(peer)
        self.rules = stream.scripts.pop(self.peer, [])
        self.seq = 0
        self.counts = {}
        self.reason = None

    def ends(self, reason):
        """Why the session ends; the first reason counts."""
        self.reason = self.reason or reason

    def disconnect(self):
        """Tells of the end."""
        self.fire("OnDisconnect", reason=self.reason or "SenderDisconnected")

    def fire(self, event, **args):
        """Tells of an event; returns what the script does with it, as a name and its value."""
        self.seq += 1
        self.stream.write({
            "session": self.session,
            "seq": self.seq,
            "at": time.time_ns(),
            "peer": self.peer,
            "event": event,
            "args": args,
        })
        nth = self.counts[event] = self.counts.get(event, 0) + 1
        for rule in self.rules:
            if rule["event"] == event and rule["nth"] == nth:
                action = rule["action"]
                return (action, None) if isinstance(action, str) else next(iter(action.items()))
        return ("accept", None)
