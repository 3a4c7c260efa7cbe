//! The JSON of the envelope, one struct for both directions.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use shopify_webhook::{ApiVersion, EventId, EventShop, Topic, WebhookId};

use super::Meta;
use crate::{AppName, UnixMillis, park::Parked};

pub(super) const SPEC_VERSION: &str = "1.0";
pub(super) const ZSTD: &str = "zstd";

/// Borrowed when written, owned when read. Unknown attributes are tolerated: CloudEvents allows extensions.
#[derive(Serialize, Deserialize)]
pub(super) struct Wire<'a> {
    pub(super) specversion: Cow<'a, str>,
    id: Cow<'a, str>,
    source: Cow<'a, str>,
    r#type: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Cow<'a, str>>,
    datacontenttype: Cow<'a, str>,
    topic: Cow<'a, str>,
    app: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    eventid: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apiversion: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscription: Option<Cow<'a, str>>,
    receivedat: Cow<'a, str>,
    bodysha256: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dedupekey: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    synthetic: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_not")]
    test: bool,
    generation: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parks: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parkedat: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dataencoding: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dataref: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data_base64: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing)]
    pub(super) data: Option<&'a RawValue>,
}

impl<'a> Wire<'a> {
    /// The attributes, still without a body.
    pub(super) fn new(meta: &'a Meta) -> Self {
        let borrow = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Self {
            specversion: SPEC_VERSION.into(),
            id: meta.webhook_id.as_str().into(),
            source: meta.shop.as_str().into(),
            r#type: meta.event_type().into(),
            time: borrow(&meta.triggered_at),
            datacontenttype: "application/json".into(),
            topic: meta.topic.as_str().into(),
            app: meta.app.as_str().into(),
            eventid: meta.event_id.as_ref().map(|id| id.as_str().into()),
            apiversion: meta.api_version.as_ref().map(|version| version.as_str().into()),
            subscription: borrow(&meta.subscription),
            receivedat: meta.received_at.to_string().into(),
            bodysha256: meta.body_sha256.as_str().into(),
            traceparent: borrow(&meta.traceparent),
            dedupekey: borrow(&meta.dedupe_key),
            synthetic: borrow(&meta.synthetic),
            test: meta.test,
            generation: meta.generation,
            parks: None,
            parkedat: None,
            dataencoding: None,
            dataref: None,
            data_base64: None,
            data: None,
        }
    }

    /// Every text is taken as it is: what ingest of any version put on its way is never refused for its form.
    pub(super) fn meta(&self) -> Option<Meta> {
        let own = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let received_at = millis(&self.receivedat)?;
        Some(Meta {
            webhook_id: WebhookId::from_stored(&*self.id),
            shop: EventShop::from_stored(&*self.source),
            topic: Topic::from_stored(&*self.topic),
            app: AppName::from_stored(&*self.app),
            event_id: self.eventid.as_deref().map(EventId::from_stored),
            api_version: self.apiversion.as_deref().map(ApiVersion::from_stored),
            subscription: own(&self.subscription),
            triggered_at: own(&self.time),
            received_at,
            body_sha256: self.bodysha256.to_string(),
            traceparent: own(&self.traceparent),
            dedupe_key: own(&self.dedupekey),
            synthetic: own(&self.synthetic),
            test: self.test,
            generation: self.generation,
        })
    }

    /// Says that the message is a parked copy.
    pub(super) fn park(&mut self, parked: Parked) {
        self.parks = Some(parked.count);
        self.parkedat = Some(parked.since.to_string().into());
    }

    /// The message's stay, if it was parked; `None` if what it says of that can't be read.
    pub(super) fn parked(&self) -> Option<Option<Parked>> {
        match (self.parks, &self.parkedat) {
            (None, None) => Some(None),
            (Some(count), Some(since)) => Some(Some(Parked { count, since: millis(since)? })),
            _ => None,
        }
    }

    /// The JSON, with room for a body to come.
    #[expect(clippy::expect_used, reason = "strings and integers always serialize")]
    fn write_with_room(&self, room: usize) -> String {
        let mut bytes = Vec::with_capacity(room + 1024);
        serde_json::to_writer(&mut bytes, self).expect("an envelope always serializes");
        String::from_utf8(bytes).expect("JSON is UTF-8")
    }

    /// The JSON of an envelope whose body is not in `data`.
    pub(super) fn write(&self) -> String {
        self.write_with_room(self.data_base64.as_ref().map_or(0, |text| text.len()))
    }

    /// The JSON with `json` as `data`: as it is, the white space around it included, and last, so that the head
    /// of a message can be read at a glance.
    pub(super) fn write_with(&self, json: &str) -> String {
        let mut text = self.write_with_room(json.len());
        text.pop();
        text.push_str(",\"data\":");
        text.push_str(json);
        text.push('}');
        text
    }
}

fn millis(text: &str) -> Option<UnixMillis> {
    text.parse().ok().map(|at: jiff::Timestamp| UnixMillis(at.as_millisecond()))
}

/// Serde hands over a reference.
fn is_not(flag: &bool) -> bool {
    !flag
}
