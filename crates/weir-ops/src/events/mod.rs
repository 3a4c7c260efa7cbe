//! The events of the ledger: lists of them, what becomes of them, and all that is known of one.

mod archived;
mod body;
mod cursor;
mod filter;
mod follow;
mod location;
mod lookup;
mod max_receives;
mod query;
mod scan;
mod search;
mod timeline;
mod view;

#[cfg(test)]
pub(crate) mod fixtures;

pub use archived::{ArchiveReadError, FoundBody, archived_body, has_archive};
pub use body::{BodyReadError, stored_body};
pub use cursor::{EventCursor, NotACursor};
pub use filter::{EventFilter, EventOutcome, EventState};
pub use follow::Follower;
pub use location::{MessageLocation, is_given_up};
pub use lookup::{LookupProgress, of_any_shop, of_shop};
pub use max_receives::max_receives;
pub use query::{EmptyRange, EventQuery, QueryTimes, recent_range, whole_range};
pub use scan::scan;
pub use search::{Found, SearchProgress, search};
pub use timeline::{TimelineEntry, TimelineKind, timeline};
pub use view::{ActionView, AttemptView, EventView};
pub use weir_aws::{
    DynamoLedger as Ledger,
    ledger::{ReadError, Spent},
};
