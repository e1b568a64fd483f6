//! A packet: four octets of length, one that says what it is, and its data.

use std::io::{self, Read, Write};

/// The largest packet: a body chunk has 65535 octets at most, a header field of Postfix's or Sendmail's not much more.
const LARGEST: u32 = 1 << 20;

/// One packet, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// What it is (`SMFIC_*`, `SMFIR_*`).
    pub code: u8,
    /// What comes with it.
    pub data: Vec<u8>,
}

/// What is no packet, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// The connection was lost.
    #[error("the connection of the MTA is lost: {0}")]
    Lost(#[from] io::Error),
    /// Not the milter protocol, or a larger packet than any MTA sends.
    #[error("no milter packet: it is said to have {0} octets, expected 1 to {LARGEST}")]
    Length(u32),
    /// Something in it is missing.
    #[error("a packet `{}` without its {missing}", char::from(*code).escape_debug())]
    Short {
        /// What it is.
        code: u8,
        /// What is missing.
        missing: &'static str,
    },
    /// An MTA that speaks an older protocol, which has no DATA.
    #[error(
        "the MTA offers milter protocol version {0}, expected 4 or later (Postfix: milter_protocol = 6)"
    )]
    Version(u32),
}

impl Packet {
    /// The next one; `None` when the MTA has closed the connection between two packets.
    pub fn read(from: &mut impl Read) -> Result<Option<Self>, PacketError> {
        let mut length = [0; 4];
        if from.read(&mut length[..1])? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut length[1..])?;
        let length = u32::from_be_bytes(length);
        if !(1..=LARGEST).contains(&length) {
            return Err(PacketError::Length(length));
        }
        let mut code = [0];
        from.read_exact(&mut code)?;
        let mut data = Vec::new();
        let rest = u64::from(length) - 1;
        if from.take(rest).read_to_end(&mut data)? as u64 != rest {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(Some(Self {
            code: code[0],
            data,
        }))
    }

    /// Writes it in one piece.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(self.data.len() + 1).map_err(io::Error::other)?;
        let mut octets = length.to_be_bytes().to_vec();
        octets.push(self.code);
        octets.extend_from_slice(&self.data);
        to.write_all(&octets)?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_packet_is_read_as_it_was_written() {
        let packet = Packet {
            code: b'H',
            data: b"client.example.org\0".to_vec(),
        };
        let mut octets = Vec::new();
        packet.write(&mut octets).unwrap();
        assert_eq!(octets[..5], [0, 0, 0, 20, b'H']);
        let mut octets = &octets[..];
        assert_eq!(Packet::read(&mut octets).unwrap(), Some(packet));
        assert_eq!(Packet::read(&mut octets).unwrap(), None);
    }

    #[test]
    fn what_is_no_packet_is_refused_with_its_length() {
        // An SMTP client at the wrong port: `EHLO`.
        let error = Packet::read(&mut &b"EHLO x\r\n"[..]).unwrap_err();
        assert!(matches!(error, PacketError::Length(0x4548_4c4f)), "{error}");
        let error = Packet::read(&mut &[0, 0, 0, 0][..]).unwrap_err();
        assert!(matches!(error, PacketError::Length(0)), "{error}");
    }

    #[test]
    fn a_packet_that_breaks_off_is_a_lost_connection() {
        for octets in [&b"\0\0"[..], b"\0\0\0\x05", b"\0\0\0\x05Hab"] {
            let error = Packet::read(&mut &octets[..]).unwrap_err();
            assert!(matches!(error, PacketError::Lost(_)), "{error}");
        }
    }
}
