"""Twisted's mail server protocol under smtpspec: an ESMTP subclass that tells what its hooks see.

The hooks are those that a server built on ``twisted.mail.smtp`` overrides: connectionMade, the commands that it has no
question about (do_HELO and so on), validateFrom, validateTo, IMessage, connectionLost. The protocol is in
../EVENT-STREAM.md, what the three Python servers share in ../python/smtpspec_events.py.
"""

import os
from importlib.metadata import version

from smtpspec_events import Failed, Observed, digest, environment, octets, show_address
from twisted.internet import defer, error, reactor, ssl, task
from twisted.mail.smtp import ESMTP, IMessage, SMTPFactory, SMTPServerError
from zope.interface import implementer

EVENTS = [
    "OnConnect",
    "OnHeloCommand",
    "OnEhloCommand",
    "OnMailCommand",
    "OnRcptCommand",
    "OnDataCommand",
    "OnEndOfHeaders",
    "OnEndOfData",
    "OnRsetCommand",
    "OnDisconnect",
]


# How a connection with TLS ends when the client is to blame: its handshake fails, or it goes without a close_notify.
TLS_ENDS = (ssl.SSL.Error,) if ssl.supported else ()


class Drop(SMTPServerError):
    """A script ends the session: what answers for it says 421."""

    def __init__(self):
        super().__init__(421, "4.3.2 the session is dropped")


def shown(path):
    """An address as the client sent it, without the angle brackets."""
    sent = path.addrstr
    return octets(sent[1:-1] if sent.startswith(b"<") else sent)


class Server(ESMTP):
    """Twisted's server with an ear at each point where an event belongs."""

    observed = None
    message = None

    def connectionMade(self):
        peer, local = self.transport.getPeer(), self.transport.getHost()
        self.observed = Observed(self.factory.stream, (peer.host, peer.port))
        local = show_address((local.host, local.port))
        try:
            self.hook("OnConnect", local=local)
        except SMTPServerError as refusal:
            self.observed.ends("DroppedSession")
            self.answer(refusal)
            self.transport.loseConnection()
        else:
            super().connectionMade()

    def timeoutConnection(self):
        self.observed.ends("Timeout")
        super().timeoutConnection()

    def dataReceived(self, data):
        try:
            super().dataReceived(data)
        except Exception:
            # Twisted closes the connection of a protocol that has raised an exception. Inside TLS it does not say so.
            self.observed.ends("DroppedSession")
            raise

    def connectionLost(self, reason):
        if not reason.check(error.ConnectionDone, error.ConnectionLost, *TLS_ENDS):
            self.observed.ends("DroppedSession")
        super().connectionLost(reason)
        self.observed.disconnect()

    def do_QUIT(self, rest):
        self.observed.ends("QuitVerb")
        super().do_QUIT(rest)

    # Commands that Twisted takes without asking anybody: a subclass that wants to be asked overrides them.

    def do_HELO(self, rest):
        self.before(super().do_HELO, rest, "OnHeloCommand", domain=octets(rest))

    def do_EHLO(self, rest):
        self.before(super().do_EHLO, rest, "OnEhloCommand", domain=octets(rest))

    def do_RSET(self, rest):
        self.before(super().do_RSET, rest, "OnRsetCommand")

    def before(self, command, rest, event, **args):
        try:
            self.hook(event, **args)
        except SMTPServerError as refusal:
            self.answer(refusal)
        else:
            command(rest)

    # Twisted's own hooks. These two may answer later.

    def validateFrom(self, helo, origin):
        # A new transaction has a message of its own.
        self.message = None
        return self.hook("OnMailCommand", origin, reverse_path=shown(origin))

    def validateTo(self, user):
        return self.hook("OnRcptCommand", self.begin, forward_path=shown(user.dest))

    def begin(self):
        """Called at DATA, once for each recipient, before the 354: what is to take the message for it?"""
        if self.message:
            return Copy()
        try:
            self.hook("OnDataCommand")
        except SMTPServerError as refusal:
            # DATA wants octets where MAIL and RCPT want a string.
            raise SMTPServerError(refusal.code, refusal.resp.encode())
        self.message = Message(self)
        return self.message

    def receivedHeader(self, helo, origin, recipients):
        return b""

    def answer(self, refusal):
        self.sendCode(refusal.code, refusal.resp.encode())

    def hook(self, event, accepted=None, **args):
        """Tells of an event and plays the script: returns what accepts it, or a Deferred of that, or raises."""
        name, value = self.observed.fire(event, **args)
        if name == "sleep":
            # Where nobody waits for a Deferred, this accepts at once.
            return task.deferLater(reactor, value / 1000, lambda: accepted)
        if name == "reject":
            raise SMTPServerError(int(value[:3]), value[4:])
        if name == "fail":
            raise Failed
        if name == "drop":
            self.observed.ends("DroppedSession")
            self.transport.loseConnection()
            raise Drop
        return accepted


@implementer(IMessage)
class Message:
    """Takes the message for the first recipient, and tells of it."""

    def __init__(self, server):
        self.server = server
        self.content = bytearray()
        self.in_headers = True

    def lineReceived(self, line):
        if self.in_headers and not line:
            try:
                self.end_of_headers()
            except SMTPServerError as refusal:
                if isinstance(refusal, Drop):
                    # Twisted would keep the reply until the end of the message.
                    self.server.answer(refusal)
                raise SMTPServerError(refusal.code, refusal.resp.encode())
        self.content += line + b"\r\n"

    def end_of_headers(self):
        self.in_headers = False
        self.server.hook("OnEndOfHeaders", headers=digest(self.content))

    def eomReceived(self):
        try:
            if self.in_headers:
                self.end_of_headers()
            done = self.server.hook("OnEndOfData", content=digest(self.content))
        except Drop as drop:
            # Twisted answers all failures by one reply, and not by 421; this it would never hear of.
            self.server.answer(drop)
            return defer.Deferred()
        except SMTPServerError as refusal:
            return defer.fail(refusal)
        return defer.maybeDeferred(lambda: done)

    def connectionLost(self):
        pass


@implementer(IMessage)
class Copy:
    """Takes the same message for another recipient."""

    def lineReceived(self, line):
        pass

    def eomReceived(self):
        return defer.succeed(None)

    def connectionLost(self):
        pass


class Factory(SMTPFactory):
    protocol = Server
    domain = "mx.example.org"

    def __init__(self, stream, idle, starttls):
        super().__init__()
        self.stream = stream
        self.idle = idle
        self.starttls = starttls

    def buildProtocol(self, address):
        protocol = super().buildProtocol(address)
        protocol.timeout = self.idle
        protocol.ctx = self.starttls
        return protocol


def main():
    (host, port), stream, idle = environment()
    tls = os.environ.get("SMTPSPEC_TLS")
    context = tls and ssl.DefaultOpenSSLContextFactory(
        os.environ["SMTPSPEC_TLS_KEY"], os.environ["SMTPSPEC_TLS_CERT"], ssl.SSL.TLS_METHOD
    )
    factory = Factory(stream, idle, context if tls == "starttls" else None)
    if tls == "implicit":
        reactor.listenSSL(port, factory, context, backlog=1024, interface=host)
    else:
        reactor.listenTCP(port, factory, backlog=1024, interface=host)
    stream.hello("twisted", f"Twisted {version('twisted')}", EVENTS, disconnect_reason=True)
    reactor.run()


main()
