//! Whose certificates the functions trust when they speak to AWS.
//!
//! To read and parse the whole store of the machine costs a cold start more instructions than all else that it does.
//! The endpoints of AWS's ordinary regions have certificates of five roots, which Amazon Trust Services recommends to
//! trust together where a store is cut down: <https://www.amazontrust.com/repository/>. `WEIR_TLS_ROOTS=system` is the
//! way back, should that change.

use aws_smithy_http_client::tls::{TlsContext, TrustStore};

/// The five, as they stand in the stores of all systems. Keys are what is trusted: that a root was signed anew under the
/// same key changes nothing.
pub const AMAZON: &str = include_str!("trust/amazon.pem");

/// The name of the setting.
pub(crate) const SETTING: &str = "WEIR_TLS_ROOTS";

/// The roots of a client's TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roots {
    /// Those that AWS's endpoints have certificates of.
    Amazon,
    /// Those of the machine, or of the file that `SSL_CERT_FILE` names.
    System,
}

impl Roots {
    /// What the environment asks for; else Amazon's, where they are known to be enough: in a region of the ordinary
    /// partition, at AWS's own endpoints.
    pub(crate) fn of(
        env: impl Fn(&str) -> Option<String>,
        region: &str,
        endpoint: Option<&str>,
    ) -> Result<Self, String> {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        match set(SETTING).as_deref() {
            None | Some("amazon") => {}
            Some("system") => return Ok(Self::System),
            Some(other) => return Err(other.to_owned()),
        }
        let is_elsewhere = endpoint.is_some() || !is_ordinary(region);
        let has_own = set("SSL_CERT_FILE").or_else(|| set("SSL_CERT_DIR")).is_some();
        Ok(if is_elsewhere || has_own { Self::System } else { Self::Amazon })
    }

    pub(crate) fn context(self) -> TlsContext {
        let store = match self {
            Self::Amazon => TrustStore::empty().with_pem_certificate(AMAZON),
            Self::System => TrustStore::default(),
        };
        // Fails for what other providers of TLS do not support; rustls supports all of this.
        TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
    }
}

/// Whether a region is one of the partition `aws`, by the pattern of AWS's own list: not China's, GovCloud's, or a
/// sovereign one's, whose roots are their own.
fn is_ordinary(region: &str) -> bool {
    const AREAS: [&str; 9] = ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"];
    let mut parts = region.split('-');
    let (area, place, number) = (parts.next(), parts.next(), parts.next());
    area.is_some_and(|area| AREAS.contains(&area))
        && place.is_some()
        && number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()) && !number.is_empty())
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: &str, endpoint: Option<&str>, set: &[(&str, &str)]) -> Result<Roots, String> {
        let env = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Roots::of(env, region, endpoint)
    }

    #[test]
    fn amazons_roots_are_enough_where_they_are_known_to_be() {
        for region in ["us-east-1", "eu-central-2", "ap-southeast-7", "mx-central-1"] {
            assert_eq!(of(region, None, &[]), Ok(Roots::Amazon), "{region}");
        }
        for region in
            ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "eu-isoe-west-1", "", "us-east-"]
        {
            assert_eq!(of(region, None, &[]), Ok(Roots::System), "{region}");
        }
        assert_eq!(of("us-east-1", Some("https://aws.example"), &[]), Ok(Roots::System), "it may be anybody's");
    }

    #[test]
    fn the_environment_may_ask_for_the_whole_store() {
        assert_eq!(of("us-east-1", None, &[(SETTING, "system")]), Ok(Roots::System));
        assert_eq!(of("us-east-1", None, &[("SSL_CERT_FILE", "/etc/mine.pem")]), Ok(Roots::System));
        for same in ["", "amazon"] {
            assert_eq!(of("us-east-1", None, &[(SETTING, same), ("SSL_CERT_FILE", "")]), Ok(Roots::Amazon));
        }
        assert_eq!(of("us-east-1", None, &[(SETTING, "mozilla")]), Err("mozilla".into()));
    }

    #[test]
    fn the_bundle_holds_the_five_roots_and_can_be_read() {
        assert_eq!(AMAZON.matches("-----BEGIN CERTIFICATE-----").count(), 5);
        // rustls parses each when a client is made, and would panic here.
        let client = crate::config::http_client(None, Roots::Amazon);
        let _speaks_tls = format!("{client:?}");
    }
}
