using System;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace SmtpSpec
{
    /// <summary>
    /// The transport service's one connection to smtpspec. Where nobody listens, mail goes on: the events of that
    /// time are lost, and the connection is tried again.
    /// </summary>
    public sealed class EventStream
    {
        static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

        readonly object writing = new object();
        readonly string address;
        readonly string hello;
        TcpClient client;
        DateTime triedAt = DateTime.MinValue;

        public EventStream(string address, string hello)
        {
            this.address = address;
            this.hello = hello;
            Try(Connect);
        }

        /// <summary>Returns when the line is on its way: an event is out before the reply to its command.</summary>
        public void Write(string line)
        {
            lock (writing)
            {
                Try(delegate
                {
                    Connect();
                    if (client != null) Send(line);
                });
            }
        }

        void Connect()
        {
            if (client != null || DateTime.UtcNow - triedAt < Pause) return;
            triedAt = DateTime.UtcNow;
            int colon = address.LastIndexOf(':');
            client = new TcpClient(address.Substring(0, colon), int.Parse(address.Substring(colon + 1)));
            client.NoDelay = true;
            client.SendTimeout = 5000;
            Send(hello);
        }

        void Send(string line)
        {
            byte[] octets = Encoding.ASCII.GetBytes(line + "\n");
            client.GetStream().Write(octets, 0, octets.Length);
        }

        void Try(Action action)
        {
            try
            {
                action();
            }
            catch (SocketException)
            {
                Forget();
            }
            catch (IOException)
            {
                Forget();
            }
        }

        void Forget()
        {
            if (client != null) client.Close();
            client = null;
        }
    }
}
