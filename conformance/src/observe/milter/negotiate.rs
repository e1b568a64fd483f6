//! What is agreed on at the beginning of a connection.

use super::{Packet, PacketError};

/// The newest version there is.
const VERSION: u32 = 6;
/// The first that tells of DATA (Sendmail 8.14's libmilter calls itself 6, 8.13's 2).
const OLDEST: u32 = 4;
/// `SMFIP_HDR_LEADSPC`: values of header fields keep the blanks that they begin with.
const LEADING_SPACE: u32 = 0x0010_0000;

/// Agrees to what is offered: every step with its reply, no changes. Returns the answer and whether values of header
/// fields come with their leading blanks.
pub(super) fn negotiate(version: u32, steps: u32) -> Result<(Packet, bool), PacketError> {
    if version < OLDEST {
        return Err(PacketError::Version(version));
    }
    let exact = steps & LEADING_SPACE;
    let data = [version.min(VERSION), 0, exact];
    let data = data.iter().flat_map(|number| number.to_be_bytes());
    let answer = Packet {
        code: b'O',
        data: data.collect(),
    };
    Ok((answer, exact != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_leading_blanks_are_asked_for() {
        let (answer, exact) = negotiate(6, 0x001f_ffff).unwrap();
        assert_eq!(answer.data, [0, 0, 0, 6, 0, 0, 0, 0, 0, 0x10, 0, 0]);
        assert!(exact);
        assert!(!negotiate(6, 0x7f).unwrap().1);
    }

    #[test]
    fn a_protocol_without_data_is_refused() {
        let error = negotiate(2, 0x7f).unwrap_err().to_string();
        assert!(error.contains("version 2"), "{error}");
    }
}
