"""Python's smtpd under smtpspec: a subclass of SMTPServer and SMTPChannel that tells what it sees.

smtpd has one hook, process_message; all else is seen by overriding the methods of its channel, as its users do. The
protocol is in ../EVENT-STREAM.md, what the three Python servers share in ../python/smtpspec_events.py.
"""

import asyncore
import time
from importlib.metadata import version

import smtpd
from smtpspec_events import Failed, Observed, Rejected, digest, environment, octets, show_address

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

# What a command may have changed.
STATE = ["seen_greeting", "extended_smtp", "mailfrom", "rcpttos", "smtp_state"]


class Dropped(Exception):
    """A script has ended the session: nothing more is said."""


class Channel(smtpd.SMTPChannel):
    """smtpd's channel with an ear at each point where an event belongs."""

    # While a command or the banner is worked on: what is to be said, instead of saying it.
    replies = None

    def __init__(self, server, conn, addr, *args, **options):
        server.channels[addr] = self
        self.observed = Observed(server.stream, addr)
        action = self.observed.fire("OnConnect", local=show_address(conn.getsockname()))
        self.replies = []
        super().__init__(server, conn, addr, *args, **options)
        banner, self.replies = self.replies, None
        if not self.connected:
            # The client was gone before smtpd had asked for its address.
            return
        try:
            self.play(action)
        except Rejected as refusal:
            self.end(str(refusal))
        except Dropped:
            pass
        except Failed:
            # As asyncore does for what fails later.
            self.handle_error()
        else:
            self.push(*banner)

    def handle_read(self):
        super().handle_read()
        # A 221 was said, but smtpd closes only when its loop comes round: whether what the client sends meanwhile is still
        # worked on would be up to chance.
        self.initiate_send()

    def close(self):
        super().close()
        self.smtp_server.channels.pop(self.addr, None)
        self.observed.disconnect()

    def handle_error(self):
        # asyncore closes the connection of a channel that has raised an exception.
        self.observed.ends("DroppedSession")
        super().handle_error()

    def push(self, *lines):
        for line in lines:
            if self.replies is None:
                super().push(line)
            else:
                self.replies.append(line)

    def smtp_HELO(self, arg):
        self.ask(super().smtp_HELO, arg, "OnHeloCommand", lambda: {"domain": octets(arg)})

    def smtp_EHLO(self, arg):
        self.ask(super().smtp_EHLO, arg, "OnEhloCommand", lambda: {"domain": octets(arg)})

    def smtp_MAIL(self, arg):
        self.ask(super().smtp_MAIL, arg, "OnMailCommand", lambda: {"reverse_path": octets(self.reverse_path())})

    def smtp_RCPT(self, arg):
        self.ask(super().smtp_RCPT, arg, "OnRcptCommand", lambda: {"forward_path": octets(self.rcpttos[-1])})

    def smtp_DATA(self, arg):
        self.ask(super().smtp_DATA, arg, "OnDataCommand")

    def smtp_RSET(self, arg):
        self.ask(super().smtp_RSET, arg, "OnRsetCommand")

    def smtp_NOOP(self, arg):
        self.ask(super().smtp_NOOP, arg, "OnNoopCommand", lambda: {"argument": octets(arg or "")})

    def smtp_HELP(self, arg):
        self.ask(super().smtp_HELP, arg, "OnHelpCommand", lambda: {"argument": octets(arg or "")})

    def smtp_QUIT(self, arg):
        self.observed.ends("QuitVerb")
        super().smtp_QUIT(arg)

    def reverse_path(self):
        return "" if self.mailfrom == "<>" else self.mailfrom

    def ask(self, command, arg, event, args=dict):
        """Lets smtpd judge the command first, and asks the script about what smtpd accepts, before it is said."""
        state = {name: getattr(self, name) for name in STATE}
        state["rcpttos"] = list(self.rcpttos)
        terminator = self.get_terminator()
        self.replies = []
        try:
            command(arg)
            replies, self.replies = self.replies, None
            if replies[0] < "4":
                self.hook(event, **args())
        except Rejected as refusal:
            # As if it had not been worked on.
            vars(self).update(state)
            self.set_terminator(terminator)
            replies = [str(refusal)]
        except Dropped:
            return
        finally:
            self.replies = None
        self.push(*replies)

    def hook(self, event, **args):
        """Tells of an event and plays the script; returns normally when the event is accepted."""
        self.play(self.observed.fire(event, **args))

    def play(self, action):
        name, value = action
        if name == "sleep":
            # Whatever a handler of smtpd does, nobody else is served meanwhile.
            time.sleep(value / 1000)
        elif name == "reject":
            raise Rejected(value)
        elif name == "fail":
            raise Failed
        elif name == "drop":
            self.end("421 4.3.2 the session is dropped")
            raise Dropped

    def end(self, reply):
        """Says so and closes, at once if it can: else what comes meanwhile is still worked on."""
        self.observed.ends("DroppedSession")
        self.push(reply)
        self.close_when_done()
        self.initiate_send()


class Server(smtpd.SMTPServer):
    channel_class = Channel

    def __init__(self, stream, listen):
        super().__init__(listen, None)
        self.stream = stream
        # smtpd's own 5 are too few for parallel clients.
        self.listen(1024)
        # process_message is told the peer, not the channel.
        self.channels = {}

    def process_message(self, peer, mailfrom, rcpttos, data, **options):
        # smtpd hands a message on with LF for CRLF and without the last one.
        content = data.replace(b"\n", b"\r\n") + b"\r\n"
        try:
            self.channels[peer].hook("OnEndOfData", content=digest(content))
        except Rejected as refusal:
            return str(refusal)
        except Dropped:
            # The 250 that this stands for is not sent any more.
            return None
        return None


def main():
    listen, stream, _ = environment()
    server = Server(stream, listen)
    stream.hello("python-smtpd", f"smtpd {version('standard-smtpd')}", EVENTS, disconnect_reason=True)
    asyncore.loop()


main()
