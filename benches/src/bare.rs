//! The peer of the loopback benchmark: a client and a server that do the same reads and writes as an SMTP conversation, and
//! nothing else. Neither parses, neither logs, neither has a limit.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::EXCHANGES;

/// What a server says: the banner, and a reply to each of [`EXCHANGES`]. The one to EHLO is as long as a real one.
const REPLIES: [&str; 7] = [
    "220 mx.smtpspec.example ESMTP\r\n",
    "250-mx.smtpspec.example greets 127.0.0.1\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n\
     250-AUTH PLAIN LOGIN\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n\
     250-SMTPUTF8\r\n250-STARTTLS\r\n250 HELP\r\n",
    "250 2.1.0 sender ok\r\n",
    "250 2.1.5 recipient ok\r\n",
    "354 go ahead, end with <CRLF>.<CRLF>\r\n",
    "250 2.6.0 message accepted\r\n",
    "221 2.0.0 mx.smtpspec.example goodbye\r\n",
];

/// Octets read at once.
const CHUNK: usize = 4096;

/// Starts the server, in the runtime that this is called in.
pub async fn bare_server() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    Ok(address)
}

/// Says each reply behind one read. A client that leaves early is left.
async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; CHUNK];
    let [banner, replies @ ..] = REPLIES;
    stream.write_all(banner.as_bytes()).await?;
    for reply in replies {
        if stream.read(&mut buffer).await? == 0 {
            return Ok(());
        }
        stream.write_all(reply.as_bytes()).await?;
    }
    stream.shutdown().await
}

/// Has `conversations` with the server at `address`, so many `at_once`.
pub async fn converse(address: SocketAddr, conversations: usize, at_once: usize) -> io::Result<()> {
    let mut clients = JoinSet::new();
    for client in 0..at_once {
        let own = conversations / at_once + usize::from(client < conversations % at_once);
        clients.spawn(async move {
            for _ in 0..own {
                one(address).await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.map_err(io::Error::other).flatten()?;
    }
    Ok(())
}

/// One conversation in lock-step, up to the server's close.
async fn one(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = [0; CHUNK];
    answered(stream.read(&mut buffer).await?)?;
    for exchange in EXCHANGES {
        stream.write_all(exchange.as_bytes()).await?;
        answered(stream.read(&mut buffer).await?)?;
    }
    if stream.read(&mut buffer).await? > 0 {
        return Err(io::Error::other("the server spoke behind its goodbye"));
    }
    Ok(())
}

fn answered(octets: usize) -> io::Result<()> {
    if octets == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
