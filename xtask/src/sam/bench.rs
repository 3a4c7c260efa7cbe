//! What functions are tried on: a stack on the local AWS, a Slack, and the environments that the template gives.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use secrecy::ExposeSecret;
use weir_aws::DynamoLedger;
use weir_core::ledger::{Key, State};
use weir_load::{Endpoint, HeaderValues};
use weir_local::{
    Checkout, Deployed, Emulator, Installation, Options, Stack, StackOptions, Variables, build_functions, environments,
};

/// The stack that functions run beside.
const STACK: &str = "weir-sam";

/// For whatever should happen within a moment, on a machine that is busy.
const DONE_TIMEOUT: Duration = Duration::from_secs(90);

const SHOP: &str = "weir-demo.myshopify.com";

/// The emulator, and what it was built with.
pub(super) struct Bench {
    pub(super) checkout: Checkout,
    /// Debug builds of the functions, each with its crate's name.
    pub(super) functions: PathBuf,
    pub(super) emulator: Emulator,
    pub(super) http: reqwest::Client,
}

impl Bench {
    pub(super) async fn start() -> Result<Self> {
        let say = |step: &str| eprintln!("{step}");
        let checkout = Checkout::find(crate::root())?;
        let functions = build_functions(&checkout, true).await?;
        let installation = Installation::ensure(&checkout, &say).await?;
        let emulator = Emulator::start(&installation, &Options::default()).await?;
        // An error says that a provider is installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().context("no HTTP client")?;
        Ok(Self { checkout, functions, emulator, http })
    }

    /// Deploys a stack, with a notifier that tells the Slack at this address.
    pub(super) async fn deploy(&self, slack: &str) -> Result<Deployed> {
        let aws = self.emulator.sdk_config();
        let name = format!("{STACK}-slack");
        let secrets = aws_sdk_secretsmanager::Client::new(&aws).create_secret().name(&name).secret_string(slack);
        let secret = secrets.send().await.context("the Slack's secret could not be made")?;
        let mut options = StackOptions::local(STACK, self.functions.clone());
        // Every service, so that each function is run.
        let services = [("ArchiveDays", "1"), ("OrderDays", "1"), ("StockSweepMinutes", "60")];
        options.parameters.extend(services.map(|(name, value)| (name.to_owned(), value.to_owned())));
        options.parameters.insert("SlackWebhookSecretArn".to_owned(), secret.arn.context("the secret has no ARN")?);
        let stack = Stack::deploy(&self.emulator, &self.checkout, &options, &|step| eprintln!("{step}")).await?;
        Ok(stack.deployed()?)
    }

    /// What each function of a stack is given, by its name in the template, and the emulator as its AWS.
    pub(super) async fn environments(&self, deployed: &Deployed) -> Result<BTreeMap<String, Variables>> {
        let mut environments = environments(&self.http, deployed).await?;
        for variables in environments.values_mut() {
            variables.insert("WEIR_ENDPOINT_URL".to_owned(), deployed.endpoint.clone());
        }
        Ok(environments)
    }

    /// Posts a signed webhook, and waits until it has taken effect.
    pub(super) async fn webhook(&self, deployed: &Deployed, url: &str, id: &str) -> Result<()> {
        let body = r#"{"id":820982911946154508}"#;
        let values = HeaderValues {
            topic: "refunds/create",
            shop: SHOP,
            webhook_id: id,
            event_id: None,
            triggered_at: Some("2026-11-22T12:00:00Z"),
        };
        let headers = values.signed(body.as_bytes(), &deployed.client_secret);
        let endpoint = Endpoint::with_client(self.http.clone(), url.parse()?);
        let answer = endpoint.post_raw(&headers, body.into()).await?;
        ensure!(answer.status == 200, "{url} answered {}: {}", answer.status, answer.detail.unwrap_or_default());

        let ledger = DynamoLedger::new(&self.emulator.sdk_config(), deployed.ledger_table.clone(), DONE_TIMEOUT);
        let key = Key { event: format!("{SHOP}#{id}"), generation: 0 };
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        let done = async {
            while ledger.get(&key).await?.is_none_or(|record| record.state != State::Done) {
                looks.tick().await;
            }
            anyhow::Ok(())
        };
        match tokio::time::timeout(DONE_TIMEOUT, done).await {
            Ok(done) => done?,
            Err(_elapsed) => bail!("the webhook was accepted, and is not done after {DONE_TIMEOUT:?}"),
        }
        println!("webhook {id}: accepted, and done");
        Ok(())
    }

    /// Waits until something listens on a port of this machine.
    pub(super) async fn listening(port: u16) -> Result<()> {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let listening = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                looks.tick().await;
            }
        };
        let waited = tokio::time::timeout(DONE_TIMEOUT, listening).await;
        waited.with_context(|| format!("nothing listens on port {port} after {DONE_TIMEOUT:?}"))
    }
}

/// A port that nobody has now.
pub(super) fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("there is no free port")?;
    Ok(listener.local_addr().context("the port has no number")?.port())
}

/// The client secret, as a parameter of the template.
pub(super) fn secret_parameter(options: &StackOptions) -> String {
    format!("ClientSecret={}", options.client_secret.expose_secret())
}
