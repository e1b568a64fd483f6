//! Domains and address literals (RFC 5321, 4.1.2 and 4.1.3).

use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::cursor::Cursor;
use super::{Domain, SyntaxError, class};

/// Behind an `@`: a domain or an address literal.
///
/// ```abnf
/// ( Domain / address-literal )
/// ```
pub(super) fn parse_domain<'a>(cursor: &mut Cursor<'a>) -> Result<Domain<'a>, SyntaxError> {
    if cursor.peek() == Some(b'[') {
        parse_address_literal(cursor).map(Domain::AddressLiteral)
    } else {
        parse_name(cursor).map(Domain::Name)
    }
}

/// Octets above 127 are taken for U-labels (RFC 6531, 3.3); the caller sees to it that they are UTF-8.
///
/// ```abnf
/// Domain      = sub-domain *("." sub-domain)
/// sub-domain  = Let-dig [Ldh-str] / U-label
/// Let-dig     = ALPHA / DIGIT
/// Ldh-str     = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
pub(super) fn parse_name<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    loop {
        let label_at = cursor.at();
        let label = cursor.run(class::LDH | class::HIGH);
        match label {
            [] | [b'-', ..] => {
                cursor.set_at(label_at);
                return Err(cursor.expected("a letter or a digit of a domain"));
            }
            [.., b'-'] => return Err(cursor.expected("a letter or a digit behind the hyphen")),
            _ => {}
        }
        if !cursor.eat(b'.') {
            return Ok(cursor.since(start));
        }
    }
}

/// ```abnf
/// address-literal  = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
/// ```
///
/// IPv4 octets with leading zeros are refused, though `Snum` has them: some read them as octal.
fn parse_address_literal<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    cursor.eat(b'[');
    let inner_at = cursor.at();
    let inner = cursor.run(class::DCONTENT);
    if cursor.peek() != Some(b']') {
        return Err(cursor.expected("\"]\" behind the address"));
    }
    if !is_address(inner) {
        cursor.set_at(inner_at);
        return Err(cursor.expected("an IPv4 address, \"IPv6:\" and an address, or a tagged one"));
    }
    cursor.eat(b']');
    Ok(cursor.since(start))
}

/// ```abnf
/// IPv4-address-literal     = Snum 3("."  Snum)
/// IPv6-address-literal     = "IPv6:" IPv6-addr
/// General-address-literal  = Standardized-tag ":" 1*dcontent
/// Standardized-tag         = Ldh-str
/// ```
fn is_address(inner: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', inner) else {
        return reads_as::<Ipv4Addr>(inner);
    };
    let (tag, rest) = inner.split_at(colon);
    let address = rest.strip_prefix(b":").unwrap_or(rest);
    if tag.eq_ignore_ascii_case(b"IPv6") {
        return reads_as::<Ipv6Addr>(address);
    }
    let is_ldh_str = tag.iter().all(|octet| class::is(*octet, class::LDH))
        && tag
            .last()
            .is_some_and(|octet| class::is(*octet, class::LET_DIG));
    is_ldh_str && !address.is_empty()
}

fn reads_as<A: FromStr>(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<A>().is_ok())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn read(text: &str) -> Result<usize, usize> {
        let mut cursor = Cursor::new(text.as_bytes());
        parse_domain(&mut cursor)
            .map(|_| cursor.at())
            .map_err(|error| error.at)
    }

    #[test]
    fn labels_neither_begin_nor_end_with_a_hyphen() {
        assert_eq!(read("a-b.c--d.9"), Ok(10));
        assert_eq!(read("-a.b"), Err(0));
        assert_eq!(read("a.b-.c"), Err(4));
    }

    #[test]
    fn an_empty_label_is_an_error_at_its_place() {
        assert_eq!(read("a..b"), Err(2));
        assert_eq!(read("a."), Err(2));
        assert_eq!(read(".a"), Err(0));
    }

    #[test]
    fn a_domain_ends_before_what_cannot_be_in_it() {
        assert_eq!(read("a_b"), Ok(1));
        assert_eq!(read("example.org>"), Ok(11));
    }

    #[test]
    fn address_literals_hold_addresses() {
        assert_eq!(read("[192.0.2.1]"), Ok(11));
        assert_eq!(read("[IPv6:2001:db8::1]"), Ok(18));
        assert_eq!(read("[ipv6:::ffff:192.0.2.1]"), Ok(23));
        assert_eq!(read("[x-tag:any$thing]"), Ok(17));
    }

    #[test]
    fn other_things_in_brackets_are_errors() {
        for text in [
            "[]",
            "[192.0.2]",
            "[192.0.2.256]",
            "[192.0.2.01]",
            "[IPv6:192.0.2.1]",
            "[IPv6:::g]",
            "[tag-:x]",
            "[:x]",
            "[tag:]",
        ] {
            assert_eq!(read(text), Err(1), "{text}");
        }
        assert_eq!(read("[192.0.2.1"), Err(10));
        assert_eq!(read("[192.0.2.1 ]"), Err(10));
    }
}
