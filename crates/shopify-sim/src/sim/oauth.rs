//! `POST /admin/oauth/access_token`.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Sim, call::content_type, hold};
use crate::{
    reply::{self, errors},
    store::{Shop, ShopStatus},
    tokens::{Pair, TokenStyle},
};

impl Sim {
    pub(super) fn access_token(&self, cell: &Mutex<Shop>, request: &Request<Bytes>) -> Response<Bytes> {
        if request.method() != Method::POST {
            return errors(405, "Method Not Allowed");
        }
        let Some(given) = parameters(request) else {
            return refused(400, "invalid_request", "The body must be JSON or a form");
        };
        let text = |name: &str| given[name].as_str().unwrap_or_default();
        let options = self.options();
        if text("client_id") != options.client_id {
            return refused(400, "application_cannot_be_found", "No app with this client id");
        }
        if text("client_secret") != options.client_secret.expose_secret() {
            return refused(401, "invalid_client", "The client secret is wrong");
        }
        let mut shop = hold(cell);
        if shop.status == ShopStatus::Uninstalled {
            return refused(400, "app_not_installed", "The app is not installed in this shop");
        }
        let now = self.clock().now();
        let granted = self.with_rng(|rng| match text("grant_type") {
            "refresh_token" => shop
                .tokens
                .refresh(text("refresh_token"), now, rng)
                .ok_or("The refresh token is unknown, expired or used"),
            "client_credentials" => Ok(shop.tokens.credentials(now, rng)),
            "" | "authorization_code" if !text("code").is_empty() => {
                let style = if text("expiring") == "1" { TokenStyle::Expiring } else { options.tokens };
                Ok(shop.tokens.issue(style, now, rng))
            }
            _ => Err("grant_type must be refresh_token or client_credentials, or there must be a code"),
        });
        let scopes: Vec<&str> = shop.scopes.iter().map(String::as_str).collect();
        match granted {
            Ok(pair) => reply::json(200, &body(pair, &scopes.join(","))),
            Err(why) => refused(400, "invalid_request", why),
        }
    }
}

fn body(pair: Pair, scope: &str) -> Value {
    let mut body = json!({ "access_token": pair.access, "scope": scope });
    if let Some(lasts) = pair.expires_in {
        body["expires_in"] = lasts.as_secs().into();
    }
    if let Some((token, lasts)) = pair.refresh {
        body["refresh_token"] = token.into();
        body["refresh_token_expires_in"] = lasts.as_secs().into();
    }
    body
}

fn refused(status: u16, error: &str, description: &str) -> Response<Bytes> {
    reply::json(status, &json!({ "error": error, "error_description": description }))
}

/// The body as an object, from JSON or from a form.
fn parameters(request: &Request<Bytes>) -> Option<Value> {
    if content_type(request).contains("json") {
        return serde_json::from_slice(request.body()).ok().filter(Value::is_object);
    }
    let form = std::str::from_utf8(request.body()).ok()?;
    let url = reqwest::Url::parse(&format!("http://form/?{form}")).ok()?;
    Some(Value::Object(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()))
}
