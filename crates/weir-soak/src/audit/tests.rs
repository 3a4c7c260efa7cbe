use super::*;
use crate::plan::Plan;

/// A run in which all went well; each test then spoils one thing.
struct Run {
    plan: Plan,
    accepted: BTreeSet<usize>,
    ledger: HashMap<String, Seen>,
    completions: HashMap<String, u32>,
    bus: Vec<Published>,
    arrivals: Option<Vec<Arrival>>,
    dead: Vec<Option<String>>,
}

/// Any function of the event will do.
fn hash(event: &Event) -> String {
    format!("hash of {}", event.webhook_id)
}

fn seen(state: &str, owner: &str) -> Seen {
    let mut seen = Seen::default();
    seen.again(state, owner, 1, 0);
    seen
}

fn published(event: &Event) -> Published {
    Published { key: event.key(), superseded: false, topic: event.topic.to_owned(), body_sha256: hash(event) }
}

fn arrival(event: &Event, at: u64) -> Arrival {
    Arrival { key: event.key(), header_id: event.webhook_id.clone(), begin: at, end: at + 1 }
}

impl Run {
    /// Every event of a small plan took effect, versions in their order.
    fn new() -> Self {
        let plan = Plan::new(60, 1);
        let mut in_order: Vec<&Event> = plan.events.iter().collect();
        in_order.sort_by_key(|event| event.version);
        let ledger = in_order.iter().map(|event| (event.key(), seen("done", "one"))).collect();
        let completions = in_order.iter().map(|event| (event.key(), 1)).collect();
        let bus = in_order.iter().map(|event| published(event)).collect();
        let arrivals = in_order.iter().zip(0..).map(|(event, place)| arrival(event, place * 2)).collect();
        let accepted = (0..plan.events.len()).collect();
        Self { accepted, ledger, completions, bus, arrivals: Some(arrivals), dead: Vec::new(), plan }
    }

    fn audit(&self) -> Findings {
        let evidence = Evidence {
            events: &self.plan.events,
            accepted: &self.accepted,
            ledger: &self.ledger,
            completions: &self.completions,
            bus: &self.bus,
            arrivals: self.arrivals.as_deref(),
            dead: &self.dead,
        };
        audit(&evidence, hash)
    }

    /// Two versions of one resource, the older one first.
    fn versions(&self) -> [Event; 2] {
        let events = &self.plan.events;
        let pair = events.iter().find_map(|older| {
            let resource = older.resource.as_ref()?;
            let is_newer = |other: &&Event| other.shop == older.shop && other.version > older.version;
            let newer = events.iter().find(|other| other.resource.as_ref() == Some(resource) && is_newer(other))?;
            Some([older.clone(), newer.clone()])
        });
        pair.expect("a plan has resources with versions")
    }

    /// The older of two versions comes too late: neither on the bus nor at the destination.
    fn stale(&mut self) -> [Event; 2] {
        let versions = self.versions();
        let older = versions[0].key();
        self.ledger.insert(older.clone(), seen("stale", "one"));
        self.forget_effects(&older);
        versions
    }

    fn forget_effects(&mut self, key: &str) {
        self.bus.retain(|published| published.key != key);
        self.arrivals.iter_mut().for_each(|arrivals| arrivals.retain(|arrival| arrival.key != key));
    }

    fn arrivals(&mut self) -> &mut Vec<Arrival> {
        self.arrivals.as_mut().expect("workers forward")
    }

    fn first(&self) -> Event {
        self.plan.events[0].clone()
    }

    #[track_caller]
    fn is_fine(&self) -> Findings {
        let findings = self.audit();
        assert!(!findings.is_broken(), "{findings:?}");
        findings
    }

    /// Nothing else is wrong than what `what` shows.
    #[track_caller]
    fn is_broken(&self, what: impl Fn(&mut Findings) -> &mut Vec<String>, keys: &[String]) {
        let mut findings = self.audit();
        assert!(findings.is_broken(), "{findings:?}");
        assert_eq!(std::mem::take(what(&mut findings)), keys);
        assert!(!findings.is_broken(), "{findings:?}");
    }
}

#[test]
fn a_run_without_fault_is_not_broken() {
    let findings = Run::new().is_fine();
    assert_eq!((findings.done, findings.stale, findings.bus_repeats, findings.destination_repeats), (60, 0, 0, 0));
}

#[test]
fn an_accepted_event_that_the_ledger_does_not_know_is_lost() {
    let mut run = Run::new();
    let key = run.first().key();
    run.ledger.remove(&key);
    run.is_broken(|findings| &mut findings.lost, &[key]);
}

#[test]
fn an_event_that_is_still_leased_failed_or_parked_at_the_end_is_lost() {
    for state in ["leased", "failed", "parked"] {
        let mut run = Run::new();
        let key = run.first().key();
        run.ledger.insert(key.clone(), seen(state, "one"));
        run.is_broken(|findings| &mut findings.lost, &[key]);
    }
}

#[test]
fn an_event_that_is_done_but_never_was_on_the_bus_is_lost() {
    let mut run = Run::new();
    let key = run.first().key();
    run.bus.retain(|published| published.key != key);
    run.is_broken(|findings| &mut findings.lost, &[key]);
}

#[test]
fn an_event_that_is_done_but_never_came_to_the_destination_is_lost() {
    let mut run = Run::new();
    let key = run.first().key();
    run.arrivals().retain(|arrival| arrival.key != key);
    run.is_broken(|findings| &mut findings.lost, &[key]);
}

#[test]
fn where_workers_forward_nothing_the_bus_is_effect_enough() {
    Run { arrivals: None, ..Run::new() }.is_fine();
}

#[test]
fn an_event_that_was_not_accepted_can_not_be_lost() {
    let mut run = Run::new();
    let key = run.first().key();
    run.accepted.remove(&0);
    run.ledger.remove(&key);
    run.completions.remove(&key);
    run.forget_effects(&key);
    run.is_fine();
}

#[test]
fn a_dead_letter_is_accounted_for_and_counted() {
    let mut run = Run::new();
    let key = run.first().key();
    run.ledger.insert(key.clone(), seen("failed", "one"));
    run.forget_effects(&key);
    run.dead = vec![Some(key.clone())];
    assert_eq!(run.is_fine().dlq, [key]);
}

#[test]
fn a_dead_copy_of_what_is_done_is_no_dead_event() {
    let mut run = Run::new();
    run.dead = vec![Some(run.first().key())];
    assert!(run.is_fine().dlq.is_empty());
}

#[test]
fn a_dead_letter_that_nobody_sent_or_can_read_is_a_stranger() {
    for key in [None, Some("elsewhere#1".to_owned())] {
        let mut run = Run::new();
        run.dead = vec![key];
        assert_eq!(run.audit().strangers.len(), 1);
    }
}

#[test]
fn a_stale_event_is_accounted_for_by_the_later_version_that_took_effect() {
    let mut run = Run::new();
    run.stale();
    assert_eq!(run.is_fine().stale, 1);
}

#[test]
fn a_stale_event_whose_later_version_never_took_effect_is_lost_with_it() {
    let mut run = Run::new();
    let [older, newer] = run.stale();
    let resource = older.resource.clone();
    // No version at all of this resource took effect but the older ones, of which one is stale.
    let all: Vec<Event> = run.plan.events.iter().filter(|event| event.resource == resource).cloned().collect();
    for event in all.iter().filter(|event| event.version > older.version) {
        run.forget_effects(&event.key());
    }
    let findings = run.audit();
    assert!(findings.lost.contains(&older.key()) && findings.lost.contains(&newer.key()), "{findings:?}");
}

#[test]
fn a_later_version_in_a_dead_letter_queue_accounts_for_a_stale_one() {
    let mut run = Run::new();
    let [older, _] = run.stale();
    let all: Vec<Event> = run.plan.events.iter().filter(|event| event.resource == older.resource).cloned().collect();
    for event in all.iter().filter(|event| event.version > older.version) {
        run.ledger.insert(event.key(), seen("failed", "one"));
        run.forget_effects(&event.key());
        run.dead.push(Some(event.key()));
    }
    assert_eq!(run.is_fine().stale, 1);
}

#[test]
fn two_words_of_completion_are_two_completions() {
    let mut run = Run::new();
    let key = run.first().key();
    run.completions.insert(key.clone(), 2);
    run.is_broken(|findings| &mut findings.completed_twice, &[key]);
}

#[test]
fn an_event_that_another_owner_settled_again_is_completed_twice_though_no_worker_said_so() {
    let mut run = Run::new();
    let key = run.first().key();
    run.ledger.get_mut(&key).unwrap().again("done", "another", 2, 0);
    run.is_broken(|findings| &mut findings.completed_twice, &[key]);
}

#[test]
fn a_settled_event_that_was_claimed_again_is_completed_twice_whatever_came_of_it() {
    let mut run = Run::new();
    let key = run.first().key();
    let record = run.ledger.get_mut(&key).unwrap();
    record.again("leased", "another", 2, 0);
    record.again("done", "one", 2, 0);
    run.is_broken(|findings| &mut findings.completed_twice, &[key]);
}

#[test]
fn looking_twice_at_one_completion_is_one_completion() {
    let mut run = Run::new();
    let key = run.first().key();
    run.ledger.get_mut(&key).unwrap().again("done", "one", 1, 3);
    assert_eq!(run.is_fine().duplicates, 3);
}

#[test]
fn an_older_version_that_arrives_after_a_newer_one_is_a_step_back() {
    let mut run = Run::new();
    let [older, _] = run.versions();
    let end = run.arrivals().len() as u64 * 2;
    run.arrivals().push(arrival(&older, end));
    run.is_broken(|findings| &mut findings.steps_back, &[older.key()]);
    assert_eq!(run.audit().destination_repeats, 1);
}

#[test]
fn a_newest_state_that_is_not_the_last_leaves_an_old_one_standing() {
    let mut run = Run::new();
    let [_, newer] = run.versions();
    let of = |event: &&Event| event.resource == newer.resource && event.shop == newer.shop;
    let newest = run.plan.events.iter().filter(of).max_by_key(|event| event.version).cloned().unwrap();
    run.arrivals().retain(|arrival| arrival.key != newest.key());
    assert_eq!(run.audit().old_states, [newest.key()]);
    run.arrivals().insert(0, arrival(&newest, 0));
    assert_eq!(run.audit().old_states, [newest.key()], "it came before the older ones");
}

#[test]
fn without_a_destination_the_bus_shows_steps_back() {
    let mut run = Run { arrivals: None, ..Run::new() };
    let [older, _] = run.versions();
    run.bus.push(published(&older));
    run.is_broken(|findings| &mut findings.steps_back, &[older.key()]);
}

#[test]
fn a_notice_that_a_version_came_too_late_is_neither_an_effect_nor_a_step_back() {
    let mut run = Run { arrivals: None, ..Run::new() };
    let [older, _] = run.stale();
    run.bus.push(Published { superseded: true, ..published(&older) });
    assert_eq!(run.is_fine().bus_repeats, 0);
    run.ledger.insert(older.key(), seen("done", "one"));
    run.is_broken(|findings| &mut findings.lost, &[older.key()]);
}

#[test]
fn two_topics_of_one_version_are_no_step_back_in_either_order() {
    let mut run = Run::new();
    let paid = run.plan.events.iter().position(|event| event.topic == "orders/paid").unwrap();
    let [created, paid] = [run.plan.events[paid - 1].clone(), run.plan.events[paid].clone()];
    assert_eq!((created.topic, created.version), ("orders/create", paid.version));
    for arrival in run.arrivals() {
        let other = if arrival.key == created.key() { &paid } else { &created };
        if [created.key(), paid.key()].contains(&arrival.key) {
            (arrival.key, arrival.header_id) = (other.key(), other.webhook_id.clone());
        }
    }
    run.is_fine();
}

#[test]
fn an_older_version_of_another_resource_is_no_step_back() {
    let mut run = Run::new();
    // In the opposite order of versions, but for those of one resource.
    let resource = |event: &Event| event.resource.clone().map(|resource| (event.shop.clone(), resource));
    let mut events: Vec<Event> = run.plan.events.iter().filter(|event| event.resource.is_some()).cloned().collect();
    let newest: HashMap<_, _> = events.iter().map(|event| (resource(event), event.version)).collect();
    events.sort_by_key(|event| (std::cmp::Reverse(newest[&resource(event)]), event.version));
    let each = run.plan.events.iter().filter(|event| event.resource.is_none()).cloned();
    let arrivals = events.into_iter().chain(each).zip(0..).map(|(event, place)| arrival(&event, place * 2));
    run.arrivals = Some(arrivals.collect());
    run.is_fine();
}

#[test]
fn two_requests_about_one_resource_at_once_overlap() {
    let mut run = Run::new();
    let [older, newer] = run.versions();
    let newer_begins = run.arrivals().iter().find(|arrival| arrival.key == newer.key()).unwrap().begin;
    run.arrivals().iter_mut().filter(|arrival| arrival.key == older.key()).for_each(|it| it.end = newer_begins + 1);
    // Those between the two are within the older one's time as well.
    let overlaps = run.audit().overlaps;
    assert!(overlaps.contains(&newer.key()), "{overlaps:?}");
    run.arrivals().retain(|arrival| [older.key(), newer.key()].contains(&arrival.key));
    assert_eq!(run.audit().overlaps, [newer.key()]);
}

#[test]
fn two_requests_about_one_event_at_once_overlap_whatever_its_topic() {
    let mut run = Run::new();
    let each = run.plan.events.iter().find(|event| event.resource.is_none()).unwrap().clone();
    let end = run.arrivals().len() as u64 * 2;
    run.arrivals().extend([arrival(&each, end), arrival(&each, end + 1)]);
    run.is_fine();
    run.arrivals().push(Arrival { begin: end + 1, ..arrival(&each, end + 2) });
    run.is_broken(|findings| &mut findings.overlaps, &[each.key()]);
}

#[test]
fn a_repeat_on_the_bus_is_counted_and_breaks_nothing() {
    let mut run = Run::new();
    let latest = run.plan.events.iter().max_by_key(|event| event.version).unwrap().clone();
    run.bus.push(published(&latest));
    assert_eq!(run.is_fine().bus_repeats, 1);
}

#[test]
fn a_repeat_on_the_bus_under_another_id_is_a_stranger() {
    let mut run = Run::new();
    let first = run.first();
    run.bus.push(Published { key: "soak-01.myshopify.com#new".into(), ..published(&first) });
    run.is_broken(|findings| &mut findings.strangers, &["soak-01.myshopify.com#new".to_owned()]);
}

#[test]
fn another_body_or_topic_under_a_known_id_is_a_stranger() {
    let mut run = Run::new();
    let first = run.first();
    run.bus.push(Published { body_sha256: "of another".into(), ..published(&first) });
    run.bus.push(Published { topic: "shop/redact".into(), ..published(&first) });
    run.is_broken(|findings| &mut findings.strangers, &[first.key(), first.key()]);
}

#[test]
fn a_request_whose_header_names_another_event_is_a_stranger() {
    let mut run = Run::new();
    let (first, at) = (run.first(), run.plan.events.len() as u64 * 2);
    run.arrivals().push(Arrival { header_id: "another".into(), ..arrival(&first, at) });
    let strangers = run.audit().strangers;
    assert_eq!(strangers, [first.key()]);
}

#[test]
fn parked_events_that_came_through_are_counted() {
    let mut run = Run::new();
    let mut parked = seen("parked", "one");
    parked.again("done", "two", 2, 0);
    run.ledger.insert(run.first().key(), parked);
    assert_eq!(run.is_fine().parked, 1);
}
