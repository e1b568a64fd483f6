//! Octet classes of RFC 5321, 4.1.2, as one table: a lookup for each octet instead of a chain of comparisons.

/// `ALPHA / DIGIT`
pub(super) const LET_DIG: u8 = 1;
/// `ALPHA / DIGIT / "-"`, what stands inside a label, a keyword or a tag.
pub(super) const LDH: u8 = 1 << 1;
/// `atext` (RFC 5322, 3.2.3), and octets above 127 (RFC 6531, 3.3).
pub(super) const ATEXT: u8 = 1 << 2;
/// `qtextSMTP = %d32-33 / %d35-91 / %d93-126`, and octets above 127 (RFC 6531, 3.3).
pub(super) const QTEXT: u8 = 1 << 3;
/// `dcontent = %d33-90 / %d94-126`
pub(super) const DCONTENT: u8 = 1 << 4;
/// `esmtp-value = 1*(%d33-60 / %d62-126)`, and octets above 127 (RFC 6531, 3.3).
pub(super) const VALUE: u8 = 1 << 5;
/// Octets above 127.
pub(super) const HIGH: u8 = 1 << 6;
/// `VCHAR = %x21-7E`
pub(super) const VISIBLE: u8 = 1 << 7;

/// Whether `octet` is in one of `classes`.
pub(super) const fn is(octet: u8, classes: u8) -> bool {
    TABLE[octet as usize] & classes != 0
}

static TABLE: [u8; 256] = table();

const fn table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0_u8;
    loop {
        table[octet as usize] = classes(octet);
        if octet == u8::MAX {
            return table;
        }
        octet += 1;
    }
}

const fn classes(octet: u8) -> u8 {
    let mut classes = 0;
    if octet.is_ascii_alphanumeric() {
        classes |= LET_DIG | LDH | ATEXT;
    }
    if octet == b'-' {
        classes |= LDH;
    }
    if matches!(octet, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
    {
        classes |= ATEXT;
    }
    if matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\') {
        classes |= QTEXT;
    }
    if matches!(octet, b'!'..=b'Z' | b'^'..=b'~') {
        classes |= DCONTENT;
    }
    if matches!(octet, b'!'..=b'<' | b'>'..=b'~') {
        classes |= VALUE;
    }
    if matches!(octet, b'!'..=b'~') {
        classes |= VISIBLE;
    }
    if octet >= 0x80 {
        classes |= HIGH | VALUE | QTEXT | ATEXT;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(class: u8) -> String {
        (0..0x80_u8)
            .filter(|octet| is(*octet, class))
            .map(char::from)
            .collect()
    }

    #[test]
    fn atext_is_what_rfc_5322_lists() {
        assert_eq!(
            members(ATEXT),
            "!#$%&'*+-/0123456789=?ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"
        );
    }

    #[test]
    fn text_classes_leave_out_their_delimiters_only() {
        let printable: String = (b' '..=b'~').map(char::from).collect();
        assert_eq!(members(QTEXT), printable.replace(['"', '\\'], ""));
        assert_eq!(members(VALUE), printable.replace([' ', '='], ""));
        assert_eq!(
            members(DCONTENT),
            printable.replace([' ', '[', '\\', ']'], "")
        );
        assert_eq!(members(VISIBLE), printable.replace(' ', ""));
    }

    #[test]
    fn a_hyphen_is_ldh_and_no_let_dig() {
        assert!(is(b'-', LDH) && !is(b'-', LET_DIG));
        assert!(!is(b'_', LDH));
    }
}
