using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Exchange.Data.Transport;
using Microsoft.Exchange.Data.Transport.Smtp;
using SmtpSpec;

/// <summary>Raises each of the fifteen events once at the agent; what arrives over TCP goes to standard output.</summary>
static class Program
{
    sealed class Session : SmtpSession
    {
        public override IPEndPoint LocalEndPoint { get { return new IPEndPoint(IPAddress.IPv6Loopback, 25); } }

        // As a socket for both protocols sees an IPv4 client.
        public override IPEndPoint RemoteEndPoint
        {
            get { return new IPEndPoint(IPAddress.Parse("::ffff:127.0.0.1"), 51234); }
        }

        public override long SessionId { get { return 0x08DA0123456789AB; } }
    }

    static void Main()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Environment.SetEnvironmentVariable("SMTPSPEC_EVENTS", "127.0.0.1:" + port);
        SmtpReceiveAgent agent = new EventAgentFactory().CreateAgent(null);
        var lines = new StreamReader(listener.AcceptTcpClient().GetStream(), Encoding.UTF8);
        Console.WriteLine(lines.ReadLine());
        var session = new Session();
        foreach (ReceiveEventArgs e in All())
        {
            e.SmtpSession = session;
            agent.Raise(e);
            Console.WriteLine(lines.ReadLine());
        }
    }

    static ReceiveEventArgs[] All()
    {
        return new ReceiveEventArgs[]
        {
            new ConnectEventArgs(),
            new HeloCommandEventArgs { Domain = "a.example.org" },
            new EhloCommandEventArgs { Domain = "quote\".back\\slash\t\u00e9\u20ac" },
            new AuthCommandEventArgs { AuthenticationMechanism = "LOGIN" },
            new EndOfAuthenticationEventArgs { AuthenticationMechanism = "LOGIN" },
            new MailCommandEventArgs { FromAddress = new RoutingAddress("<>") },
            new RcptCommandEventArgs { RecipientAddress = new RoutingAddress("b@example.org") },
            new DataCommandEventArgs(),
            new EndOfHeadersEventArgs(),
            new EndOfDataEventArgs(),
            new HelpCommandEventArgs(),
            new NoopCommandEventArgs(),
            new RsetCommandEventArgs(),
            new RejectEventArgs
            {
                Command = new byte[] { (byte)'V', 0xff, 0, (byte)'\r', (byte)'\n' },
                ParsingStatus = ParsingStatus.ProtocolError,
                SmtpResponse = new SmtpResponse("500", "5.3.3", "Unrecognized command"),
            },
            new DisconnectEventArgs { DisconnectReason = DisconnectReason.QuitVerb },
        };
    }
}
