//! The name of a lane, as an option.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use weir_core::Lane;

/// Reads the name of a lane, and lists the names in the help.
pub(crate) fn lane() -> impl TypedValueParser<Value = Lane> {
    PossibleValuesParser::new(Lane::ALL.map(Lane::as_str)).try_map(|name| name.parse::<Lane>())
}
