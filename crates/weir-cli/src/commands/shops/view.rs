//! A shop as it is shown: what is known of its token, never the token.

use resilience::UnixMillis;
use serde::Serialize;
use serde_json::Value;
use weir_shops::{Shop, TokenKind};

use crate::layout::joined;

#[derive(Debug, Serialize)]
pub(super) struct ShopView {
    pub(super) domain: String,
    pub(super) app: String,
    pub(super) state: &'static str,
    pub(super) plan: Option<&'static str>,
    pub(super) tier: Option<String>,
    installed_at: String,
    updated_at: String,
    /// `None` where there is none.
    pub(super) token: Option<TokenView>,
}

#[derive(Debug, Serialize)]
pub(super) struct TokenView {
    pub(super) kind: &'static str,
    pub(super) expires_at: Option<String>,
    refresh_expires_at: Option<String>,
    version: u64,
    /// Until when a process has the right to renew it.
    renewing_until: Option<String>,
}

impl From<&Shop> for ShopView {
    fn from(shop: &Shop) -> Self {
        let time = |at: Option<UnixMillis>| at.map(|at| at.to_string());
        Self {
            domain: shop.domain.to_string(),
            app: shop.app.clone(),
            state: shop.state.as_str(),
            plan: shop.plan.map(|plan| plan.as_str()),
            tier: shop.tier.clone(),
            installed_at: shop.installed_at.to_string(),
            updated_at: shop.updated_at.to_string(),
            token: shop.token.map(|token| TokenView {
                kind: token.kind.as_str(),
                expires_at: time(token.expires_at),
                refresh_expires_at: time(token.refresh_expires_at),
                version: token.version,
                renewing_until: time(token.renewing_until),
            }),
        }
    }
}

impl ShopView {
    pub(super) fn lines(&self) -> String {
        let token = self.token.as_ref();
        let kind = token.map_or("none: no call can be made", |token| match token.kind {
            kind if kind == TokenKind::Offline.as_str() => "offline: it does not expire",
            kind if kind == TokenKind::Expiring.as_str() => "expiring: renewed by its refresh token",
            _ => "by the app's client credentials",
        });
        let rows = [
            ("state", Some(self.state.to_owned())),
            ("plan", self.plan.map(str::to_owned)),
            ("tier", self.tier.clone()),
            ("token", Some(kind.to_owned())),
            ("renewals", token.map(|token| token.version.saturating_sub(1).to_string())),
            ("expires", token.and_then(|token| token.expires_at.clone())),
            ("refresh ends", token.and_then(|token| token.refresh_expires_at.clone())),
            ("renewing until", token.and_then(|token| token.renewing_until.clone())),
            ("installed", Some(self.installed_at.clone())),
            ("updated", Some(self.updated_at.clone())),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some(line(name, &value?)));
        joined(std::iter::once(format!("{}  app {}", self.domain, self.app)).chain(rows))
    }
}

pub(super) fn line(name: &str, value: &str) -> String {
    format!("  {name:<14}  {value}")
}

/// A shared document, field by field; one that is not there says what that means.
pub(super) fn document(name: &str, document: Option<&Value>, absent: &str) -> String {
    let Some(document) = document else { return line(name, absent) };
    let Value::Object(fields) = document else { return joined([line(name, &plain(document))]) };
    let fields = fields.iter().map(|(field, value)| {
        // Milliseconds since 1970, as all of them are: nobody reads those.
        let time = value.as_i64().filter(|at| *at > 1_000_000_000_000).map(|at| UnixMillis(at).to_string());
        line("", &format!("{field}  {}", time.unwrap_or_else(|| plain(value))))
    });
    joined(std::iter::once(line(name, "")).map(|head| head.trim_end().to_owned()).chain(fields))
}

/// Text without its quotes, numbers without digits that nobody asked for, the rest as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(|number| format!("{number:.2}"));
            rounded.unwrap_or_default().trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;
    use shopify_webhook::ShopDomain;
    use weir_shops::{Plan, ShopState, TokenSummary};

    use super::*;

    pub(in super::super) fn shop(name: &str) -> Shop {
        let token = TokenSummary {
            kind: TokenKind::Expiring,
            expires_at: Some(UnixMillis(1_795_755_600_120)),
            refresh_expires_at: None,
            version: 7,
            renewing_until: None,
        };
        Shop {
            domain: ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap(),
            app: "default".into(),
            plan: Some(Plan::Plus),
            state: ShopState::Installed,
            tier: None,
            installed_at: UnixMillis(1),
            updated_at: UnixMillis(2),
            token: Some(token),
        }
    }

    #[test]
    fn unknown_part_of_a_shop_takes_no_line() {
        let lines = ShopView::from(&shop("north")).lines();
        assert!(lines.starts_with("north.myshopify.com  app default\n  state "), "{lines}");
        assert!(lines.contains("\n  expires         2026-11-27T05:00:00.120Z\n"), "{lines}");
        assert!(!lines.contains("tier") && !lines.contains("renewing"), "{lines}");
    }

    #[test]
    fn a_document_is_shown_field_by_field() {
        let circuit = json!({"phase": {"is": "open", "until_ms": 5}, "opened_at_ms": 1_795_755_600_120_i64,
                             "failed_probes": 0, "level": 1912.4999, "reason": "HTTP 503"});
        let shown = document("circuit", Some(&circuit), "closed");
        let lines: Vec<&str> = shown.lines().map(str::trim).collect();
        assert_eq!(lines[0], "circuit");
        assert!(lines.contains(&"opened_at_ms  2026-11-27T05:00:00.120Z"), "{shown}");
        assert!(lines.contains(&"level  1912.5") && lines.contains(&"reason  HTTP 503"), "{shown}");
        assert_eq!(document("circuit", None, "closed").trim(), "circuit         closed");
    }
}
