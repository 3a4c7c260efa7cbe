use std::net::TcpListener;

use weir_local::{Emulator, Options, StartError};

use crate::support::{emulator, installation};

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Emulator::start(&installation().await, &Options { port: Some(port) }).await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port: named } if named == port), "{error}");
    assert!(error.to_string().contains(&format!("port {port} on 127.0.0.1 is taken")), "{error}");
    assert!(weir_local::hint(&error).is_some(), "{error}");
}

#[tokio::test]
async fn a_port_that_is_named_is_used_and_free_again_afterwards() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let emulator = Emulator::start(&installation().await, &Options { port: Some(port) }).await.unwrap();
    assert_eq!(emulator.endpoint(), format!("http://127.0.0.1:{port}"));
    emulator.stop().await;
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}

#[tokio::test]
async fn two_emulators_run_side_by_side() {
    let (one, two) = tokio::join!(emulator(), emulator());
    assert_ne!(one.endpoint(), two.endpoint());
    let client = |emulator: &Emulator| weir_local::s3_client(&emulator.sdk_config());
    client(&one).create_bucket().bucket("only-in-one").send().await.unwrap();
    let buckets = client(&two).list_buckets().send().await.unwrap();
    assert!(buckets.buckets().is_empty(), "{buckets:?}");
    one.stop().await;
    client(&two).list_buckets().send().await.unwrap();
}

/// By a shifted clock, this says whether the emulator has it.
#[tokio::test]
async fn emulator_has_the_clock_of_the_process_that_starts_it() {
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let emulator = emulator().await;
    let s3 = weir_local::s3_client(&emulator.sdk_config());
    let before = now();
    s3.create_bucket().bucket("made-now").send().await.unwrap();
    let made = s3.list_buckets().send().await.unwrap().buckets()[0].creation_date().unwrap().secs().unsigned_abs();
    // A second more or less: some stores round.
    assert!((before - 1..=now() + 1).contains(&made), "made at {made}, between {before} and {}", now());
    emulator.stop().await;
}

#[cfg(target_os = "linux")]
mod processes {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use crate::support::{emulator, mark, processes_with, until};

    #[track_caller]
    fn pid(raw: i32) -> Pid {
        Pid::from_raw(raw).expect("a process id")
    }

    #[track_caller]
    fn the_emulator_itself(mark: &str) -> i32 {
        let found = processes_with(mark);
        *found.iter().find(|(_, command)| command.contains("-m ministack")).expect("an emulator").0
    }

    #[tokio::test]
    async fn an_emulator_that_is_killed_is_reported_with_its_last_words() {
        let emulator = emulator().await;
        let mark = mark(&emulator.endpoint());
        kill_process(pid(the_emulator_itself(&mark)), Signal::KILL).unwrap();
        let died = emulator.wait().await.to_string();
        assert!(died.contains("the emulator died"), "{died}");
        assert!(died.contains("Ready"), "the end of its log: {died}");
        assert!(died.contains(&emulator.log().display().to_string()), "{died}");
        until("its supervisor has gone too", || processes_with(&mark).is_empty()).await;
    }

    #[tokio::test]
    async fn a_supervisor_that_is_told_to_end_ends_the_emulator() {
        let emulator = emulator().await;
        let mark = mark(&emulator.endpoint());
        let (supervisor, _) =
            processes_with(&mark).into_iter().find(|(_, command)| command.contains("run.py")).expect("a supervisor");
        kill_process(pid(supervisor), Signal::TERM).unwrap();
        emulator.wait().await;
        until("all have gone", || processes_with(&mark).is_empty()).await;
    }

    /// The test runs itself in a second process, which holds an emulator until it is killed.
    #[tokio::test]
    async fn emulator_and_functions_end_with_a_killed_parent() {
        const HOLDER: &str = "WEIR_LOCAL_TEST_HOLDS_AN_EMULATOR";
        if std::env::var_os(HOLDER).is_some() {
            let emulator = emulator().await;
            println!("\nholding {}", emulator.endpoint());
            std::future::pending::<()>().await;
        }
        let mut holder = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lifecycle::processes::emulator_and_functions_end_with_a_killed_parent", "--nocapture"])
            .env(HOLDER, "yes")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.starts_with("holding ")).expect("an emulator was started");
        let mark = mark(line.trim_start_matches("holding "));
        the_emulator_itself(&mark);
        holder.kill().unwrap();
        holder.wait().unwrap();
        until("all have gone", || processes_with(&mark).is_empty()).await;
    }
}
