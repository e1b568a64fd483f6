//! The reference server's settings.

use super::Defects;

/// Settings of the reference server; the default is what the model asks for.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Planted defects.
    pub defects: Defects,
}
