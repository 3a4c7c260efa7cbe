//! Every mistake at once.

use std::collections::BTreeSet;

use shopify_schema::{topic_enum, webhook_topics};
use toml::Spanned;

use super::{FileError, Form, Mistake, Read, Table, Texts, line_of};
use crate::{Desired, Entry, Filter, Pattern, Subscription, nearest::nearest, payload::Payload};

/// What an app can only declare in its TOML.
const COMPLIANCE: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

/// Shopify's limit for a subscription's name.
const NAME_MAX: usize = 50;

pub(super) fn check(text: &str, table: &Table) -> Result<Read, Vec<FileError>> {
    let mut check = Check { text, problems: Vec::new(), warnings: Vec::new() };
    let entries: Vec<Entry> = table.subscription.iter().flat_map(|form| check.entries(form.get_ref())).collect();
    check.pairs(&entries);
    check.names(table);
    let Check { mut problems, warnings, .. } = check;
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() { Ok(Read { desired: Desired { entries }, warnings }) } else { Err(problems) }
}

struct Check<'a> {
    text: &'a str,
    problems: Vec<FileError>,
    warnings: Vec<FileError>,
}

impl Check<'_> {
    fn line<T>(&self, at: &Spanned<T>) -> usize {
        line_of(self.text, at.span().start)
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, mistake: Mistake) {
        let line = self.line(at);
        self.problems.push(FileError { line, mistake });
    }

    fn doubt<T>(&mut self, at: &Spanned<T>, mistake: Mistake) {
        let line = self.line(at);
        self.warnings.push(FileError { line, mistake });
    }

    /// The entries that a form stands for: one a topic. With mistakes, as much of them as was understood.
    fn entries(&mut self, form: &Form) -> Vec<Entry> {
        if form.topics.get_ref().is_empty() {
            self.wrong(&form.topics, Mistake::NoTopics);
        }
        let apps = self.patterns(form.apps.as_ref(), "default", "app");
        let shops = self.patterns(form.shops.as_ref(), "*", "shop");
        if let Some(name) = &form.name {
            let topics: BTreeSet<&str> = form.topics.get_ref().iter().map(|topic| topic.get_ref().as_str()).collect();
            if !is_name(name.get_ref()) {
                self.wrong(name, Mistake::Name(name.get_ref().clone()));
            } else if topics.len() > 1 && !form.declared {
                let mistake = Mistake::NameOfSeveral { name: name.get_ref().clone(), topics: topics.len() };
                self.wrong(name, mistake);
            }
        }
        let filter = form.filter.as_ref().and_then(|text| match Filter::parse(text.get_ref()) {
            Ok(filter) => Some((text, filter)),
            Err(error) => {
                self.wrong(text, error.into());
                None
            }
        });
        for field in form.include_fields.iter().filter(|field| !is_path(field.get_ref())) {
            self.wrong(field, Mistake::NotAField(field.get_ref().clone()));
        }
        for one in form.metafield_namespaces.iter().filter(|one| !is_namespace(one.get_ref())) {
            self.wrong(one, Mistake::Namespace(one.get_ref().clone()));
        }
        for one in form.metafields.iter().filter(|one| !is_metafield(one.get_ref())) {
            self.wrong(one, Mistake::Metafield(one.get_ref().clone()));
        }
        if form.declared {
            self.declared(form);
        } else {
            self.included(form, filter.as_ref());
        }
        let mut entries = Vec::new();
        for topic in form.topics.get_ref() {
            if self.topic(topic, form.declared) {
                if !form.declared {
                    self.fields(topic.get_ref(), form, filter.as_ref());
                }
                let texts = |texts: &Texts| texts.iter().map(|text| text.get_ref().clone()).collect::<BTreeSet<_>>();
                entries.push(Entry {
                    line: self.line(topic),
                    apps: apps.clone(),
                    shops: shops.clone(),
                    declared: form.declared,
                    subscription: Subscription {
                        topic: topic.get_ref().clone(),
                        name: form.name.as_ref().map(|name| name.get_ref().clone()),
                        filter: form.filter.as_ref().map(|filter| filter.get_ref().trim().to_owned()),
                        include_fields: texts(&form.include_fields),
                        metafield_namespaces: texts(&form.metafield_namespaces),
                        metafields: texts(&form.metafields),
                    },
                });
            }
        }
        entries
    }

    fn patterns(&mut self, written: Option<&Spanned<Texts>>, default: &str, of: &'static str) -> Vec<Pattern> {
        let Some(written) = written else { return Pattern::parse(default).into_iter().collect() };
        if written.get_ref().is_empty() {
            self.wrong(written, Mistake::Nobody(if of == "app" { "apps" } else { "shops" }));
        }
        let mut patterns = Vec::new();
        for text in written.get_ref() {
            match Pattern::parse(text.get_ref()) {
                Some(pattern) => patterns.push(pattern),
                None => self.wrong(text, Mistake::Pattern(text.get_ref().clone(), of)),
            }
        }
        patterns
    }

    fn topic(&mut self, topic: &Spanned<String>, declared: bool) -> bool {
        let text = topic.get_ref().as_str();
        if COMPLIANCE.contains(&text) {
            if !declared {
                self.wrong(topic, Mistake::OnlyDeclared(text.to_owned()));
            }
            return declared;
        }
        if webhook_topics().any(|known| known == text) {
            return true;
        }
        // `ORDERS_CREATE`, as GraphQL has it, and whatever is near.
        let known = || webhook_topics().chain(COMPLIANCE);
        let meant = known().find(|known| topic_enum(known) == topic_enum(text)).or_else(|| nearest(text, known()));
        self.wrong(topic, Mistake::Topic { topic: text.to_owned(), nearest: meant.map(str::to_owned) });
        false
    }

    fn declared(&mut self, form: &Form) {
        if let Some(name) = &form.name {
            self.wrong(name, Mistake::Unseen("name"));
        }
        if let Some(filter) = &form.filter {
            self.wrong(filter, Mistake::Unseen("filter"));
        }
        for (name, texts) in [
            ("include_fields", &form.include_fields),
            ("metafield_namespaces", &form.metafield_namespaces),
            ("metafields", &form.metafields),
        ] {
            if let Some(first) = texts.first() {
                self.wrong(first, Mistake::Unseen(name));
            }
        }
    }

    /// What holds whatever the topic.
    fn included(&mut self, form: &Form, filter: Option<&(&Spanned<String>, Filter)>) {
        if form.include_fields.is_empty() {
            return;
        }
        let included: Vec<&str> = form.include_fields.iter().map(|field| field.get_ref().as_str()).collect();
        let covers =
            |field: &str, one: &str| one == field || field.strip_prefix(one).is_some_and(|rest| rest.starts_with('.'));
        if let Some((text, filter)) = filter {
            for field in filter.fields() {
                if !included.iter().any(|one| covers(field, one)) {
                    self.wrong(text, Mistake::FilteredOut(field.to_owned()));
                }
            }
        }
        if let Some(first) = form.include_fields.first().filter(|_| !included.contains(&"updated_at")) {
            self.doubt(first, Mistake::NoUpdatedAt);
        }
    }

    /// Whether the topic's payload has the fields.
    fn fields(&mut self, topic: &str, form: &Form, filter: Option<&(&Spanned<String>, Filter)>) {
        let included = form.include_fields.iter().filter(|field| is_path(field.get_ref()));
        let mut asked: Vec<(&Spanned<String>, &str)> =
            included.map(|field| (field, field.get_ref().as_str())).collect();
        asked.extend(filter.iter().flat_map(|(text, filter)| filter.fields().into_iter().map(|field| (*text, field))));
        let Some((first, _)) = asked.first().copied() else { return };
        let Some(payload) = Payload::of(topic) else {
            return self.doubt(first, Mistake::NoSample(topic.to_owned()));
        };
        for (at, field) in asked.into_iter().filter(|(_, field)| !payload.has(field)) {
            let nearest = payload.nearest(field).map(str::to_owned);
            self.wrong(at, Mistake::Field { topic: topic.to_owned(), field: field.to_owned(), nearest });
        }
    }

    /// Names that two entries have for different topics in one shop.
    fn names(&mut self, table: &Table) {
        let forms: Vec<&Form> = table.subscription.iter().map(Spanned::get_ref).filter(|form| !form.declared).collect();
        let named: Vec<_> = forms.iter().filter_map(|form| Some((*form, form.name.as_ref()?))).collect();
        for (number, (later, name)) in named.iter().enumerate() {
            let taken = named[..number].iter().find(|(earlier, other)| {
                let same = name.get_ref().eq_ignore_ascii_case(other.get_ref());
                // An entry above another one of its topic replaces it: that is one subscription.
                let replaces = earlier.topics.get_ref().iter().map(Spanned::get_ref).collect::<BTreeSet<_>>()
                    == later.topics.get_ref().iter().map(Spanned::get_ref).collect();
                same && !replaces
                    && meet(
                        &read_patterns(earlier.apps.as_ref(), "default"),
                        &read_patterns(later.apps.as_ref(), "default"),
                    )
                    && meet(&read_patterns(earlier.shops.as_ref(), "*"), &read_patterns(later.shops.as_ref(), "*"))
            });
            if let Some((_, other)) = taken {
                let mistake = Mistake::NameTwice { name: name.get_ref().clone(), earlier: self.line(other) };
                self.wrong(name, mistake);
            }
        }
    }

    /// What is wrong with two entries together.
    fn pairs(&mut self, entries: &[Entry]) {
        for (number, later) in entries.iter().enumerate() {
            let earlier =
                entries[..number].iter().rev().filter(|one| one.subscription.topic == later.subscription.topic);
            for earlier in
                earlier.filter(|earlier| meet(&earlier.apps, &later.apps) && meet(&earlier.shops, &later.shops))
            {
                let (one, other) = (&earlier.subscription, &later.subscription);
                let (topic, line) = (other.topic.clone(), earlier.line);
                let mistake = if earlier.declared != later.declared {
                    Mistake::DeclaredToo { topic, earlier: line }
                } else if earlier.declared || one.is_another(other) {
                    if earlier.apps != later.apps || earlier.shops != later.shops {
                        continue;
                    }
                    Mistake::Shadowed { topic, earlier: line }
                } else if same_filter(one.filter.as_deref(), other.filter.as_deref()) {
                    Mistake::Twice { topic, earlier: line }
                } else {
                    continue;
                };
                self.problems.push(FileError { line: later.line, mistake });
                break;
            }
        }
    }
}

/// As the patterns of a form are read; what is none was reported.
fn read_patterns(written: Option<&Spanned<Texts>>, default: &str) -> Vec<Pattern> {
    match written {
        None => Pattern::parse(default).into_iter().collect(),
        Some(written) => written.get_ref().iter().filter_map(|text| Pattern::parse(text.get_ref())).collect(),
    }
}

fn meet(one: &[Pattern], other: &[Pattern]) -> bool {
    one.iter().any(|one| other.iter().any(|other| one.meets(other)))
}

fn same_filter(one: Option<&str>, other: Option<&str>) -> bool {
    let read = |text: Option<&str>| text.and_then(|text| Filter::parse(text).ok());
    read(one) == read(other)
}

fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn is_path(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$".contains(&b));
    text.split('.').all(part)
}

/// `custom`, `$app:loyalty`.
fn is_namespace(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$:".contains(&b))
}

/// `custom.material`.
fn is_metafield(text: &str) -> bool {
    text.split_once('.').is_some_and(|(namespace, key)| is_namespace(namespace) && is_namespace(key))
}
