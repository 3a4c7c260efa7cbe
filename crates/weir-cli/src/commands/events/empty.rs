//! An empty list in words: whether its filter can match anything at all.

use weir_ops::events::EmptyReason;

/// What to say of it.
pub(super) fn in_words(reason: &EmptyReason) -> String {
    let meant =
        |nearest: &Option<String>| nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean {name}?"));
    match reason {
        EmptyReason::UnknownTopic { topic, nearest } => {
            format!("weir knows no topic {topic}{}", meant(nearest))
        }
        EmptyReason::UnknownResource { resource, nearest } => {
            format!("weir knows no resources such as {resource}{}", meant(nearest))
        }
        EmptyReason::UnseenShop { shop, days, nearest } => {
            format!("no event of {shop} was received within {days} days{}", meant(nearest))
        }
        EmptyReason::UnseenApp { app, seen } if seen.is_empty() => {
            format!("no event of app {app} was received within a day, nor of any other")
        }
        EmptyReason::UnseenApp { app, seen } => {
            format!("no event of app {app} was received within a day; events came of {}", seen.join(", "))
        }
        EmptyReason::BeforeRetention { days } => {
            format!("the ledger keeps events for {days} days, and the range ends before that")
        }
    }
}
