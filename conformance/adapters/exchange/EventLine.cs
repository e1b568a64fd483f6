using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SmtpSpec
{
    /// <summary>The lines of the event stream (../README.md), without their LF.</summary>
    public static class EventLine
    {
        // The clock is not that of smtpspec's machine: no event says when it fired.
        public static string Hello(string server, IEnumerable<string> events)
        {
            var names = new List<string>();
            foreach (string name in events) names.Add(Text(name));
            return "{\"smtpspec-events\":1,\"adapter\":\"exchange\",\"server\":" + Text(server)
                + ",\"events\":[" + string.Join(",", names.ToArray())
                + "],\"semantics\":{\"disconnect_reason\":true}}";
        }

        /// <summary>An argument without a value is left out.</summary>
        public static string Event(
            string session, long seq, IPEndPoint peer, string name, params KeyValuePair<string, string>[] arguments)
        {
            var known = new List<string>();
            foreach (var argument in arguments)
            {
                if (argument.Value != null) known.Add(Text(argument.Key) + ":" + Text(Octets(argument.Value)));
            }
            return "{\"session\":" + Text(session)
                + ",\"seq\":" + seq.ToString(CultureInfo.InvariantCulture)
                + ",\"peer\":" + Text(Address(peer))
                + ",\"event\":" + Text(name)
                + ",\"args\":{" + string.Join(",", known.ToArray()) + "}}";
        }

        /// <summary>An IPv4 client of a socket for both protocols is known to smtpspec by its IPv4 address.</summary>
        public static string Address(IPEndPoint at)
        {
            byte[] octets = at.Address.GetAddressBytes();
            bool mapped = octets.Length == 16 && octets[10] == 0xff && octets[11] == 0xff;
            for (int i = 0; mapped && i < 10; i++) mapped = octets[i] == 0;
            IPAddress address = mapped
                ? new IPAddress(new[] { octets[12], octets[13], octets[14], octets[15] })
                : at.Address;
            string host = address.AddressFamily == AddressFamily.InterNetworkV6
                ? "[" + address + "]"
                : address.ToString();
            return host + ":" + at.Port.ToString(CultureInfo.InvariantCulture);
        }

        /// <summary>What a client sent, as a text of octets below 256: those beyond ASCII are escaped.</summary>
        public static string FromOctets(byte[] octets)
        {
            var text = new StringBuilder();
            foreach (byte octet in octets) text.Append((char)octet);
            return text.ToString();
        }

        static string Octets(string text)
        {
            var escaped = new StringBuilder();
            foreach (char c in text)
            {
                if (c == '\\') escaped.Append("\\\\");
                else if (c >= 0x80 && c <= 0xff) escaped.AppendFormat(CultureInfo.InvariantCulture, "\\x{0:x2}", (int)c);
                else escaped.Append(c);
            }
            return escaped.ToString();
        }

        /// <summary>A JSON string.</summary>
        static string Text(string text)
        {
            var quoted = new StringBuilder("\"");
            foreach (char c in text)
            {
                if (c == '"' || c == '\\') quoted.Append('\\').Append(c);
                else if (c < ' ' || c > '~') quoted.AppendFormat(CultureInfo.InvariantCulture, "\\u{0:x4}", (int)c);
                else quoted.Append(c);
            }
            return quoted.Append('"').ToString();
        }
    }
}
