//! The apps' secrets, kept in memory as secrets.

use std::{collections::HashMap, time::Duration};

use shopify_webhook::ClientSecrets;
use tokio::{sync::Mutex, time::Instant};

use crate::outside::{SecretSource, Unavailable};

/// Secrets are read again after this.
pub const REFRESH: Duration = Duration::from_secs(5 * 60);

/// And when a signature fails, but at most once in this: a rotation must not wait, a flood of forgeries must
/// not become a flood of reads.
pub const AFTER_FORGERY: Duration = Duration::from_secs(30);

/// A cache of secrets by app.
pub(crate) struct Keyring<S> {
    source: S,
    // Held while reading, so that requests that come together read once.
    apps: Mutex<HashMap<String, Held>>,
}

struct Held {
    secrets: ClientSecrets,
    /// When they are read again in any case.
    stale_at: Instant,
    /// From when on a failing signature may have them read again.
    suspect_from: Instant,
}

impl<S: SecretSource> Keyring<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, apps: Mutex::default() }
    }

    /// The secrets of an app, at most five minutes old; older ones if they can't be read again now.
    pub(crate) async fn secrets(&self, app: &str) -> Result<ClientSecrets, Unavailable> {
        let mut apps = self.apps.lock().await;
        let now = Instant::now();
        if let Some(held) = apps.get(app).filter(|held| now < held.stale_at) {
            return Ok(held.secrets.clone());
        }
        match self.source.read(app).await {
            Ok(secrets) => {
                let suspect_from = apps.get(app).map_or(now, |held| held.suspect_from);
                let held = Held { secrets: secrets.clone(), stale_at: now + REFRESH, suspect_from };
                apps.insert(app.to_owned(), held);
                Ok(secrets)
            }
            Err(error) => {
                let held = apps.get_mut(app).ok_or_else(|| error.clone())?;
                tracing::warn!(app, %error, "The app's secret could not be reloaded: using the one in memory");
                held.stale_at = now + AFTER_FORGERY;
                Ok(held.secrets.clone())
            }
        }
    }

    /// After a signature failed: the secrets read anew, if it is time for that.
    pub(crate) async fn reread(&self, app: &str) -> Option<ClientSecrets> {
        let mut apps = self.apps.lock().await;
        let now = Instant::now();
        let held = apps.get_mut(app).filter(|held| held.suspect_from <= now)?;
        held.suspect_from = now + AFTER_FORGERY;
        match self.source.read(app).await {
            Ok(secrets) => {
                held.secrets = secrets.clone();
                held.stale_at = now + REFRESH;
                Some(secrets)
            }
            Err(error) => {
                tracing::warn!(app, %error, "The app's secret could not be reloaded after a failed signature");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// Counts reads, and fails those from `until_read` on.
    #[derive(Clone)]
    struct Source {
        reads: Arc<AtomicUsize>,
        until_read: usize,
    }

    impl SecretSource for Source {
        async fn read(&self, _app: &str) -> Result<ClientSecrets, Unavailable> {
            if self.reads.fetch_add(1, Ordering::SeqCst) >= self.until_read {
                return Err(Unavailable("down".into()));
            }
            Ok(ClientSecrets::new(vec!["s".into()]).unwrap())
        }
    }

    fn keyring(until_read: usize) -> (Keyring<Source>, Arc<AtomicUsize>) {
        let reads = Arc::new(AtomicUsize::new(0));
        (Keyring::new(Source { reads: reads.clone(), until_read }), reads)
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_are_read_again_after_five_minutes() {
        let (keyring, reads) = keyring(usize::MAX);
        for (wait, expected) in [(0, 1), (299, 1), (1, 2), (299, 2)] {
            tokio::time::advance(Duration::from_secs(wait)).await;
            keyring.secrets("a").await.unwrap();
            assert_eq!(reads.load(Ordering::SeqCst), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_forgeries_reads_once_in_thirty_seconds() {
        let (keyring, reads) = keyring(usize::MAX);
        keyring.secrets("a").await.unwrap();
        for _second in 0..60 {
            for _forgery in 0..100 {
                keyring.reread("a").await;
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // The first read, and forgeries' at 0 s and 30 s.
        assert_eq!(reads.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_does_not_allow_another_read_to_forgeries() {
        let (keyring, reads) = keyring(usize::MAX);
        keyring.secrets("a").await.unwrap();
        tokio::time::advance(REFRESH - Duration::from_secs(1)).await;
        assert!(keyring.reread("a").await.is_some());
        tokio::time::advance(Duration::from_secs(2)).await;
        keyring.secrets("a").await.unwrap();
        assert!(keyring.reread("a").await.is_none());
        assert_eq!(reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_come_together_read_once() {
        let (keyring, reads) = keyring(usize::MAX);
        let (a, b, c) = tokio::join!(keyring.secrets("a"), keyring.secrets("a"), keyring.secrets("a"));
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn old_secrets_serve_on_while_new_ones_can_not_be_read() {
        let (keyring, reads) = keyring(1);
        keyring.secrets("a").await.unwrap();
        tokio::time::advance(REFRESH).await;
        assert!(keyring.secrets("a").await.is_ok());
        assert!(keyring.secrets("a").await.is_ok());
        assert_eq!(reads.load(Ordering::SeqCst), 2, "not on every request");
        assert!(keyring.secrets("b").await.is_err(), "without any there is nothing to serve");
    }
}
