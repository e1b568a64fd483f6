"""aiosmtpd under smtpspec: an SMTP server that tells what its hooks see.

What aiosmtpd offers as a handler hook (``handle_*``) is taken there; what it does not offer - the beginning and
the end of a connection, the start of DATA, HELP - is taken by overriding the methods of its SMTP class.
The protocol is in ../README.md.
"""

import asyncio
import hashlib
import json
import os
import socket
import sys
import threading
import time

import aiosmtpd
from aiosmtpd.smtp import MISSING, SMTP

EVENTS = [
    "OnConnect",
    "OnHeloCommand",
    "OnEhloCommand",
    "OnMailCommand",
    "OnRcptCommand",
    "OnDataCommand",
    "OnEndOfData",
    "OnHelpCommand",
    "OnNoopCommand",
    "OnRsetCommand",
    "OnDisconnect",
]

HELLO = {
    "smtpspec-events": 1,
    "adapter": "aiosmtpd",
    "server": f"aiosmtpd {aiosmtpd.__version__}",
    "events": EVENTS,
    "semantics": {"disconnect_reason": True, "clock": True, "scripts": True},
}


def address(text):
    """``127.0.0.1:25`` as host and port."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def show_address(pair):
    """Host and port as smtpspec writes them."""
    host, port = pair[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def octets(text):
    """A string of aiosmtpd's (octets beyond UTF-8 as lone surrogates) in the event stream's escaped form."""
    return "".join(
        "\\\\" if c == "\\" else f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c
        for c in text
    )


class Stream:
    """The connection to smtpspec: events go out, handler scripts come in."""

    def __init__(self, where):
        self.socket = socket.create_connection(where)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lock = threading.Lock()
        self.scripts = {}

    def write(self, line):
        """Blocks until the line is on its way: an event is out before the reply to its command."""
        with self.lock:
            self.socket.sendall(json.dumps(line).encode() + b"\n")

    def read_scripts(self):
        """Takes scripts until smtpspec goes away, and then leaves with it."""
        with self.socket.makefile("rb") as lines:
            for line in lines:
                script = json.loads(line)
                self.scripts[script["peer"]] = script["handlers"]
                self.write({"ready": script["peer"]})
        os._exit(0)


class Rejected(Exception):
    """A script refuses what a hook was called for."""


class Observed:
    """What is told of one connection, and the script that its handlers play."""

    def __init__(self, stream, number, peer):
        self.stream = stream
        self.session = f"a{number}"
        self.peer = show_address(peer)
        self.rules = stream.scripts.pop(self.peer, [])
        self.seq = 0
        self.counts = {}
        self.reason = "SenderDisconnected"

    def fire(self, event, **args):
        """Tells of an event; returns what the script does with it: None, or a name and its value."""
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


class Server(SMTP):
    """aiosmtpd's server with an ear at each point where an event belongs."""

    connections = 0
    before_354 = False

    def __init__(self, stream, **options):
        self.stream = stream
        self.observed = None
        super().__init__(Handler(), **options)

    def connection_made(self, transport):
        Server.connections += 1
        self.observed = Observed(self.stream, Server.connections, transport.get_extra_info("peername"))
        local = show_address(transport.get_extra_info("sockname"))
        self.at_connect = self.observed.fire("OnConnect", local=local)
        super().connection_made(transport)

    async def _handle_client(self):
        # aiosmtpd has no hook that could refuse a connection: the script is played where it would stand.
        try:
            await self.play(self.at_connect)
        except Rejected as refusal:
            await self.refuse_connection(str(refusal))
        except RuntimeError as error:
            await self.refuse_connection(await self.handle_exception(error))
        else:
            await super()._handle_client()

    async def refuse_connection(self, reply):
        self.observed.reason = "DroppedSession"
        await self.push(reply)
        self.transport.close()

    def connection_lost(self, error):
        # Told even when aiosmtpd's own clean-up fails.
        try:
            super().connection_lost(error)
        finally:
            self.observed.fire("OnDisconnect", reason=self.observed.reason)

    def _timeout_cb(self):
        self.observed.reason = "Timeout"
        super()._timeout_cb()

    async def hook(self, event, **args):
        """Tells of an event and plays the script; returns normally when the event is accepted."""
        await self.play(self.observed.fire(event, **args))

    async def play(self, action):
        name, value = action
        if name == "sleep":
            await asyncio.sleep(value / 1000)
        elif name == "reject":
            raise Rejected(value)
        elif name == "fail":
            raise RuntimeError("a handler failed, as its script says")
        elif name == "drop":
            self.observed.reason = "DroppedSession"
            await self.push("421 4.3.2 the session is dropped")
            self.transport.close()
            # As a handler that ends its own session does: nothing after this is run.
            raise asyncio.CancelledError

    async def smtp_QUIT(self, arg):
        if not arg:
            self.observed.reason = "QuitVerb"
        await super().smtp_QUIT(arg)

    async def smtp_HELP(self, arg):
        try:
            await self.hook("OnHelpCommand", argument=octets(arg or ""))
        except Rejected as refusal:
            await self.push(str(refusal))
            return
        await super().smtp_HELP(arg)

    async def smtp_DATA(self, arg):
        # aiosmtpd's hook for DATA comes when the message has. The start of DATA is where its 354 is pushed.
        self.before_354 = True
        try:
            await super().smtp_DATA(arg)
        except Rejected as refusal:
            await self.push(str(refusal))
        finally:
            self.before_354 = False

    async def push(self, status):
        if self.before_354 and status.startswith("354"):
            self.before_354 = False
            await self.hook("OnDataCommand")
        elif status.startswith("502 5.5.1 Too many"):
            # What aiosmtpd says, and nothing else says, when it closes after too many errors. It may have heard
            # QUIT before: commands pipelined behind that are still read.
            if self.observed.reason == "SenderDisconnected":
                self.observed.reason = "TooManyErrors"
        await super().push(status)


class Handler:
    """aiosmtpd's own hooks. Each returns what aiosmtpd would answer by itself, or the script's refusal."""

    async def handle_HELO(self, server, session, envelope, hostname):
        try:
            await server.hook("OnHeloCommand", domain=octets(hostname))
        except Rejected as refusal:
            return str(refusal)
        session.host_name = hostname
        return f"250 {server.hostname}"

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        try:
            await server.hook("OnEhloCommand", domain=octets(hostname))
        except Rejected as refusal:
            return [str(refusal)]
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, path, options):
        try:
            await server.hook("OnMailCommand", reverse_path=octets("" if path == "<>" else path))
        except Rejected as refusal:
            return str(refusal)
        envelope.mail_from = path
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, path, options):
        try:
            await server.hook("OnRcptCommand", forward_path=octets(path))
        except Rejected as refusal:
            return str(refusal)
        envelope.rcpt_tos.append(path)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        content = envelope.original_content
        digest = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        try:
            await server.hook("OnEndOfData", content=digest)
        except Rejected as refusal:
            return str(refusal)
        return MISSING

    async def handle_RSET(self, server, session, envelope):
        return await self.simple(server, "OnRsetCommand")

    async def handle_NOOP(self, server, session, envelope, argument):
        return await self.simple(server, "OnNoopCommand", argument=octets(argument or ""))

    async def simple(self, server, event, **args):
        try:
            await server.hook(event, **args)
        except Rejected as refusal:
            return str(refusal)
        return MISSING


async def serve(listen, stream, idle):
    """Serves for ever."""

    def session():
        return Server(stream, hostname="mx.example.org", timeout=idle, loop=loop)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, *listen, backlog=1024)
    stream.write(HELLO)
    threading.Thread(target=stream.read_scripts, daemon=True).start()
    await server.serve_forever()


def main():
    try:
        listen = address(os.environ["SMTPSPEC_LISTEN"])
        events = address(os.environ["SMTPSPEC_EVENTS"])
        idle = int(os.environ.get("SMTPSPEC_IDLE_MS", "300000")) / 1000
    except (KeyError, ValueError) as error:
        sys.exit(f"server.py: started without its environment, see ../README.md: {error!r}")
    asyncio.run(serve(listen, Stream(events), idle))


main()
