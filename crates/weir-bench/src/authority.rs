//! A certificate authority whose chain is as AWS's are.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
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

/// The authority could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The certificates.
    #[error("no certificate for the stubs")]
    Certificate(#[from] rcgen::Error),
    /// The server's side of TLS.
    #[error("the stubs can't speak TLS")]
    Tls(#[from] rustls::Error),
}

/// RSA keys of 2,048 bits, in PKCS #8, which ring can't make. They are no secret and keep none: whoever trusts them is a
/// function under measurement, for as long as its process runs.
const ROOT: &[u8] = include_bytes!("authority/root.p8");
const ISSUER: &[u8] = include_bytes!("authority/issuer.p8");
const HOST: &[u8] = include_bytes!("authority/host.p8");

impl Authority {
    /// With a chain for `localhost` like those of AWS's endpoints: RSA of 2,048 bits, an intermediate between root and host
    /// ("Amazon RSA 2048 M01", say). To check it takes a client little over half of
    /// the instructions that as long a chain of ECDSA would.
    ///
    /// # Errors
    /// When a certificate can't be made.
    pub fn new() -> Result<Self, AuthorityError> {
        let root = params("weir bench root", IsCa::Ca(BasicConstraints::Unconstrained));
        let key = KeyPair::try_from(ROOT)?;
        let bundle = root.self_signed(&key)?.pem() + AMAZON_ROOTS;
        let root = Issuer::new(root, key);

        let issuer = params("weir bench RSA 2048", IsCa::Ca(BasicConstraints::Constrained(0)));
        let key = KeyPair::try_from(ISSUER)?;
        let intermediate = issuer.signed_by(&key, &root)?.der().clone();
        let issuer = Issuer::new(issuer, key);

        let mut host = params("localhost", IsCa::NoCa);
        host.subject_alt_names = vec![SanType::DnsName("localhost".try_into()?)];
        host.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = host.signed_by(&KeyPair::try_from(HOST)?, &issuer)?.der().clone();

        let key = PrivateKeyDer::Pkcs8(HOST.into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut server = server.with_no_client_auth().with_single_cert(vec![certificate, intermediate], key)?;
        // AWS's services are many hosts, and here they are one: nobody is to save a handshake by that.
        server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Self { bundle, server: Arc::new(server) })
    }
}

fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    // Python's strict checks ask for it.
    params.use_authority_key_identifier_extension = true;
    params.key_usages = match is_ca {
        IsCa::Ca(_) => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        _ => vec![KeyUsagePurpose::DigitalSignature],
    };
    params.is_ca = is_ca;
    params
}
