//! Where the load goes, and whether it may.

use secrecy::SecretString;
use weir_load::{Endpoint, LedgerProbe, app_of_url};
use weir_ops::{Stack, StackError, cost};

use crate::{
    cli::{EndpointArgs, LoadArgs},
    hints,
    problem::Usage,
    target::{self, WebhookEndpoint},
};

/// The endpoint that is loaded, and where to see what became of it.
pub(super) struct LoadTarget {
    pub(super) endpoint: Endpoint,
    pub(super) secret: SecretString,
    /// Whose deliveries go there.
    pub(super) app: String,
    /// `None` if nobody is to ask, or it is not known whom.
    pub(super) ledger: Option<LoadedLedger>,
    /// Whether it is the local stack's: then the next command needs no flags.
    pub(super) is_local: bool,
}

/// Where to see what became of the load, and what to check if that can't be read.
pub(super) struct LoadedLedger {
    pub(super) probe: LedgerProbe,
    pub(super) hint: &'static str,
}

impl LoadedLedger {
    fn of(stack: &Stack) -> Result<Self, StackError> {
        Ok(Self { probe: stack.ledger_probe()?, hint: hints::of(stack) })
    }

    fn local() -> anyhow::Result<Self> {
        Ok(Self { probe: target::local_probe("--url")?, hint: hints::where_it_runs(true) })
    }
}

impl LoadTarget {
    pub(super) async fn new(args: &LoadArgs) -> anyhow::Result<Self> {
        let mut own = None;
        let (WebhookEndpoint { endpoint, secret, is_local }, ledger) = match &args.source.stack {
            Some(_) => {
                let stack = target::stack(&args.source).await?;
                let url = args.endpoint.url.clone().map_or_else(|| stack.webhook_url(), Ok)?;
                own = stack.webhook_url().ok();
                let endpoint = target::endpoint(&EndpointArgs { url: Some(url), ..args.endpoint.clone() })?;
                (endpoint, Some(LoadedLedger::of(&stack)?))
            }
            None => {
                let endpoint = target::endpoint(&args.endpoint)?;
                let ledger = endpoint.is_local.then(LoadedLedger::local).transpose()?;
                (endpoint, ledger)
            }
        };
        let app = args.endpoint.url.as_ref().map_or("default", |url| app_of_url(url, own.as_deref())).to_owned();
        Ok(Self { endpoint, secret, app, ledger: ledger.filter(|_| !args.no_audit), is_local })
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
