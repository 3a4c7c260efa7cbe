//! Access tokens of one shop: offline, expiring with a rotating refresh token, client credentials.

use std::{collections::HashMap, time::Duration};

use crate::UnixMillis;

/// Which token an installation starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStyle {
    /// Offline: never expires.
    Offline,
    /// Offline: expires after an hour, with a refresh token.
    Expiring,
}

const ACCESS_LASTS: Duration = Duration::from_secs(3_600);
const REFRESH_LASTS: Duration = Duration::from_secs(90 * 86_400);
const CREDENTIALS_LAST: Duration = Duration::from_secs(86_400);

/// What is given out. The caller wraps it: it must not reach a log.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) refresh: Option<(String, Duration)>,
}

struct Access {
    expires: Option<UnixMillis>,
    /// Void as soon as this token is used: the refresh token that it was got with.
    replaces: Option<String>,
}

struct Refresh {
    expires: UnixMillis,
    replaces: Option<String>,
}

/// A shop's tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    /// How often a refresh token was exchanged.
    pub(crate) refreshes: u64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({} redacted, {} refreshes)", self.access.len(), self.refreshes)
    }
}

impl Tokens {
    pub(crate) fn issue(&mut self, style: TokenStyle, now: UnixMillis, rng: &mut fastrand::Rng) -> Pair {
        match style {
            TokenStyle::Offline => self.single(None, now, rng),
            TokenStyle::Expiring => self.pair(None, now, rng),
        }
    }

    /// The grant by client credentials: a day.
    pub(crate) fn credentials(&mut self, now: UnixMillis, rng: &mut fastrand::Rng) -> Pair {
        self.single(Some(CREDENTIALS_LAST), now, rng)
    }

    fn single(&mut self, lasts: Option<Duration>, now: UnixMillis, rng: &mut fastrand::Rng) -> Pair {
        let access = random("shpat_", rng);
        let expires = lasts.map(|lasts| now.plus(lasts));
        self.access.insert(access.clone(), Access { expires, replaces: None });
        Pair { access, expires_in: lasts, refresh: None }
    }

    fn pair(&mut self, replaces: Option<String>, now: UnixMillis, rng: &mut fastrand::Rng) -> Pair {
        let (access, refresh) = (random("shpat_", rng), random("shprt_", rng));
        let held = Access { expires: Some(now.plus(ACCESS_LASTS)), replaces: replaces.clone() };
        self.access.insert(access.clone(), held);
        self.refresh.insert(refresh.clone(), Refresh { expires: now.plus(REFRESH_LASTS), replaces });
        Pair { access, expires_in: Some(ACCESS_LASTS), refresh: Some((refresh, REFRESH_LASTS)) }
    }

    /// Exchanges a refresh token for a new pair; `None` if it is unknown, expired or replaced. It stays good until
    /// the new pair is used, so that a client whose reply was lost can ask again.
    pub(crate) fn refresh(&mut self, token: &str, now: UnixMillis, rng: &mut fastrand::Rng) -> Option<Pair> {
        let held = self.refresh.get_mut(token).filter(|held| held.expires > now)?;
        if let Some(old) = held.replaces.take() {
            self.refresh.remove(&old);
        }
        self.refreshes += 1;
        Some(self.pair(Some(token.to_owned()), now, rng))
    }

    /// Whether an access token is good. Using it makes the refresh token before it void.
    pub(crate) fn accepts(&mut self, token: &str, now: UnixMillis) -> bool {
        let Some(held) = self.access.get_mut(token).filter(|held| held.expires.is_none_or(|expires| expires > now))
        else {
            return false;
        };
        if let Some(old) = held.replaces.take() {
            self.refresh.remove(&old);
        }
        true
    }

    /// Access tokens expire now; refresh tokens stay.
    pub(crate) fn expire(&mut self, now: UnixMillis) {
        for held in self.access.values_mut() {
            held.expires = Some(now);
        }
    }

    pub(crate) fn revoke(&mut self) {
        self.access.clear();
        self.refresh.clear();
    }
}

fn random(prefix: &str, rng: &mut fastrand::Rng) -> String {
    format!("{prefix}{:016x}{:016x}", rng.u64(..), rng.u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_refresh_token_works_until_the_new_pair_is_used() {
        let (mut tokens, mut rng, now) = (Tokens::default(), fastrand::Rng::with_seed(1), UnixMillis(0));
        let first = tokens.issue(TokenStyle::Expiring, now, &mut rng).refresh.unwrap().0;
        let lost = tokens.refresh(&first, now, &mut rng).unwrap();
        let second = tokens.refresh(&first, now, &mut rng).unwrap();
        assert!(tokens.accepts(&second.access, now));
        assert!(tokens.refresh(&first, now, &mut rng).is_none());
        assert!(tokens.accepts(&lost.access, now));
        assert_eq!(tokens.refreshes, 2);
    }

    #[test]
    fn a_token_is_good_for_its_hour_and_no_longer() {
        let (mut tokens, mut rng) = (Tokens::default(), fastrand::Rng::with_seed(1));
        let pair = tokens.issue(TokenStyle::Expiring, UnixMillis(0), &mut rng);
        assert!(tokens.accepts(&pair.access, UnixMillis(3_599_999)));
        assert!(!tokens.accepts(&pair.access, UnixMillis(3_600_000)));
        let refresh = pair.refresh.unwrap().0;
        assert!(tokens.refresh(&refresh, UnixMillis(91 * 86_400_000), &mut rng).is_none());
    }
}
