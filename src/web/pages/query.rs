//! What stands behind the question mark of an address.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A value as it stands in a query.
pub(in crate::web) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}
