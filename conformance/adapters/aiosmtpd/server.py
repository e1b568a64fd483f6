"""aiosmtpd under smtpspec: an SMTP server that tells what its hooks see.

What aiosmtpd offers as a handler hook (``handle_*``) is taken there; what it does not offer - the beginning and
the end of a connection, the start of DATA, HELP - is taken by overriding the methods of its SMTP class.
The protocol is in ../EVENT-STREAM.md, what the three Python servers share in ../python/smtpspec_events.py.
"""

import asyncio
import inspect
import re
from importlib.metadata import version

from aiosmtpd import smtp
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP
from smtpspec_events import Failed, Observed, Rejected, digest, environment, lmtp, octets, show_address, tls

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

# What is seen without hooks.
OVERRIDDEN = ["OnConnect", "OnDataCommand", "OnHelpCommand", "OnDisconnect"]

HAS_HOOKS = hasattr(SMTP, "_call_handler_hook")

VERSION = version("aiosmtpd")

# As far as differences between releases matter here: 1.4.6 is (1, 4), and so is 1.4.4.post2.
RELEASE = tuple(map(int, re.findall(r"\d+", VERSION)[:2]))


class Server(SMTP):
    """aiosmtpd's server with an ear at each point where an event belongs."""

    # The event of the command that is being worked on, and the code that aiosmtpd is going to accept it with.
    pending = None

    def __init__(self, stream, **options):
        self.stream = stream
        self.observed = None
        super().__init__(handler(), **options)

    def connection_made(self, transport):
        if self.observed:
            # Called once more when a STARTTLS handshake is done: no new connection.
            super().connection_made(transport)
            return
        self.observed = Observed(self.stream, transport.get_extra_info("peername"))
        local = show_address(transport.get_extra_info("sockname"))
        self.at_connect = self.observed.fire("OnConnect", local=local)
        super().connection_made(transport)

    async def _handle_client(self):
        # aiosmtpd has no hook that could refuse a connection: the script is played where it would stand.
        try:
            await self.play(self.at_connect)
        except Rejected as refusal:
            await self.refuse_connection(str(refusal))
        except Failed as error:
            await self.refuse_connection(await self.handle_exception(error))
        else:
            await super()._handle_client()

    async def refuse_connection(self, reply):
        self.observed.ends("DroppedSession")
        await self.push(reply)
        self.transport.close()

    def connection_lost(self, error):
        # Told even when aiosmtpd's own clean-up fails.
        try:
            super().connection_lost(error)
        finally:
            self.observed.disconnect()

    async def smtp_STARTTLS(self, arg):
        try:
            await super().smtp_STARTTLS(arg)
        except smtp.TLSSetupException:
            # What came was no handshake: aiosmtpd gives the session up.
            self.observed.ends("DroppedSession")
            raise

    def _timeout_cb(self):
        self.observed.ends("Timeout")
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
            raise Failed
        elif name == "drop":
            self.observed.ends("DroppedSession")
            await self.push("421 4.3.2 the session is dropped")
            self.transport.close()
            # As a handler that ends its own session does: nothing after this is run.
            raise asyncio.CancelledError

    async def smtp_QUIT(self, arg):
        if not arg:
            self.observed.ends("QuitVerb")
        await super().smtp_QUIT(arg)

    # aiosmtpd has no hook for HELP, and that for DATA comes when the message has. Both events are taken where
    # aiosmtpd is about to accept the command, after all its checks.

    async def smtp_HELP(self, arg):
        await self.observe(super().smtp_HELP, arg, "250", "OnHelpCommand", argument=octets(arg or ""))

    async def smtp_DATA(self, arg):
        await self.observe(super().smtp_DATA, arg, "354", "OnDataCommand")

    async def observe(self, command, arg, code, event, **args):
        self.pending = (code, event, args)
        try:
            await command(arg)
        except Rejected as refusal:
            await self.push(str(refusal))
        finally:
            self.pending = None

    async def push(self, status):
        if self.pending and status.startswith(self.pending[0]):
            (_, event, args), self.pending = self.pending, None
            await self.hook(event, **args)
        elif status.startswith("502 5.5.1 Too many"):
            # What aiosmtpd says, and nothing else says, when it closes after too many errors.
            self.observed.ends("TooManyErrors")
        await super().push(status)


class LmtpServer(Server, LMTP):
    """The same in aiosmtpd's LMTP: what it overrides stands behind what is overridden here."""


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
        try:
            await server.hook("OnEndOfData", content=digest(envelope.original_content))
        except Rejected as refusal:
            return str(refusal)
        return smtp.MISSING

    async def handle_RSET(self, server, session, envelope):
        return await self.simple(server, "OnRsetCommand")

    async def handle_NOOP(self, server, session, envelope, argument):
        return await self.simple(server, "OnNoopCommand", argument=octets(argument or ""))

    async def simple(self, server, event, **args):
        try:
            await server.hook(event, **args)
        except Rejected as refusal:
            return str(refusal)
        return smtp.MISSING


class HandlerBefore13(Handler):
    """For releases that send the keywords of EHLO first and then ask the hook for the last line."""

    async def handle_EHLO(self, server, session, envelope, hostname):
        return (await super().handle_EHLO(server, session, envelope, hostname, ["250 HELP"]))[-1]


class HandlerBefore11(HandlerBefore13):
    """For releases whose NOOP takes no argument."""

    async def handle_NOOP(self, server, session, envelope):
        return await self.simple(server, "OnNoopCommand", argument="")


class HandlerBeforeHooks:
    """For 1.0a1 to 1.0a4, which have no hooks: only what is overridden can be seen."""

    def process_message(self, *args, **options):
        return None


def handler():
    """A handler as this release takes it."""
    if not HAS_HOOKS:
        return HandlerBeforeHooks()
    if RELEASE < (1, 1):
        return HandlerBefore11()
    return Handler() if RELEASE >= (1, 3) else HandlerBefore13()


async def serve(listen, stream, idle):
    """Serves for ever."""
    loop = asyncio.get_running_loop()
    # aiosmtpd counts from the last command, not from the last octet: some more, so that a large message has the time.
    options = {"hostname": "mx.example.org", "loop": loop, "timeout": 3 * idle}
    # Releases before 1.2 never drop a silent client, 1.0a1 always says the machine's own name.
    taken = inspect.signature(SMTP.__init__).parameters
    offered, context = tls()
    if offered == "starttls":
        options["tls_context"] = context
    options = {name: value for name, value in options.items() if name in taken}
    protocol = LmtpServer if lmtp() else Server
    server = await loop.create_server(
        lambda: protocol(stream, **options), *listen, backlog=1024, ssl=context if offered == "implicit" else None
    )
    stream.hello("aiosmtpd", f"aiosmtpd {VERSION}", EVENTS if HAS_HOOKS else OVERRIDDEN, disconnect_reason=True)
    await server.serve_forever()


asyncio.run(serve(*environment()))
