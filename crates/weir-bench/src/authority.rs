//! A certificate authority that lives as long as a run.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use weir_aws::config::AMAZON_ROOTS;

/// What the stubs show, and what functions are to trust.
pub struct Authority {
    /// The bundle that functions are told to trust: its certificate, and after it what they read on AWS.
    pub bundle: String,
    pub(crate) server: Arc<ServerConfig>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(…)")
    }
}

/// The throwaway authority could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The certificates.
    #[error("no certificate for the stubs")]
    Certificate(#[from] rcgen::Error),
    /// The server's side of TLS.
    #[error("the stubs can't speak TLS")]
    Tls(#[from] rustls::Error),
}

impl Authority {
    /// A new one, with a certificate for `localhost`. ECDSA on P-256, as many of AWS's endpoints have; their chain is longer.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new() -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "weir bench");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let bundle = params.self_signed(&key)?.pem() + AMAZON_ROOTS;
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        // Python's strict checks ask for it.
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;

        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut server = server.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)?;
        // AWS's services are many hosts, and here they are one: nobody is to save a handshake by that.
        server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Self { bundle, server: Arc::new(server) })
    }
}
