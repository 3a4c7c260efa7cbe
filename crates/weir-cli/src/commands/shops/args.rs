//! The options of `weir shops`.

use clap::{Args, Subcommand, ValueEnum};

use crate::args::StackArgs;

/// Manage the registry of shops and their tokens
#[derive(Debug, Args)]
pub(crate) struct ShopsArgs {
    #[command(subcommand)]
    pub(crate) command: ShopsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShopsCommand {
    /// Register a shop, or give it another token
    ///
    /// The command reads the token from the environment or from stdin, because every process of this machine can see the
    /// command line. It stores the token sealed. With --replace and no token, only plan and tier change.
    #[command(after_help = SHOPS_ADD_HELP)]
    Add(ShopsAddArgs),
    /// List the shops
    ///
    /// Always reads the whole table: about 1 KB a shop, so that 10,000 shops take ten calls and 1,250 read units, less than a
    /// cent. Tokens are not read.
    #[command(after_help = SHOPS_LIST_HELP)]
    List(ShopsListArgs),
    /// Show one shop: its token's expiry, its cost budget, and whether its circuit is open
    #[command(after_help = SHOPS_SHOW_HELP)]
    Show(ShopsShowArgs),
    /// Call a shop's Admin API once, and explain a failure
    ///
    /// The call uses the shop's token (renewed if due), its budget and its circuit, and costs about ten points. The registry
    /// records the state of the shop's account: frozen after HTTP 402, installed again after a success. The exit status is 1
    /// if the call fails.
    #[command(after_help = SHOPS_CHECK_HELP)]
    Check(ShopsCheckArgs),
    /// Delete a shop and its tokens, after a preview
    #[command(after_help = SHOPS_REMOVE_HELP)]
    Remove(ShopsRemoveArgs),
}

const SHOPS_ADD_HELP: &str = "\
Examples:
  weir shops add north.myshopify.com --token-env TOKEN --plan plus
  pass show north | weir shops add north.myshopify.com --token-stdin
  weir shops add north.myshopify.com --token-env TOKEN --refresh-token-env REFRESH --expires-in 3600
  weir shops add north.myshopify.com --client-credentials
  weir shops add north.myshopify.com --replace --tier gold      the token stays";

const SHOPS_LIST_HELP: &str = "\
Examples:
  weir shops list
  weir shops list --state uninstalled --app loyalty
  weir shops list --stack weir --json | jq -r .[].domain";

const SHOPS_SHOW_HELP: &str = "\
Examples:
  weir shops show north.myshopify.com
  weir shops show north.myshopify.com --app loyalty --json";

const SHOPS_CHECK_HELP: &str = "\
Examples:
  weir shops check north.myshopify.com
  weir shops check north.myshopify.com --stack weir --json | jq .bucket";

const SHOPS_REMOVE_HELP: &str = "\
Examples:
  weir shops remove north.myshopify.com           prints what would be deleted
  weir shops remove north.myshopify.com --yes";

#[derive(Debug, Args)]
pub(crate) struct ShopsAddArgs {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    /// The environment variable that holds the access token
    #[arg(long, value_name = "VAR", group = "token")]
    pub(crate) token_env: Option<String>,
    /// Read the access token from stdin
    #[arg(long, group = "token")]
    pub(crate) token_stdin: bool,
    /// No token: the first call gets one with the app's client id and secret. For stores of the app's own organisation
    #[arg(long, group = "token")]
    pub(crate) client_credentials: bool,
    /// The environment variable that holds the refresh token of a token that expires
    #[arg(long, value_name = "VAR", requires = "expires_in", conflicts_with = "client_credentials")]
    pub(crate) refresh_token_env: Option<String>,
    /// Seconds until the access token expires
    #[arg(long, value_name = "SECONDS", requires = "refresh_token_env", value_parser = clap::value_parser!(u32))]
    pub(crate) expires_in: Option<u32>,
    /// The shop's plan, for the list only: the cost budget uses what Shopify reports
    #[arg(long)]
    pub(crate) plan: Option<PlanName>,
    /// A label of your own, such as gold
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub(crate) tier: Option<String>,
    /// Change a registered shop
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShopsListArgs {
    /// Only shops in this state
    #[arg(long)]
    pub(crate) state: Option<ShopStateName>,
    /// Only shops of this app
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShopsShowArgs {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShopsCheckArgs {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShopsRemoveArgs {
    #[command(flatten)]
    pub(crate) shop: ShopArgs,
    /// Carry it out, instead of printing a preview
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

/// Which shop, of which app.
#[derive(Debug, Args)]
pub(crate) struct ShopArgs {
    /// The shop's domain, such as north.myshopify.com
    pub(crate) shop: String,
    /// The app, as in the path of its webhooks: /webhooks/APP
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) app: String,
}

/// A plan of Shopify's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanName {
    /// 100 points a second
    Standard,
    /// 200 points a second
    Advanced,
    /// 1,000 points a second
    Plus,
    /// 2,000 points a second
    Enterprise,
}

/// Whether an app is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShopStateName {
    /// It is
    Installed,
    /// It was uninstalled; its tokens are gone
    Uninstalled,
    /// The shop does not pay Shopify
    Frozen,
}

/// A label that fits into a table.
fn label(text: &str) -> Result<String, &'static str> {
    let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err("expected 1 to 32 letters, digits, hyphens, underscores or dots") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_fits_into_a_table() {
        assert_eq!(label("gold-1"), Ok("gold-1".to_owned()));
        for text in ["", "two words", "ü", &"x".repeat(33)] {
            assert!(label(text).is_err(), "{text}");
        }
    }
}
