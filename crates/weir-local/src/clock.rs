//! A clock that somebody shifted on purpose, with Debian's libfaketime: programs that are started with a clean environment
//! get it too, so that a test, the emulator and its functions agree about the time.

/// The variables that shift the clock of a program: `LD_PRELOAD` and libfaketime's own. None where `FAKETIME` is not set, for
/// then whatever is preloaded has nothing to do with the time.
#[must_use]
pub fn shifted_clock() -> Vec<(&'static str, String)> {
    shifted(&|name| std::env::var(name).ok())
}

/// What shifts a clock by a constant amount. `FAKETIME_SHARED` is left out: it names a lock of the parent, which a program
/// that is killed would leave locked.
const VARIABLES: [&str; 4] = ["LD_PRELOAD", SHIFT, "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"];

const SHIFT: &str = "FAKETIME";

fn shifted(variable: &dyn Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
    if variable(SHIFT).is_none() {
        return Vec::new();
    }
    VARIABLES.into_iter().filter_map(|name| Some((name, variable(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_is_preloaded_only_for_a_shifted_clock() {
        let of = |set: &[(&str, &str)]| {
            let find = |name: &str| set.iter().find(|one| one.0 == name).map(|one| one.1.to_owned());
            shifted(&find).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert!(of(&[("LD_PRELOAD", "asan.so"), ("FAKETIME_SHARED", "/x")]).is_empty());
        let shifted =
            of(&[("LD_PRELOAD", "faketime.so"), ("FAKETIME", "+60"), ("FAKETIME_SHARED", "/x"), ("HOME", "/")]);
        assert_eq!(shifted, ["LD_PRELOAD", "FAKETIME"]);
    }
}
