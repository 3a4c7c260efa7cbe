//! Both header families, `X-Shopify-*` of webhooks and `shopify-*` of Events, in any case.

use std::fmt;

/// A header that weir reads, whichever family it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `X-Shopify-Hmac-Sha256`
    Hmac,
    /// `X-Shopify-Topic`
    Topic,
    /// `X-Shopify-Shop-Domain`
    ShopDomain,
    /// `X-Shopify-API-Version`
    ApiVersion,
    /// `X-Shopify-Webhook-Id`
    WebhookId,
    /// `X-Shopify-Event-Id` (webhooks only)
    EventId,
    /// `X-Shopify-Triggered-At`
    TriggeredAt,
    /// `X-Shopify-Name` of webhooks, `shopify-handle` of Events: the subscription's name
    Name,
    /// `shopify-action` (Events only)
    Action,
    /// `X-Shopify-Test`: `true` on a test notification
    Test,
}

const NAMES: [(&str, Header); 11] = [
    ("hmac-sha256", Header::Hmac),
    ("topic", Header::Topic),
    ("shop-domain", Header::ShopDomain),
    ("api-version", Header::ApiVersion),
    ("webhook-id", Header::WebhookId),
    ("event-id", Header::EventId),
    ("triggered-at", Header::TriggeredAt),
    ("name", Header::Name),
    ("handle", Header::Name),
    ("action", Header::Action),
    ("test", Header::Test),
];

impl Header {
    fn of(name: &str) -> Option<Self> {
        let rest = strip_prefix(name, "x-").unwrap_or(name);
        let rest = strip_prefix(rest, "shopify-")?;
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(rest)).map(|(_, header)| *header)
    }
}

impl fmt::Display for Header {
    /// The name in the webhook family.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hmac => "X-Shopify-Hmac-Sha256",
            Self::Topic => "X-Shopify-Topic",
            Self::ShopDomain => "X-Shopify-Shop-Domain",
            Self::ApiVersion => "X-Shopify-API-Version",
            Self::WebhookId => "X-Shopify-Webhook-Id",
            Self::EventId => "X-Shopify-Event-Id",
            Self::TriggeredAt => "X-Shopify-Triggered-At",
            Self::Name => "X-Shopify-Name",
            Self::Action => "shopify-action",
            Self::Test => "X-Shopify-Test",
        })
    }
}

fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let head = name.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &name[prefix.len()..])
}

/// Why a signed delivery can't be read. Says which header, never its value: values come from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not there, in either family.
    #[error("the {0} header is missing")]
    Missing(Header),
    /// There, but not of the form that Shopify documents.
    #[error("the {0} header can't be read: {1}")]
    Malformed(Header, &'static str),
    /// Sent more than once, in one family or in both, with different values.
    #[error("the {0} header comes twice, with different values")]
    Conflicting(Header),
}

/// The Shopify headers of one request, as text, before any of them is believed.
#[derive(Debug, Default, Clone)]
pub struct RawHeaders<'a> {
    found: Vec<(Header, &'a str)>,
}

impl<'a> RawHeaders<'a> {
    /// Its one value: repeating it changes nothing, and an empty one says nothing.
    pub(crate) fn get(&self, header: Header) -> Result<Option<&'a str>, HeaderError> {
        let mut values = self.values(header).filter(|value| !value.is_empty());
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(HeaderError::Conflicting(header));
        }
        Ok(first)
    }

    /// API Gateway joins the values of a header that is repeated by commas. No header that weir reads has a comma in it.
    fn values(&self, header: Header) -> impl Iterator<Item = &'a str> {
        let found = self.found.iter().filter(move |(found, _)| *found == header);
        found.flat_map(|(_, value)| value.split(',').map(str::trim))
    }

    pub(crate) fn require(&self, header: Header) -> Result<&'a str, HeaderError> {
        self.get(header)?.ok_or(HeaderError::Missing(header))
    }

    /// The header through `parse`. One that is there and can't be read (empty, malformed, or with different values) is
    /// noted in `dropped`: nothing depends on it.
    pub(crate) fn optional<T>(
        &self,
        header: Header,
        dropped: &mut Vec<Header>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let read = self.get(header).ok().flatten().and_then(parse);
        if read.is_none() && self.values(header).next().is_some() {
            dropped.push(header);
        }
        read
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for RawHeaders<'a> {
    /// Takes the headers that weir reads, by name in any case, and leaves the others.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Self {
        let found = headers.into_iter().filter_map(|(name, value)| Some((Header::of(name)?, value.trim()))).collect();
        Self { found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_in_any_case_name_the_same_header() {
        for name in ["X-Shopify-Webhook-Id", "x-shopify-webhook-id", "shopify-webhook-id", "SHOPIFY-WEBHOOK-ID"] {
            assert_eq!(Header::of(name), Some(Header::WebhookId), "{name}");
        }
        assert_eq!(Header::of("shopify-handle"), Some(Header::Name));
        for name in ["webhook-id", "x-webhook-id", "x-shopify-", "x-shopify-webhook-idx", "é", ""] {
            assert_eq!(Header::of(name), None, "{name}");
        }
    }

    #[test]
    fn two_families_may_agree_but_not_differ() {
        let agree = RawHeaders::from_iter([("X-Shopify-Topic", "a/b"), ("shopify-topic", "a/b")]);
        assert_eq!(agree.require(Header::Topic), Ok("a/b"));
        let differ = RawHeaders::from_iter([("X-Shopify-Topic", "a/b"), ("shopify-topic", "a/c")]);
        assert_eq!(differ.require(Header::Topic), Err(HeaderError::Conflicting(Header::Topic)));
    }

    #[test]
    fn repeated_header_with_one_value_is_that_value() {
        for value in ["a/b,a/b", "a/b, a/b ,a/b", "a/b,", ",a/b"] {
            assert_eq!(
                RawHeaders::from_iter([("X-Shopify-Topic", value)]).require(Header::Topic),
                Ok("a/b"),
                "{value}"
            );
        }
        let differ = RawHeaders::from_iter([("X-Shopify-Topic", "a/b,a/c")]);
        assert_eq!(differ.require(Header::Topic), Err(HeaderError::Conflicting(Header::Topic)));
        let empty = RawHeaders::from_iter([("X-Shopify-Topic", " , ")]);
        assert_eq!(empty.require(Header::Topic), Err(HeaderError::Missing(Header::Topic)));
    }
}
