//! `weir shops add`: registers a shop.

use std::io::{IsTerminal, Read};

use anyhow::Context;
use resilience::UnixMillis;
use secrecy::SecretString;
use serde::Serialize;
use std::time::Duration;
use weir_ops::shops::Shops;
use weir_shops::{
    Plan,
    registry::{Added, NewShop, NewToken},
};

use super::common::{failed, named};
use crate::cli::{PlanName, ShopsAddArgs};
use crate::{
    exit::ExitStatus,
    printer::Printer,
    problem::{HintedError, Usage},
    target,
};

#[derive(Serialize)]
struct Outcome {
    domain: String,
    app: String,
    outcome: &'static str,
}

pub(super) async fn run(args: &ShopsAddArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (domain, app) = named(&args.shop)?;
    let now = UnixMillis::now();
    let token = token(args, &target::env, now)?;
    if token.is_none() && !args.replace {
        let hint = "give --token-env VAR, --token-stdin or --client-credentials";
        return Err(Usage::new(format!("no token of {domain} was given"), hint).into());
    }
    let target = Shops::of(&target::stack_of_file(&args.source).await?)?;
    let keys = target.keys().await?;
    let shop =
        NewShop { domain: domain.clone(), app: app.clone(), plan: args.plan.map(plan), tier: args.tier.clone(), token };
    let added = target.registry.add(shop, &keys.keys(), args.replace, now).await.map_err(|e| failed(e, &target))?;
    let outcome = match added {
        Added::New => "added",
        Added::Replaced => "replaced",
        Added::Exists => {
            let hint = format!("`weir shops show {domain} --app {app}` shows it; --replace changes it");
            return Err(HintedError::new(format!("{domain} is registered already for app {app}"), hint).into());
        }
    };
    let outcome = Outcome { domain: domain.to_string(), app, outcome };
    printer.item(&outcome, |it| format!("{} {} (app {})", it.outcome, it.domain, it.app))?;
    Ok(ExitStatus::Done)
}

fn plan(name: PlanName) -> Plan {
    match name {
        PlanName::Standard => Plan::Standard,
        PlanName::Advanced => Plan::Advanced,
        PlanName::Plus => Plan::Plus,
        PlanName::Enterprise => Plan::Enterprise,
    }
}

fn token(
    args: &ShopsAddArgs,
    env: &dyn Fn(&str) -> Option<String>,
    now: UnixMillis,
) -> anyhow::Result<Option<NewToken>> {
    if args.client_credentials {
        return Ok(Some(NewToken::ClientCredentials));
    }
    let access = match (&args.token_env, args.token_stdin) {
        (Some(name), _) => from_env(name, env)?,
        (None, true) => from_stdin()?,
        (None, false) if args.refresh_token_env.is_some() => {
            let hint = "give the access token as well: --token-env VAR or --token-stdin";
            return Err(Usage::new("a refresh token alone is no token", hint).into());
        }
        (None, false) => return Ok(None),
    };
    let Some((name, seconds)) = args.refresh_token_env.as_ref().zip(args.expires_in) else {
        return Ok(Some(NewToken::Offline(access)));
    };
    Ok(Some(NewToken::Expiring {
        access,
        expires_at: now + Duration::from_secs(seconds.into()),
        refresh: from_env(name, env)?,
        // Shopify does not say with the token; the first renewal does.
        refresh_expires_at: None,
    }))
}

fn from_env(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<SecretString, Usage> {
    let value = env(name).ok_or_else(|| {
        Usage::new(format!("the environment variable {name} is not set"), "set it to the token, and export it")
    })?;
    checked(&value, &format!("the environment variable {name}"))
}

fn from_stdin() -> anyhow::Result<SecretString> {
    /// No token is that long: this is a file by mistake.
    const MOST: u64 = 4096;
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Usage::new(
            "stdin is a terminal, which would show the token",
            "pipe it in, as in `pass show north | weir shops add … --token-stdin`",
        )
        .into());
    }
    let mut text = String::new();
    stdin.lock().take(MOST).read_to_string(&mut text).context("could not read the token from stdin")?;
    Ok(checked(&text, "stdin")?)
}

/// What can be sent in a header, without the line break that files and `$(…)` of other tools leave behind. The value is in
/// no message.
fn checked(text: &str, source: &str) -> Result<SecretString, Usage> {
    let token = text.trim_end_matches(['\r', '\n']);
    if (1..=1024).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(token.into());
    }
    Err(Usage::new(
        format!("{source} holds no token"),
        "a token is one word of letters, digits and underscores, such as shpat_…",
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::{
        cli::{Cli, Command, ShopsCommand},
        problem::Shown,
    };

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    fn given(line: &[&str]) -> anyhow::Result<Option<NewToken>> {
        let env = |name: &str| match name {
            "TOKEN" => Some("shpat_access".to_owned()),
            "REFRESH" => Some("shprt_refresh".to_owned()),
            "TWO" => Some("two words".to_owned()),
            "LINE" => Some("shpat_access\r\n".to_owned()),
            _ => None,
        };
        let line = ["weir", "shops", "add", "north.myshopify.com"].iter().chain(line);
        match Cli::try_parse_from(line)?.command {
            Command::Shops(args) => match args.command {
                ShopsCommand::Add(args) => token(&args, &env, NOW),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_is_of_the_kind_that_was_given() {
        assert!(matches!(given(&["--token-env", "TOKEN"]), Ok(Some(NewToken::Offline(_)))));
        let Ok(Some(NewToken::Offline(token))) = given(&["--token-env", "LINE"]) else {
            panic!("a token and a line break")
        };
        assert_eq!(token.expose_secret(), "shpat_access");
        assert!(matches!(given(&["--client-credentials"]), Ok(Some(NewToken::ClientCredentials))));
        assert!(matches!(given(&[]), Ok(None)));
        let line = ["--token-env", "TOKEN", "--refresh-token-env", "REFRESH", "--expires-in", "3600"];
        let Ok(Some(NewToken::Expiring { expires_at, refresh, .. })) = given(&line) else { panic!("it expires") };
        assert_eq!(expires_at, NOW + Duration::from_secs(3600));
        assert_eq!(refresh.expose_secret(), "shprt_refresh");
    }

    #[test]
    fn invalid_token_is_refused_without_being_shown() {
        for (line, expected) in [
            (&["--token-env", "NOPE"][..], "NOPE is not set"),
            (&["--token-env", "TWO"], "TWO holds no token"),
            (&["--refresh-token-env", "REFRESH", "--expires-in", "1"], "no token"),
            (&["--token-env", "TOKEN", "--refresh-token-env", "REFRESH"], "--expires-in"),
            (&["--token-env", "TOKEN", "--client-credentials"], "cannot be used"),
            (&["--token-env", "TOKEN", "--token-stdin"], "cannot be used"),
        ] {
            let said = Shown::of(&given(line).unwrap_err()).lines().join("\n");
            assert!(said.contains(expected), "{line:?}: {said}");
            assert!(!["two words", "shpat_access", "shprt_refresh"].iter().any(|it| said.contains(it)), "{said}");
        }
    }
}
