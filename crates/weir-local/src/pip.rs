//! What pip says when it fails, and what that means to the user.

/// Why an installation by pip failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PipFailure {
    DiskFull,
    Network,
    Other,
}

/// pip has one exit code for every failure: only its words tell them apart.
pub(crate) fn failure(said: &str) -> PipFailure {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["No space left on device", "Disk quota exceeded"]) {
        PipFailure::DiskFull
    } else if has(&[
        "NewConnectionError",
        "Failed to establish a new connection",
        "ConnectionError",
        "Connection refused",
        "ConnectTimeout",
        "Read timed out",
        "Name or service not known",
        "name resolution",
        "nodename nor servname",
        "Network is unreachable",
        "ProxyError",
        "SSLError",
    ]) {
        PipFailure::Network
    } else {
        PipFailure::Other
    }
}

/// What a line of pip's output says about how far it is, in our words.
pub(crate) fn step(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("Collecting ") {
        let name = rest.split(" (from").next().unwrap_or(rest);
        return Some(format!("fetching {name}"));
    }
    line.starts_with("Installing collected packages").then(|| "unpacking".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_by_what_the_user_can_do_about_it() {
        assert_eq!(failure("ERROR: [Errno 28] No space left on device"), PipFailure::DiskFull);
        assert_eq!(
            failure(
                "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('<pip._vendor…>: \
                 Failed to establish a new connection: [Errno 111] Connection refused')': /simple/ministack/\n\
                 ERROR: No matching distribution found for ministack==1.5.33"
            ),
            PipFailure::Network
        );
        assert_eq!(failure("ERROR: No matching distribution found for ministack==0.0.0"), PipFailure::Other);
    }

    #[test]
    fn each_package_is_a_step() {
        assert_eq!(
            step("Collecting ministack==1.5.33 (from -r req.txt (line 1))"),
            Some("fetching ministack==1.5.33".into())
        );
        assert_eq!(step("  Collecting six>=1.5"), Some("fetching six>=1.5".into()));
        assert_eq!(step("Installing collected packages: a, b"), Some("unpacking".into()));
        assert_eq!(step("  Using cached six.whl"), None);
    }
}
