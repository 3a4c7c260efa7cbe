//! Events of a check of the stack: they go the whole way through a lane and its worker to the bus, and no service sees them.
//!
//! Their topic is `weir_check/` and the name of the lane that they are to take. Three places know it:
//!
//! * the [routes](crate::Routes), which send each to its lane, whatever `infra/routes.toml` says;
//! * the consumer, which runs no handler for them: nothing is forwarded;
//! * the bus, on which they have a [source](SOURCE) of their own: no rule for `weir` takes them.
//!
//! Whoever can sign a body can send one. It then is an event that no service takes, as with any topic that no rule is for.

use crate::Lane;

/// What the topics of such events begin with.
const PREFIX: &str = "weir_check/";

/// EventBridge's `source` of such an event.
pub const SOURCE: &str = "weir.check";

/// The shop of such events. It is asked nothing, and no shop of a merchant has to be named.
pub const SHOP: &str = "weir-check.myshopify.com";

/// The topic of an event that checks a lane.
#[must_use]
pub fn topic(lane: Lane) -> String {
    format!("{PREFIX}{lane}")
}

/// Whether a topic is one of a check.
#[must_use]
pub fn is_check(topic: &str) -> bool {
    topic.starts_with(PREFIX)
}

/// The lane that a topic of a check names.
pub(crate) fn lane(topic: &str) -> Option<Lane> {
    topic.strip_prefix(PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use shopify_webhook::{ShopDomain, Topic};

    use super::*;
    use crate::Routes;

    #[test]
    fn event_of_a_check_takes_the_lane_that_its_topic_names() {
        for lane in Lane::ALL {
            let topic = topic(lane);
            assert!(is_check(&topic));
            assert_eq!(Routes::built_in().lane(&Topic::parse(&topic).unwrap()), lane);
        }
        assert_eq!(Routes::built_in().lane(&Topic::parse("weir_check/slow").unwrap()), Lane::Standard);
        assert!(ShopDomain::parse(SHOP).is_some());
    }

    #[test]
    fn topic_of_shopify_is_none_of_a_check() {
        for topic in ["orders/create", "weir_checks/create", "weir_check.urgent", "superseded/weir_check/urgent"] {
            assert!(!is_check(topic), "{topic}");
        }
    }
}
