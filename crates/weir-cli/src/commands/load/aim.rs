//! Where the load goes, and whether it may.

use secrecy::SecretString;
use weir_ops::cost;

use super::key;
use crate::{
    cli::{DoorArgs, LoadArgs},
    http::Endpoint,
    problem::Usage,
    target::{self, Door, Evidence},
};

/// The door that is loaded, and where to see what became of it.
pub(super) struct Aim {
    pub(super) endpoint: Endpoint,
    pub(super) secret: SecretString,
    /// Whose deliveries go there.
    pub(super) app: String,
    /// `None` if nobody is to ask, or it is not known whom.
    pub(super) evidence: Option<Evidence>,
    /// Whether it is the local stack's: then the next command needs no flags.
    pub(super) is_local: bool,
}

impl Aim {
    pub(super) async fn new(args: &LoadArgs) -> anyhow::Result<Self> {
        let mut own = None;
        let (Door { endpoint, secret, is_local }, evidence) = match &args.source.stack {
            Some(_) => {
                let stack = target::stack(&args.source).await?;
                let url = args.door.url.clone().map_or_else(|| stack.webhook_url(), Ok)?;
                own = stack.webhook_url().ok();
                let door = target::door(&DoorArgs { url: Some(url), ..args.door.clone() })?;
                (door, Some(Evidence::of(&stack)?))
            }
            None => {
                let door = target::door(&args.door)?;
                let evidence = door.is_local.then(|| Evidence::local("--url")).transpose()?;
                (door, evidence)
            }
        };
        let app = args.door.url.as_ref().map_or("default", |url| key::app_of(url, own.as_deref())).to_owned();
        Ok(Self { endpoint, secret, app, evidence: evidence.filter(|_| !args.no_audit), is_local })
    }

    /// Refuses what leaves this machine, unless that was asked for.
    pub(super) fn allowed(&self, args: &LoadArgs, count: u64, peak: f64, body_bytes: usize) -> Result<(), Usage> {
        if self.endpoint.is_loopback() || args.not_loopback {
            return Ok(());
        }
        let cost = match cost::of_deliveries(count, body_bytes) {
            Some(dollars) => format!("about ${dollars:.2} by AWS's list prices, beside the time that Lambda bills"),
            None => "with bodies too large for `weir cost` to say what that costs".to_owned(),
        };
        let problem = format!(
            "{} is not on this machine: {count} webhooks would go there, up to {peak:.0} a second, {cost}",
            self.endpoint.url()
        );
        Err(Usage::new(problem, "if that is what you want, add --not-loopback"))
    }
}
