using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Exchange.Data.Transport;
using Microsoft.Exchange.Data.Transport.Smtp;

namespace SmtpSpec
{
    /// <summary>Makes an agent for each SMTP session.</summary>
    public sealed class EventAgentFactory : SmtpReceiveAgentFactory
    {
        readonly EventStream stream;

        public EventAgentFactory()
        {
            string address = Environment.GetEnvironmentVariable("SMTPSPEC_EVENTS");
            if (string.IsNullOrEmpty(address))
            {
                throw new InvalidOperationException(
                    "SMTPSPEC_EVENTS is not set: HOST:PORT of smtpspec, as a variable of the machine");
            }
            string path = typeof(SmtpReceiveAgent).Assembly.Location;
            string server = "Microsoft Exchange " + FileVersionInfo.GetVersionInfo(path).FileVersion;
            stream = new EventStream(address, EventLine.Hello(server, EventAgent.Events));
        }

        public override SmtpReceiveAgent CreateAgent(SmtpServer server)
        {
            return new EventAgent(stream);
        }
    }

    /// <summary>Tells of each of the fifteen events, and changes nothing.</summary>
    public sealed class EventAgent : SmtpReceiveAgent
    {
        public static readonly string[] Events =
        {
            "OnConnect", "OnHeloCommand", "OnEhloCommand", "OnAuthCommand", "OnEndOfAuthentication", "OnMailCommand",
            "OnRcptCommand", "OnDataCommand", "OnEndOfHeaders", "OnEndOfData", "OnHelpCommand", "OnNoopCommand",
            "OnRsetCommand", "OnReject", "OnDisconnect",
        };

        readonly EventStream stream;
        long seq;

        public EventAgent(EventStream stream)
        {
            this.stream = stream;
            OnConnect += (source, e) =>
                Tell(e, "OnConnect", With("local", EventLine.Address(e.SmtpSession.LocalEndPoint)));
            OnHeloCommand += (source, e) => Tell(e, "OnHeloCommand", With("domain", e.Domain));
            OnEhloCommand += (source, e) => Tell(e, "OnEhloCommand", With("domain", e.Domain));
            OnAuthCommand += (source, e) => Tell(e, "OnAuthCommand", With("mechanism", e.AuthenticationMechanism));
            OnEndOfAuthentication += (source, e) =>
                Tell(e, "OnEndOfAuthentication", With("mechanism", e.AuthenticationMechanism));
            OnMailCommand += (source, e) => Tell(e, "OnMailCommand", With("reverse_path", Path(e.FromAddress)));
            OnRcptCommand += (source, e) => Tell(e, "OnRcptCommand", With("forward_path", Path(e.RecipientAddress)));
            OnDataCommand += (source, e) => Tell(e, "OnDataCommand");
            OnEndOfHeaders += (source, e) => Tell(e, "OnEndOfHeaders");
            OnEndOfData += (source, e) => Tell(e, "OnEndOfData");
            OnHelpCommand += (source, e) => Tell(e, "OnHelpCommand", With("argument", e.HelpArgument));
            OnNoopCommand += (source, e) => Tell(e, "OnNoopCommand");
            OnRsetCommand += (source, e) => Tell(e, "OnRsetCommand");
            OnReject += (source, e) => Tell(
                e, "OnReject",
                With("command", Command(e.Command)),
                With("status", e.ParsingStatus.ToString()),
                With("response", e.SmtpResponse.ToString().TrimEnd('\r', '\n')));
            OnDisconnect += (source, e) => Tell(e, "OnDisconnect", With("reason", e.DisconnectReason.ToString()));
        }

        void Tell(ReceiveEventArgs e, string name, params KeyValuePair<string, string>[] arguments)
        {
            SmtpSession session = e.SmtpSession;
            string id = session.SessionId.ToString("X16", CultureInfo.InvariantCulture);
            stream.Write(EventLine.Event(id, ++seq, session.RemoteEndPoint, name, arguments));
        }

        static KeyValuePair<string, string> With(string name, string value)
        {
            return new KeyValuePair<string, string>(name, value);
        }

        /// <summary>Exchange writes the null reverse-path as "&lt;&gt;"; in the stream it is empty.</summary>
        static string Path(RoutingAddress address)
        {
            string text = address.ToString();
            return text == "<>" ? "" : text;
        }

        static string Command(byte[] line)
        {
            return line == null ? null : EventLine.FromOctets(line).TrimEnd('\r', '\n');
        }
    }
}
