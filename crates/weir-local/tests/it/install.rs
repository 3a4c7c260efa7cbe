use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use weir_local::{Emulator, InstallError, Installation, Options, StartError};

use crate::support::{checkout_with, quiet, this_checkout};

#[tokio::test]
async fn two_that_install_at_once_install_once_and_what_was_interrupted_is_done_again() {
    let (_dir, checkout) = checkout_with("");
    let installs = AtomicUsize::new(0);
    let count = |step: &str| {
        if step.contains("making a Python environment") {
            installs.fetch_add(1, Ordering::Relaxed);
        }
    };
    let (one, two) = tokio::join!(Installation::ensure(&checkout, &count), Installation::ensure(&checkout, &count));
    one.unwrap();
    two.unwrap();
    assert_eq!(installs.load(Ordering::Relaxed), 1);

    // What a kill in the middle leaves: no marker, and something half done.
    let mut found = fs::read_dir(checkout.state_dir()).unwrap().map(|entry| entry.unwrap().path());
    let environment = found.find(|path| path.is_dir()).expect("the environment");
    fs::remove_file(environment.join("weir-installed")).unwrap();
    fs::remove_file(environment.join("bin/python")).unwrap();
    fs::write(environment.join("half-done"), "").unwrap();
    let again = Installation::ensure(&checkout, &count).await.unwrap();
    assert_eq!(installs.load(Ordering::Relaxed), 2);
    assert!(!environment.join("half-done").exists());

    // Nothing was pinned, so there is no emulator in it: that is what its start says.
    let supervisor = this_checkout().root().join("infra/emulator/run.py");
    fs::copy(supervisor, checkout.root().join("infra/emulator/run.py")).unwrap();
    let error = Emulator::start(&again, &Options::default()).await.unwrap_err();
    assert!(matches!(error, StartError::Died(_)), "{error}");
    assert!(error.to_string().contains("No module named ministack"), "{error}");
}

#[tokio::test]
async fn without_the_network_the_error_says_that_it_is_needed() {
    let (dir, checkout) = checkout_with("");
    // Port 9 of loopback refuses; pip's own settings must not lead it to a mirror or a folder with the package.
    let pins = "--index-url http://127.0.0.1:9/\nno-such-package-of-weir==1\n";
    fs::write(dir.path().join("infra/emulator/requirements.txt"), pins).unwrap();
    let error = Installation::ensure(&checkout, &quiet).await.unwrap_err();
    assert!(matches!(error, InstallError::Network { .. }), "{error}");
    assert!(weir_local::hint(&error).is_some_and(|hint| hint.contains("this needs the network once")), "{error}");
}
