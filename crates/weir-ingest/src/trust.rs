//! Which app a path names, and whether its request is Shopify's.

use shopify_webhook::{Unverified, Verified};

use crate::{keyring::Keyring, outside::SecretSource, problem::Problem};

/// The app of `/webhooks`.
const DEFAULT_APP: &str = "default";

/// The app that a path names, if it is configured.
pub(crate) fn app<'a>(path: &'a str, method: &str, apps: &[String]) -> Result<&'a str, Problem> {
    let app = match path.strip_prefix("/webhooks") {
        Some("" | "/") => DEFAULT_APP,
        Some(rest) => rest.strip_prefix('/').filter(|app| !app.contains('/')).ok_or(Problem::NoSuchPath)?,
        None => return Err(Problem::NoSuchPath),
    };
    if method != "POST" {
        return Err(Problem::NotPost);
    }
    if apps.iter().any(|known| known == app) { Ok(app) } else { Err(Problem::NoSuchApp) }
}

/// Opens the door, with secrets read anew if the ones at hand do not fit.
pub(crate) async fn verify<'a, S: SecretSource>(
    request: Unverified<'a>,
    app: &str,
    keyring: &Keyring<S>,
) -> Result<Verified<'a>, Problem> {
    let secrets = keyring.secrets(app).await.map_err(|error| {
        tracing::error!(app, %error, "The app's secret can't be read");
        Problem::NoSecret
    })?;
    if let Ok(verified) = request.verify(&secrets) {
        return Ok(verified);
    }
    let fresh = keyring.reread(app).await.ok_or(Problem::BadSignature)?;
    request.verify(&fresh).map_err(|_bad| Problem::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_apps_and_everything_else_is_refused() {
        let apps = ["default".to_owned(), "loyalty".to_owned()];
        for (method, path, expected) in [
            ("POST", "/webhooks", Ok("default")),
            ("POST", "/webhooks/", Ok("default")),
            ("POST", "/webhooks/loyalty", Ok("loyalty")),
            ("POST", "/webhooks/other", Err(Problem::NoSuchApp)),
            ("POST", "/webhooks/loyalty/x", Err(Problem::NoSuchPath)),
            ("POST", "/webhooksx", Err(Problem::NoSuchPath)),
            ("POST", "/", Err(Problem::NoSuchPath)),
            ("GET", "/webhooks", Err(Problem::NotPost)),
            ("GET", "/favicon.ico", Err(Problem::NoSuchPath)),
            ("", "/webhooks", Err(Problem::NotPost)),
        ] {
            assert_eq!(app(path, method, &apps), expected, "{method} {path}");
        }
    }
}
