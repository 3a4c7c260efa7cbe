//! `weir dev --forward-to` as a person has it: a server of one's own, what it answers, and what weir makes of that.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use weir_local::{Checkout, build_functions, shifted_clock};
use weir_tests::Receiver;

/// Far more than anything takes here, on a machine that is busy with other tests.
const LONGEST: Duration = Duration::from_secs(120);

/// A running `weir dev`.
struct Dev {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Dev {
    fn start(binary: &Path, root: &Path, to: &str) -> Self {
        let mut command = Command::new(binary);
        command.args(["dev", "--json", "--forward-to", to]).current_dir(root).envs(shifted_clock());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, stdout: BufReader::new(stdout).lines() }
    }

    /// The next object of this event for which the condition holds. `None` if the command ended.
    async fn next(&mut self, event: &str, holds: impl Fn(&Value) -> bool) -> Option<Value> {
        let found = async {
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                let told: Value = serde_json::from_str(&line).unwrap();
                if told["event"] == event && holds(&told) {
                    return Some(told);
                }
            }
            None
        };
        timeout(LONGEST, found).await.unwrap_or_else(|_| panic!("no such {event} came"))
    }

    async fn type_r(&mut self) {
        self.stdin.write_all(b"r\n").await.unwrap();
    }
}

async fn send(binary: &Path, root: &Path, id: &str) {
    let mut command = Command::new(binary);
    command.args(["send", "orders/create", "--id", id]).current_dir(root).envs(shifted_clock());
    let ended = command.stdin(Stdio::null()).output().await.unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

#[tokio::test]
async fn own_server_sees_events_retries_parking_and_what_is_sent_again() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (binary, root) = (build_functions(&checkout, false).await.unwrap().join("weir"), checkout.root());
    let status = Arc::new(AtomicU16::new(200));
    let answer = Arc::clone(&status);
    let server = Receiver::start(move |_| format!("HTTP/1.1 {} Told\r\n\r\n", answer.load(Ordering::SeqCst))).await;
    let mut dev = Dev::start(&binary, root, &format!("{}/hook", server.url));
    if dev.next("ready", |_| true).await.is_none() {
        // Two local stacks would fight over the checkout's dev.json; `weir dev` said so.
        eprintln!("skipped: a `weir dev` of this checkout runs already");
        return;
    }

    // A server that works.
    send(&binary, root, "well").await;
    let told = dev.next("forwarded", |told| told["status"] == 200).await.unwrap();
    assert!(told["key"].as_str().unwrap().ends_with("#well"), "{told}");
    assert!(server.received()[0].head.starts_with("POST /hook HTTP/1.1"), "{:?}", server.received());
    dev.type_r().await;
    let again = dev.next("forwarded", |told| told["generation"] == 1).await.unwrap();
    assert_eq!(again["key"], told["key"]);

    // One that refuses an event: a dead letter, which goes out again by the same key.
    status.store(400, Ordering::SeqCst);
    send(&binary, root, "refused").await;
    let dead = dev.next("state", |told| told["message"] == "dead_lettered").await.unwrap();
    assert_eq!(dead["last_error"], "forward: HTTP 400");
    status.store(200, Ordering::SeqCst);
    dev.type_r().await;
    let repaired = dev.next("forwarded", |told| told["key"] == dead["key"]).await.unwrap();
    assert_eq!((&repaired["status"], &repaired["attempt"]), (&200.into(), &2.into()));

    // One that is down: events wait, and the circuit opens. Then it is back, and they go out by themselves.
    status.store(503, Ordering::SeqCst);
    for number in 0..10 {
        send(&binary, root, &format!("waiting-{number}")).await;
    }
    let open = dev.next("circuit", |told| told["phase"] == "open").await.unwrap();
    assert_eq!(open["name"], "destination/forward");
    status.store(200, Ordering::SeqCst);
    dev.next("circuit", |told| told["phase"] == "closed").await.unwrap();
    dev.next("state", |told| told["state"] == "done").await.unwrap();

    let pid = dev.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    dev.next("stopped", |_| true).await.unwrap();
    assert!(timeout(LONGEST, dev.child.wait()).await.unwrap().unwrap().success());
}
