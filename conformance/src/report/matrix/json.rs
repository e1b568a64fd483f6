//! The matrix as one JSON document.

use super::Matrix;

/// The matrix as pretty-printed JSON with a final line end.
pub fn json(matrix: &Matrix) -> String {
    // Strings and numbers only: there is nothing in it that JSON cannot carry.
    let mut text = serde_json::to_string_pretty(matrix).unwrap_or_default();
    text.push('\n');
    text
}
