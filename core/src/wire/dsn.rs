//! The parameters of MAIL and RCPT that ask for delivery status notifications (RFC 3461, 4).

use super::Parameter;

/// The parameters that DSN adds to MAIL.
pub const DSN_MAIL: [&str; 2] = ["RET", "ENVID"];

/// The parameters that DSN adds to RCPT.
pub const DSN_RCPT: [&str; 2] = ["NOTIFY", "ORCPT"];

/// Longest ENVID, in octets as sent (RFC 3461, 4.4).
const MAX_ENVID: usize = 100;

/// Longest ORCPT, in octets as sent (RFC 3461, 4.2).
const MAX_ORCPT: usize = 500;

/// What the value of `parameter` should be and is not; `None` where it is well formed or the parameter none of DSN's.
///
/// ```abnf
/// ret-value         = "FULL" / "HDRS"                        ; RFC 3461, 4.3
/// envid-parameter   = "ENVID=" xtext                         ; 4.4
/// notify-esmtp-value = "NEVER" / notify-list-element *( "," notify-list-element )  ; 4.1
/// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
/// orcpt-parameter   = "ORCPT=" original-recipient-address    ; 4.2
/// original-recipient-address = addr-type ";" xtext
/// ```
pub fn dsn_value_problem(parameter: Parameter<'_>) -> Option<&'static str> {
    let value = parameter.value.unwrap_or_default();
    let is = |name: &str| parameter.keyword.eq_ignore_ascii_case(name.as_bytes());
    if is("RET") {
        let known = value.eq_ignore_ascii_case(b"FULL") || value.eq_ignore_ascii_case(b"HDRS");
        (!known).then_some("RET=FULL or RET=HDRS")
    } else if is("ENVID") {
        let good = (1..=MAX_ENVID).contains(&value.len()) && is_xtext(value);
        (!good).then_some("xtext of 1 to 100 octets behind ENVID=")
    } else if is("NOTIFY") {
        (!is_notify(value)).then_some("NEVER alone, or a list of SUCCESS, FAILURE and DELAY")
    } else if is("ORCPT") {
        (!is_orcpt(value)).then_some("an address type, \";\" and xtext behind ORCPT=")
    } else {
        None
    }
}

fn is_notify(value: &[u8]) -> bool {
    let listed = |word: &[u8]| {
        let known: [&[u8]; 3] = [b"SUCCESS", b"FAILURE", b"DELAY"];
        known.iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    value.eq_ignore_ascii_case(b"NEVER") || value.split(|octet| *octet == b',').all(listed)
}

/// Whether `parameter` is an ORCPT without an address behind its type. The grammar allows it, since xtext may be empty; but
/// no address is empty, so that a server may refuse it too.
pub fn is_orcpt_without_address(parameter: Parameter<'_>) -> bool {
    parameter.keyword.eq_ignore_ascii_case(b"ORCPT")
        && parameter.value.is_some_and(|value| value.ends_with(b";"))
}

/// Whether `parameter`, malformed, is only longer than servers have to take: that they refuse it nothing demands.
pub fn is_only_too_long(parameter: Parameter<'_>) -> bool {
    let value = parameter.value.unwrap_or_default();
    let envid = parameter.keyword.eq_ignore_ascii_case(b"ENVID");
    envid && value.len() > MAX_ENVID && is_xtext(value)
}

/// The type is an atom (RFC 3461, 4.2), registered or not. The address may be empty: xtext has no least length.
fn is_orcpt(value: &[u8]) -> bool {
    let Some(semicolon) = memchr::memchr(b';', value) else {
        return false;
    };
    let (kind, address) = (&value[..semicolon], &value[semicolon + 1..]);
    let is_atom =
        |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(octet);
    value.len() <= MAX_ORCPT && !kind.is_empty() && kind.iter().all(is_atom) && is_xtext(address)
}

/// ```abnf
/// xtext   = *( xchar / hexchar )
/// xchar   = %d33-42 / %d44-60 / %d62-126
/// hexchar = "+" 2HEXUPPER                 ; 0-9 and A-F
/// ```
fn is_xtext(text: &[u8]) -> bool {
    let is_hex = |octet: &u8| octet.is_ascii_digit() || (b'A'..=b'F').contains(octet);
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return true,
            [b'+', first, second, rest @ ..] if is_hex(first) && is_hex(second) => rest,
            [b'!'..=b'*' | b','..=b'<' | b'>'..=b'~', rest @ ..] => rest,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_good(word: &str) -> bool {
        let (keyword, value) = word
            .split_once('=')
            .map_or((word, None), |(k, v)| (k, Some(v)));
        dsn_value_problem(Parameter {
            keyword: keyword.as_bytes(),
            value: value.map(str::as_bytes),
        })
        .is_none()
    }

    #[test]
    fn values_are_read_as_the_grammar_has_them() {
        let long = format!("ENVID={}", "x".repeat(100));
        for good in [
            "RET=HDRS",
            "ret=full",
            "ENVID=QQ314159",
            "ENVID=a+2Bb+3D",
            &long,
            "NOTIFY=NEVER",
            "NOTIFY=success,DELAY,Failure",
            "ORCPT=rfc822;Bob+2Bx@Example.ORG",
            "ORCPT=x-type;*",
            "ORCPT=rfc822;",
            "SIZE=1",
        ] {
            assert!(is_good(good), "{good}");
        }
    }

    #[test]
    fn all_else_is_malformed() {
        let long = format!("ENVID={}", "x".repeat(101));
        let longer = format!("ORCPT=rfc822;{}", "x".repeat(500));
        for bad in [
            "RET",
            "RET=",
            "RET=ALL",
            "ENVID",
            "ENVID=a+2b",
            "ENVID=a+",
            "ENVID=a+2",
            "ENVID=a=b",
            &long,
            "NOTIFY",
            "NOTIFY=NEVER,SUCCESS",
            "NOTIFY=SUCCESS,",
            "NOTIFY=SOMETIMES",
            "ORCPT",
            "ORCPT=bob@example.org",
            "ORCPT=;bob@example.org",
            "ORCPT=rfc 822;a",
            "ORCPT=rfc822;a+zz",
            &longer,
        ] {
            assert!(!is_good(bad), "{bad}");
        }
    }
}
