//! The SASL mechanisms that are served: what each asks for and what it makes of the answers.

use super::Account;

/// As announced behind `AUTH` in EHLO's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// RFC 4616: one response with everything in it.
    Plain,
    /// draft-murchison-sasl-login: the user's name, then the password. An initial response is the name.
    Login {
        /// Once it has come.
        user: Option<Vec<u8>>,
    },
}

/// What a response leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// More is asked for.
    Challenge(&'static [u8]),
    /// The client has authenticated itself, or has failed to.
    Done(bool),
}

impl Mechanism {
    /// The one called `name`, in whatever case (RFC 4954, 8).
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"PLAIN") {
            Some(Self::Plain)
        } else if name.eq_ignore_ascii_case(b"LOGIN") {
            Some(Self::Login { user: None })
        } else {
            None
        }
    }

    /// What is asked for first, where there is no initial response.
    pub(super) const fn first_challenge(&self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::Login { .. } => b"Username:",
        }
    }

    /// Takes the next response.
    pub(super) fn take(&mut self, response: Vec<u8>, accounts: &[Account]) -> Step {
        match self {
            Self::Plain => Step::Done(is_plain(&response, accounts)),
            Self::Login { user: Some(user) } => Step::Done(is_known(user, &response, accounts)),
            Self::Login { user } => {
                *user = Some(response);
                Step::Challenge(b"Password:")
            }
        }
    }
}

/// ```abnf
/// message   = [authzid] UTF8NUL authcid UTF8NUL passwd     ; RFC 4616, 2
/// ```
///
/// Nobody may act for somebody else here.
fn is_plain(message: &[u8], accounts: &[Account]) -> bool {
    let mut parts = message.split(|octet| *octet == 0);
    let parts = [(); 4].map(|()| parts.next());
    match parts {
        [Some(acts_as), Some(user), Some(password), None] => {
            (acts_as.is_empty() || acts_as == user) && is_known(user, password, accounts)
        }
        _ => false,
    }
}

fn is_known(user: &[u8], password: &[u8], accounts: &[Account]) -> bool {
    let mut accounts = accounts.iter();
    accounts.any(|known| known.user.as_bytes() == user && known.password.as_bytes() == password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Vec<Account> {
        super::super::Config::default().accounts
    }

    #[test]
    fn plain_wants_three_parts_and_the_right_ones() {
        for (message, good) in [
            ("\0tim\0tanstaaftanstaaf", true),
            ("tim\0tim\0tanstaaftanstaaf", true),
            ("ursel@example.org\0tim\0tanstaaftanstaaf", false),
            ("\0tim\0ostrich", false),
            ("\0tim\0tanstaaftanstaaf\0", false),
            ("tim\0tanstaaftanstaaf", false),
            ("", false),
            ("\0\0", false),
        ] {
            let step = Mechanism::Plain.take(message.into(), &accounts());
            assert_eq!(step, Step::Done(good), "{message:?}");
        }
    }

    #[test]
    fn login_asks_twice() {
        let mut login = Mechanism::named(b"login").unwrap();
        assert_eq!(login.first_challenge(), b"Username:");
        let asked = login.take(b"tim".to_vec(), &accounts());
        assert_eq!(asked, Step::Challenge(b"Password:"));
        let done = login.take(b"tanstaaftanstaaf".to_vec(), &accounts());
        assert_eq!(done, Step::Done(true));
        assert_eq!(Mechanism::named(b"GSSAPI"), None);
    }
}
