//! Mistakes, in words.

use crate::FilterError;

/// A mistake, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {mistake}")]
pub struct FileError {
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub mistake: Mistake,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// Not the shape of the file.
    #[error("{0}")]
    Syntax(String),
    /// No topics.
    #[error("topics is empty")]
    NoTopics,
    /// Not a topic of this API version.
    #[error("{topic:?} is no topic of API version {}{}", shopify_schema::API_VERSION, meant(.nearest.as_deref()))]
    Topic {
        /// As written.
        topic: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A compliance topic without `declared`.
    #[error("{0} can only be declared in the app's TOML: add declared = true")]
    OnlyDeclared(String),
    /// Something in a declared entry that weir can't see.
    #[error("{0} says nothing where declared = true: the app's TOML decides, and Shopify does not list it")]
    Unseen(&'static str),
    /// Not a pattern.
    #[error("{0:?} fits no {1}: lower-case letters, digits, dots, hyphens, and * for any of them")]
    Pattern(String, &'static str),
    /// An empty list of patterns.
    #[error("{0} is empty, so the entry is for nobody")]
    Nobody(&'static str),
    /// Not a name.
    #[error("the name {0:?} is not 1 to 50 letters, digits, hyphens or underscores")]
    Name(String),
    /// A name for several topics, each of which is a subscription of its own.
    #[error(
        "the name {name:?} is for {topics} topics, and Shopify takes a name once in a shop: give each topic its own"
    )]
    NameOfSeveral {
        /// The name.
        name: String,
        /// How many topics.
        topics: usize,
    },
    /// A name that another entry has.
    #[error(
        "the name {name:?} is also at line {earlier}, for some of the same shops: Shopify takes a name once in a shop, whatever its case"
    )]
    NameTwice {
        /// The name.
        name: String,
        /// Where.
        earlier: usize,
    },
    /// A filter that does not parse.
    #[error("the filter can't be read: {0}")]
    Filter(#[from] FilterError),
    /// Shopify would deliver nothing.
    #[error("the filter asks for {0}, which include_fields leaves out: Shopify would deliver nothing")]
    FilteredOut(String),
    /// A field that the payload does not have.
    #[error("{topic} has no field {field}{}", meant(.nearest.as_deref()))]
    Field {
        /// Whose payload.
        topic: String,
        /// As written.
        field: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// Not a path of fields.
    #[error("{0:?} is not a field, as id or line_items.price")]
    NotAField(String),
    /// Not a metafield.
    #[error("{0:?} is not a metafield, as custom.material")]
    Metafield(String),
    /// Not a namespace of metafields.
    #[error("{0:?} is not a namespace of metafields, as custom")]
    Namespace(String),
    /// Two entries that one shop would have with one filter.
    #[error("{topic} is also at line {earlier}, for some of the same shops with the same filter: Shopify takes one")]
    Twice {
        /// The topic.
        topic: String,
        /// Where.
        earlier: usize,
    },
    /// An entry that never counts.
    #[error("{topic} is also at line {earlier}, for the same apps and shops: that one counts, and this one never")]
    Shadowed {
        /// The topic.
        topic: String,
        /// Where.
        earlier: usize,
    },
    /// Declared and made.
    #[error("{topic} is also at line {earlier}, once declared and once not: some shops would send each event twice")]
    DeclaredToo {
        /// The topic.
        topic: String,
        /// Where.
        earlier: usize,
    },
    /// A warning: events are dropped.
    #[error("include_fields has no updated_at: Shopify drops events whose payload equals the one before")]
    NoUpdatedAt,
    /// A warning: fields are not checked.
    #[error("weir has no sample of {0}: its fields are not checked")]
    NoSample(String),
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!(": did you mean {nearest}?")).unwrap_or_default()
}
