using System.Net;

namespace Microsoft.Exchange.Data.Transport
{
    public abstract class Agent { }

    public abstract class AgentFactory { }

    public abstract class SmtpServer { }

    public struct RoutingAddress
    {
        readonly string address;

        public RoutingAddress(string address) { this.address = address; }

        public override string ToString() { return address; }
    }
}

namespace Microsoft.Exchange.Data.Transport.Smtp
{
    public enum DisconnectReason
    {
        QuitVerb, Timeout, SenderDisconnected, TooManyErrors, DroppedSession, Remote, Local,
    }

    public enum ParsingStatus { Complete, Error, MoreDataRequired, ProtocolError }

    public struct SmtpResponse
    {
        readonly string text;

        public SmtpResponse(string statusCode, string enhancedStatusCode, params string[] statusText)
        {
            text = statusCode + " " + enhancedStatusCode + " " + string.Join(" ", statusText);
        }

        public override string ToString() { return text + "\r\n"; }
    }

    public abstract class SmtpSession
    {
        public abstract IPEndPoint LocalEndPoint { get; }
        public abstract IPEndPoint RemoteEndPoint { get; }
        public abstract long SessionId { get; }
    }

    public abstract class ReceiveEventSource { }
    public abstract class ConnectEventSource : ReceiveEventSource { }
    public abstract class ReceiveCommandEventSource : ReceiveEventSource { }
    public abstract class ReceiveMessageEventSource : ReceiveEventSource { }
    public abstract class EndOfAuthenticationEventSource : ReceiveEventSource { }
    public abstract class RejectEventSource : ReceiveEventSource { }
    public abstract class DisconnectEventSource : ReceiveEventSource { }

    public abstract class ReceiveEventArgs { public SmtpSession SmtpSession { get; set; } }
    public abstract class ReceiveCommandEventArgs : ReceiveEventArgs { }
    public class ConnectEventArgs : ReceiveEventArgs { }
    public class HeloCommandEventArgs : ReceiveCommandEventArgs { public string Domain { get; set; } }
    public class EhloCommandEventArgs : ReceiveCommandEventArgs { public string Domain { get; set; } }
    public class AuthCommandEventArgs : ReceiveCommandEventArgs { public string AuthenticationMechanism { get; set; } }
    public class EndOfAuthenticationEventArgs : ReceiveEventArgs { public string AuthenticationMechanism { get; set; } }
    public class MailCommandEventArgs : ReceiveCommandEventArgs { public RoutingAddress FromAddress { get; set; } }
    public class RcptCommandEventArgs : ReceiveCommandEventArgs { public RoutingAddress RecipientAddress { get; set; } }
    public class DataCommandEventArgs : ReceiveCommandEventArgs { }
    public class EndOfHeadersEventArgs : ReceiveEventArgs { }
    public class EndOfDataEventArgs : ReceiveEventArgs { }
    public class HelpCommandEventArgs : ReceiveCommandEventArgs { public string HelpArgument { get; set; } }
    public class NoopCommandEventArgs : ReceiveCommandEventArgs { }
    public class RsetCommandEventArgs : ReceiveCommandEventArgs { }
    public class DisconnectEventArgs : ReceiveEventArgs { public DisconnectReason DisconnectReason { get; set; } }

    public class RejectEventArgs : ReceiveEventArgs
    {
        public byte[] Command { get; set; }
        public ParsingStatus ParsingStatus { get; set; }
        public SmtpResponse SmtpResponse { get; set; }
    }

    public delegate void ConnectEventHandler(ConnectEventSource source, ConnectEventArgs e);
    public delegate void HeloCommandEventHandler(ReceiveCommandEventSource source, HeloCommandEventArgs e);
    public delegate void EhloCommandEventHandler(ReceiveCommandEventSource source, EhloCommandEventArgs e);
    public delegate void AuthCommandEventHandler(ReceiveCommandEventSource source, AuthCommandEventArgs e);
    public delegate void EndOfAuthenticationEventHandler(EndOfAuthenticationEventSource source, EndOfAuthenticationEventArgs e);
    public delegate void MailCommandEventHandler(ReceiveCommandEventSource source, MailCommandEventArgs e);
    public delegate void RcptCommandEventHandler(ReceiveCommandEventSource source, RcptCommandEventArgs e);
    public delegate void DataCommandEventHandler(ReceiveCommandEventSource source, DataCommandEventArgs e);
    public delegate void EndOfHeadersEventHandler(ReceiveMessageEventSource source, EndOfHeadersEventArgs e);
    public delegate void EndOfDataEventHandler(ReceiveMessageEventSource source, EndOfDataEventArgs e);
    public delegate void HelpCommandEventHandler(ReceiveCommandEventSource source, HelpCommandEventArgs e);
    public delegate void NoopCommandEventHandler(ReceiveCommandEventSource source, NoopCommandEventArgs e);
    public delegate void RsetCommandEventHandler(ReceiveCommandEventSource source, RsetCommandEventArgs e);
    public delegate void RejectEventHandler(RejectEventSource source, RejectEventArgs e);
    public delegate void DisconnectEventHandler(DisconnectEventSource source, DisconnectEventArgs e);

    public abstract class SmtpReceiveAgentFactory : AgentFactory
    {
        public abstract SmtpReceiveAgent CreateAgent(SmtpServer server);
    }

    public abstract class SmtpReceiveAgent : Agent
    {
        protected event ConnectEventHandler OnConnect;
        protected event HeloCommandEventHandler OnHeloCommand;
        protected event EhloCommandEventHandler OnEhloCommand;
        protected event AuthCommandEventHandler OnAuthCommand;
        protected event EndOfAuthenticationEventHandler OnEndOfAuthentication;
        protected event MailCommandEventHandler OnMailCommand;
        protected event RcptCommandEventHandler OnRcptCommand;
        protected event DataCommandEventHandler OnDataCommand;
        protected event EndOfHeadersEventHandler OnEndOfHeaders;
        protected event EndOfDataEventHandler OnEndOfData;
        protected event HelpCommandEventHandler OnHelpCommand;
        protected event NoopCommandEventHandler OnNoopCommand;
        protected event RsetCommandEventHandler OnRsetCommand;
        protected event RejectEventHandler OnReject;
        protected event DisconnectEventHandler OnDisconnect;

        /// <summary>Not Exchange's: fires an event as the transport service would, in its order of raising handlers.</summary>
        public void Raise(ReceiveEventArgs e)
        {
            if (e is ConnectEventArgs) OnConnect(null, (ConnectEventArgs)e);
            else if (e is HeloCommandEventArgs) OnHeloCommand(null, (HeloCommandEventArgs)e);
            else if (e is EhloCommandEventArgs) OnEhloCommand(null, (EhloCommandEventArgs)e);
            else if (e is AuthCommandEventArgs) OnAuthCommand(null, (AuthCommandEventArgs)e);
            else if (e is EndOfAuthenticationEventArgs) OnEndOfAuthentication(null, (EndOfAuthenticationEventArgs)e);
            else if (e is MailCommandEventArgs) OnMailCommand(null, (MailCommandEventArgs)e);
            else if (e is RcptCommandEventArgs) OnRcptCommand(null, (RcptCommandEventArgs)e);
            else if (e is DataCommandEventArgs) OnDataCommand(null, (DataCommandEventArgs)e);
            else if (e is EndOfHeadersEventArgs) OnEndOfHeaders(null, (EndOfHeadersEventArgs)e);
            else if (e is EndOfDataEventArgs) OnEndOfData(null, (EndOfDataEventArgs)e);
            else if (e is HelpCommandEventArgs) OnHelpCommand(null, (HelpCommandEventArgs)e);
            else if (e is NoopCommandEventArgs) OnNoopCommand(null, (NoopCommandEventArgs)e);
            else if (e is RsetCommandEventArgs) OnRsetCommand(null, (RsetCommandEventArgs)e);
            else if (e is RejectEventArgs) OnReject(null, (RejectEventArgs)e);
            else if (e is DisconnectEventArgs) OnDisconnect(null, (DisconnectEventArgs)e);
        }
    }
}
