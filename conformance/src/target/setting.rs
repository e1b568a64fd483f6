//! What a server is set to beside what its adapter sets it to: `NAME=VALUE`.

use std::{fmt, str::FromStr};

/// A setting of a server, in that server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    name: String,
    value: String,
}

/// Why a text is no setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no `=`, or nothing before it.
    #[error("expected NAME=VALUE")]
    NoName,
    /// It would be more than one line of a configuration file.
    #[error("a value is one line, without control characters")]
    Control,
}

impl Setting {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is set to.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or(SettingError::NoName)?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return Err(SettingError::NoName);
        }
        if text.chars().any(char::is_control) {
            return Err(SettingError::Control);
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn the_first_equals_sign_ends_the_name() {
        let setting: Setting = "limits = a=b, c".parse().unwrap();
        assert_eq!((setting.name(), setting.value()), ("limits", "a=b, c"));
        assert_eq!(setting.to_string(), "limits=a=b, c");
        assert_eq!("empty=".parse::<Setting>().unwrap().value(), "");
    }

    #[test]
    fn what_is_no_line_of_a_configuration_is_none() {
        for (text, why) in [
            ("name", SettingError::NoName),
            ("=value", SettingError::NoName),
            ("a=b\nc=d", SettingError::Control),
        ] {
            assert_eq!(text.parse::<Setting>(), Err(why));
        }
    }
}
