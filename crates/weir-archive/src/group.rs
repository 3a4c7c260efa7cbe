//! Which events of a batch share an object.

use std::collections::BTreeMap;

use weir_core::{
    EventShop, Failure, UnixMillis,
    archive::{ArchivedEvent, Hour, ObjectKey},
    envelope::Envelope,
    sha256,
};

/// Events of one shop and one hour.
#[derive(Debug)]
pub(crate) struct Group {
    /// The object's name.
    pub(crate) key: ObjectKey,
    /// Its lines.
    pub(crate) lines: String,
    /// The places of its events in the batch.
    pub(crate) places: Vec<usize>,
}

/// When its event was received, the line, and the event's place in the batch.
type Line = (UnixMillis, String, usize);

/// Groups the events of a batch by shop and hour. What can't be archived is returned with its place.
pub(crate) fn group(events: &[Envelope]) -> (Vec<Group>, Vec<(usize, Failure)>) {
    let mut by_hour: BTreeMap<(&EventShop, Hour), Vec<Line>> = BTreeMap::new();
    let mut refused = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let at = event.meta.received_at;
        match ArchivedEvent::line(event) {
            Some(line) => by_hour.entry((&event.meta.shop, Hour::of(at))).or_default().push((at, line, place)),
            None => refused.push((place, Failure::permanent("the event's body is not JSON"))),
        }
    }
    let groups = by_hour.into_iter().filter_map(|((shop, _), mut events)| {
        events.sort_unstable();
        let (first, last) = (events.first()?.0, events.last()?.0);
        let places = events.iter().map(|(.., place)| *place).collect();
        let lines: String = events.into_iter().map(|(_, line, _)| line).collect();
        let batch = sha256::hex(lines.as_bytes())[..16].to_owned();
        Some(Group { key: ObjectKey { shop: shop.clone(), first, last, batch }, lines, places })
    });
    (groups.collect(), refused)
}

#[cfg(test)]
mod tests {
    use weir_core::envelope::{self, Meta};

    use super::*;

    const AT: i64 = 1_795_755_600_120;

    fn event(shop: &str, id: &str, received_at: i64, body: &str) -> Envelope {
        let (shop, received_at) = (EventShop::from_stored(shop), UnixMillis(received_at));
        let meta = Meta { shop, received_at, ..Meta::sample(id, body.as_bytes()) };
        Envelope::parse(&envelope::seal(&meta, body.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn events_of_a_shop_and_an_hour_share_an_object_in_the_order_of_their_time() {
        let hour = 3_600_000;
        let events = [
            event("b.myshopify.com", "1", AT, "{}"),
            event("a.myshopify.com", "2", AT + 9, "{\"n\":2}"),
            event("a.myshopify.com", "3", AT, "{\"n\":3}"),
            event("a.myshopify.com", "4", AT + hour, "{}"),
            event("a.myshopify.com", "5", AT, "no JSON"),
        ];
        let (groups, refused) = group(&events);
        let places: Vec<&[usize]> = groups.iter().map(|group| &group.places[..]).collect();
        assert_eq!(places, [&[2, 1][..], &[3], &[0]]);
        assert_eq!((groups[0].key.first, groups[0].key.last), (UnixMillis(AT), UnixMillis(AT + 9)));
        assert_eq!(groups[0].lines.lines().count(), 2);
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].0, 4);
    }

    #[test]
    fn same_events_make_the_same_object_in_whatever_order_they_come() {
        let events = [event("a.myshopify.com", "1", AT, "{}"), event("a.myshopify.com", "2", AT + 1, "{}")];
        let [first, again] = [group(&events).0, group(&[events[1].clone(), events[0].clone()]).0];
        assert_eq!((&first[0].key, &first[0].lines), (&again[0].key, &again[0].lines));
        let other = group(&events[..1]).0;
        assert_ne!(first[0].key.batch, other[0].key.batch);
    }
}
