//! What is desired.

use std::collections::BTreeSet;

use shopify_webhook::ShopDomain;

use crate::{FileError, Pattern, Read};

/// The subscriptions that every shop should have.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// As the file has them, one for each topic.
    pub entries: Vec<Entry>,
}

/// A topic, and for whom it is desired.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The line in the file.
    pub line: usize,
    /// The apps.
    pub apps: Vec<Pattern>,
    /// The shops.
    pub shops: Vec<Pattern>,
    /// Whether the app's TOML at Shopify subscribes to it: then it is neither listed nor made.
    pub declared: bool,
    /// What is desired.
    pub subscription: Subscription,
}

/// A subscription, as far as it can be chosen. Its address follows from the stack and the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// As deliveries name it: `orders/create`.
    pub topic: String,
    /// Comes with each delivery, and is unique in a shop, whatever its case. `None` leaves the one that it has.
    pub name: Option<String>,
    /// Which events are delivered; `None` for all.
    pub filter: Option<String>,
    /// Which fields are; empty for all.
    pub include_fields: BTreeSet<String>,
    /// The namespaces whose metafields are delivered too.
    pub metafield_namespaces: BTreeSet<String>,
    /// Metafields that are, as `namespace.key`.
    pub metafields: BTreeSet<String>,
}

impl Subscription {
    /// Whether Shopify takes both for the same: of one topic, and of one name, whatever its case.
    pub(crate) fn is_another(&self, other: &Self) -> bool {
        self.topic == other.topic && same_name(self.name.as_deref(), other.name.as_deref())
    }
}

/// Whether two names are one to Shopify.
pub(crate) fn same_name(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// What is desired for one app in one shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DesiredSubscriptions<'a> {
    /// To be made by the API.
    pub subscriptions: Vec<&'a Subscription>,
    /// Topics of the app's TOML.
    pub declared: Vec<&'a str>,
}

impl Desired {
    /// The file that this build was made with.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read the same file.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the file is part of the build, and a test reads it")]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../../infra/subscriptions.toml")).expect("the built-in file was tested").desired
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Read, Vec<FileError>> {
        crate::file::read(text)
    }

    /// What is desired for an app in a shop. Of several entries with one topic and one name, the first that fits counts.
    #[must_use]
    pub fn wanted(&self, app: &str, shop: &ShopDomain) -> DesiredSubscriptions<'_> {
        let fits = |patterns: &[Pattern], name: &str| patterns.iter().any(|pattern| pattern.fits(name));
        let mut wanted = DesiredSubscriptions::default();
        for entry in self.entries.iter().filter(|entry| fits(&entry.apps, app) && fits(&entry.shops, shop.as_str())) {
            let one = &entry.subscription;
            if entry.declared {
                if !wanted.declared.contains(&one.topic.as_str()) {
                    wanted.declared.push(&one.topic);
                }
            } else if !wanted.subscriptions.iter().any(|first| first.is_another(one)) {
                wanted.subscriptions.push(one);
            }
        }
        wanted
    }
}
