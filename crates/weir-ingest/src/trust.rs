//! Which app a path names, and whether its request is Shopify's.

use shopify_webhook::{Unverified, Verified};
use weir_core::AppName;

use crate::{keyring::Keyring, outside::SecretSource, problem::Problem};

/// The app of `/webhooks`.
const DEFAULT_APP: &str = "default";

/// The app that a path names, if it is configured. Behind `segment`, if there is one: a path without it is none. One slash
/// at the end changes nothing.
pub(crate) fn app<'a>(
    path: &str,
    method: &str,
    segment: Option<&str>,
    apps: &'a [AppName],
) -> Result<&'a AppName, Problem> {
    fn below<'p>(path: &'p str, part: &str) -> Option<&'p str> {
        let rest = path.strip_prefix('/')?.strip_prefix(part)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
    let rest = below(path, "webhooks");
    let rest = segment.map_or(rest, |segment| below(rest?, segment)).ok_or(Problem::NoSuchPath)?;
    let app = match rest.strip_suffix('/').unwrap_or(rest) {
        "" => DEFAULT_APP,
        rest => {
            rest.strip_prefix('/').filter(|app| !app.is_empty() && !app.contains('/')).ok_or(Problem::NoSuchPath)?
        }
    };
    if method != "POST" {
        return Err(Problem::NotPost);
    }
    apps.iter().find(|known| **known == app).ok_or(Problem::NoSuchApp)
}

/// Opens the door, with secrets read anew if the ones at hand do not fit.
pub(crate) async fn verify<'a, S: SecretSource>(
    request: Unverified<'a>,
    app: &AppName,
    keyring: &Keyring<S>,
) -> Result<Verified<'a>, Problem> {
    let secrets = keyring.secrets(app.as_str()).await.map_err(|error| {
        tracing::error!(app = app.as_str(), %error, "The app's secret can't be read");
        Problem::NoSecret
    })?;
    if let Ok(verified) = request.verify(&secrets) {
        return Ok(verified);
    }
    let fresh = keyring.reread(app.as_str()).await.ok_or(Problem::BadSignature)?;
    request.verify(&fresh).map_err(|_bad| Problem::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_apps_and_everything_else_is_refused() {
        let apps = ["default", "loyalty"].map(AppName::from_stored);
        for (method, path, expected) in [
            ("POST", "/webhooks", Ok("default")),
            ("POST", "/webhooks/", Ok("default")),
            ("POST", "/webhooks/loyalty", Ok("loyalty")),
            ("POST", "/webhooks/loyalty/", Ok("loyalty")),
            ("POST", "/webhooks/default/", Ok("default")),
            ("POST", "/webhooks//", Err(Problem::NoSuchPath)),
            ("POST", "/webhooks/loyalty//", Err(Problem::NoSuchPath)),
            ("POST", "/webhooks/other", Err(Problem::NoSuchApp)),
            ("POST", "/webhooks/loyalty/x", Err(Problem::NoSuchPath)),
            ("POST", "/webhooksx", Err(Problem::NoSuchPath)),
            ("POST", "/", Err(Problem::NoSuchPath)),
            ("GET", "/webhooks", Err(Problem::NotPost)),
            ("GET", "/favicon.ico", Err(Problem::NoSuchPath)),
            ("", "/webhooks", Err(Problem::NotPost)),
        ] {
            assert_eq!(app(path, method, None, &apps).map(AppName::as_str), expected, "{method} {path}");
        }
    }

    #[test]
    fn path_without_the_segment_is_none() {
        let apps = ["default", "loyalty"].map(AppName::from_stored);
        const SEGMENT: &str = "kQ9_x2-7Zr0Bv51TtYw";
        for (rest, expected) in [
            ("/kQ9_x2-7Zr0Bv51TtYw", Ok("default")),
            ("/kQ9_x2-7Zr0Bv51TtYw/", Ok("default")),
            ("/kQ9_x2-7Zr0Bv51TtYw/loyalty", Ok("loyalty")),
            ("/kQ9_x2-7Zr0Bv51TtYw/other", Err(Problem::NoSuchApp)),
            ("/kQ9_x2-7Zr0Bv51TtYw/loyalty/x", Err(Problem::NoSuchPath)),
            ("/kQ9_x2-7Zr0Bv51TtYwx", Err(Problem::NoSuchPath)),
            ("/kQ9_x2-7Zr0Bv51TtY", Err(Problem::NoSuchPath)),
            ("/loyalty", Err(Problem::NoSuchPath)),
            ("", Err(Problem::NoSuchPath)),
            ("/", Err(Problem::NoSuchPath)),
        ] {
            assert_eq!(
                app(&format!("/webhooks{rest}"), "POST", Some(SEGMENT), &apps).map(AppName::as_str),
                expected,
                "{rest}"
            );
        }
        assert_eq!(app("/webhooks/kQ9_x2-7Zr0Bv51TtYw", "GET", Some(SEGMENT), &apps), Err(Problem::NotPost));
        assert_eq!(app("/webhooks", "GET", Some(SEGMENT), &apps), Err(Problem::NoSuchPath), "not even that it is one");
    }
}
