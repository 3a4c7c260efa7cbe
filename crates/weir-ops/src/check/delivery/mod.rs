//! Webhooks of the check's own: signed, through ingest, a lane and its worker, onto the bus.
//!
//! A worker settles an event as done after EventBridge accepted it, never before. So an event that the ledger calls done
//! has gone the whole way. No service sees it: [`weir_core::check`] says why.

mod events;
mod post;
mod wait;

use std::time::Duration;

use tokio::time::Instant;
use weir_aws::{AppSecrets, SecretError, controls::Parameter, reason};
use weir_core::{EventShop, Lane, check, controls};

use self::{
    events::Event,
    post::{Door, NotAccepted},
    wait::Accepted,
};
use super::{
    model::{Area, Finding, FindingKind, Severity},
    run::Options,
    target::CheckTarget,
};
use crate::Stack;

/// The app that signs.
const APP: &str = "default";

/// What a finding about every webhook is about.
const INGEST: &str = "ingest";

/// An event that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedEvent {
    /// `{shop}#{webhook id}`
    pub event: String,
    /// The lane that it takes.
    pub lane: Lane,
    /// The size of its body.
    pub bytes: usize,
}

/// What was seen of a webhook of the check's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryFinding {
    /// It went the whole way.
    Done {
        /// Which one.
        event: CheckedEvent,
        /// From the request to the ledger's word that it is done.
        took: Duration,
    },
    /// Nothing answered.
    NoAnswer {
        /// What the connection said.
        reason: String,
    },
    /// Ingest refused the signature.
    SignatureRefused {
        /// Whether the secret was the caller's, in place of the stack's.
        is_given: bool,
        /// The stack's secret.
        secret: String,
    },
    /// Ingest did not accept it.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What ingest said.
        detail: Option<String>,
    },
    /// Ingest accepted a webhook whose signature is wrong.
    ForgedAccepted {
        /// The HTTP status.
        status: u16,
    },
    /// It was accepted, and is not done.
    NotDone {
        /// Which one.
        event: CheckedEvent,
        /// How long it was waited for.
        waited: Duration,
        /// The ledger's word for its state; `None` if no worker has seen it.
        state: Option<&'static str>,
        /// Why its last attempt failed.
        last_error: Option<String>,
    },
    /// Nothing was sent to a lane that an operator switched off.
    LaneOff {
        /// Which lane.
        lane: Lane,
    },
    /// There is no secret to sign with.
    NoSecret {
        /// Its name.
        secret: String,
        /// Why, in a line.
        reason: String,
    },
}

impl DeliveryFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Done { .. } => "delivery-done",
            Self::NoAnswer { .. } => "no-answer",
            Self::SignatureRefused { .. } => "signature-refused",
            Self::Refused { .. } => "delivery-refused",
            Self::ForgedAccepted { .. } => "forged-accepted",
            Self::NotDone { .. } => "delivery-not-done",
            Self::LaneOff { .. } => "lane-off",
            Self::NoSecret { .. } => "no-secret",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Done { .. } => Severity::Note,
            // An operator meant it.
            Self::LaneOff { .. } => Severity::Should,
            _ => Severity::Must,
        }
    }
}

/// Sends small events through each lane, a large one, one twice and one with a wrong signature, and waits for their end.
pub(super) async fn check(target: &CheckTarget, options: &Options) -> Vec<Finding> {
    sent(&target.stack, options).await.unwrap_or_else(|finding| vec![*finding])
}

type Found = Vec<(String, DeliveryFinding)>;

async fn sent(stack: &Stack, options: &Options) -> Result<Vec<Finding>, Box<Finding>> {
    let not_checked = |reason: String| Box::new(Finding::not_checked(Area::Delivery, "webhooks", reason));
    let url = stack.webhook_url().map_err(|error| not_checked(error.to_string()))?;
    let prefix = stack.output("SecretPrefix").map_err(|error| not_checked(error.to_string()))?;
    let name = format!("{prefix}/{APP}");
    let secret = match &options.secret {
        Some(secret) => secret.clone(),
        None => match AppSecrets::new(&stack.config, prefix).newest(APP).await {
            Ok(secret) => secret,
            // Whoever may not read it can name one.
            Err(SecretError::Unavailable { reason, .. }) => return Err(not_checked(reason)),
            Err(error) => {
                let kind = DeliveryFinding::NoSecret { secret: name.clone(), reason: error.to_string() };
                return Ok(vec![finding(name, kind)]);
            }
        },
    };
    let off = lanes_off(stack).await;
    let mut found: Found =
        off.iter().map(|lane| (format!("lane {lane}"), DeliveryFinding::LaneOff { lane: *lane })).collect();
    let door = Door::new(&url, &secret).map_err(not_checked)?;
    found.extend(door.forged().await.map(|kind| (INGEST.to_owned(), kind)));
    let mut accepted = Vec::new();
    for (number, event) in Event::all(&off).into_iter().enumerate() {
        let at = Instant::now();
        let mut posted = door.accepts(&event).await;
        // Once is enough: a repeated delivery must be answered 200, and is then the ledger's to recognize.
        if number == 0 && posted.is_ok() {
            posted = door.accepts(&event).await;
        }
        match posted {
            Ok(()) => accepted.push(Accepted { event, at }),
            // The others would come to the same.
            Err(NotAccepted::Signature) => {
                let kind =
                    DeliveryFinding::SignatureRefused { is_given: options.secret.is_some(), secret: name.clone() };
                found.push((INGEST.to_owned(), kind));
                break;
            }
            Err(NotAccepted::NoAnswer(reason)) => {
                found.push((INGEST.to_owned(), DeliveryFinding::NoAnswer { reason }));
                break;
            }
            Err(NotAccepted::Refused { status, detail }) => {
                found.push((event.subject(), DeliveryFinding::Refused { status, detail }));
            }
        }
    }
    let (ended, unread) = wait::ended(stack, accepted, options.timeout).await;
    found.extend(ended);
    let found = found.into_iter().map(|(subject, kind)| finding(subject, kind));
    // What was seen until the ledger could not be read is still true.
    Ok(found.chain(unread.map(|error| *not_checked(reason(&error)))).collect())
}

/// The lanes that an operator switched off for the check's shop. If nobody can tell, all are tried.
async fn lanes_off(stack: &Stack) -> Vec<Lane> {
    let Ok(name) = stack.output("ControlsParameter") else { return Vec::new() };
    let Ok(Some(stored)) = Parameter::new(&stack.config, name).read().await else { return Vec::new() };
    let Ok((controls, _left_out)) = controls::Controls::read(&stored.text) else { return Vec::new() };
    let shop = EventShop::from_stored(check::SHOP);
    let is_off = |lane: &Lane| controls.is_off(controls::Target::Lane(*lane), &shop).is_some();
    Lane::ALL.into_iter().filter(is_off).collect()
}

fn finding(subject: String, kind: DeliveryFinding) -> Finding {
    Finding { severity: kind.severity(), area: Area::Delivery, subject, kind: FindingKind::Delivery(kind) }
}
