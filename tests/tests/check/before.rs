//! `weir check --before` against the local AWS, which stands for an account.

use std::process::Output;

use weir_tests::World;

use crate::report::Report;

/// Runs it as somebody would whose AWS CLI is configured for this account.
async fn before(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let mut command = tokio::process::Command::new(world.command());
    command.args(["check", "--before", "--json"]).args(arguments).env_clear().envs(weir_local::shifted_clock());
    command.env("AWS_ENDPOINT_URL", &world.deployed.endpoint).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").current_dir("/");
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

async fn report(world: &World, arguments: &[&str]) -> Report {
    let (status, stdout, stderr) = before(world, arguments).await;
    Report::read(status, &stdout, &stderr)
}

#[tokio::test]
async fn account_is_looked_at_before_a_deployment() {
    let world = World::new("standing").await;
    let report_of_new = report(&world, &["--stack", "fresh"]).await;
    assert_eq!(report_of_new.status, 0, "{report_of_new:#?}");
    assert!(report_of_new.severity("room-for-ingest", "Lambda").is_some(), "{report_of_new:#?}");

    let standing = report(&world, &["--stack", "standing"]).await;
    assert_eq!(standing.severity("exists", "standing").as_deref(), Some("note"), "{standing:#?}");

    let bad = report(&world, &["--stack", "aws-weir"]).await;
    assert_eq!((bad.status, bad.severity("bad-name", "aws-weir").as_deref()), (3, Some("must")), "{bad:#?}");

    // A queue that an earlier stack of that name left.
    let queues = aws_sdk_sqs::Client::new(&world.aws);
    queues.create_queue().queue_name("left-urgent-dlq").send().await.unwrap();
    let left = report(&world, &["--stack", "left"]).await;
    assert_eq!((left.status, left.severity("in-the-way", "left").as_deref()), (3, Some("must")), "{left:#?}");
    assert!(left.what("in-the-way", "left").contains("left-urgent-dlq"), "{left:#?}");

    let starving = report(&world, &["--stack", "fresh", "--parameter", "StandardConcurrency=1000"]).await;
    assert_eq!(starving.severity("no-room-for-ingest", "Lambda").as_deref(), Some("must"), "{starving:#?}");
    assert!(starving.then("no-room-for-ingest", "Lambda").contains("--quota-code L-B99A9384"), "{starving:#?}");

    for (arguments, hint) in [
        (&["--parameter", "StandardConcurrencies=2"][..], "did you mean StandardConcurrency?"),
        (&["--parameter", "StandardConcurrency=many"], "give a whole number"),
        (&["--parameter", "StandardConcurrency"], "expected NAME=VALUE"),
        (&["--secret-env", "X"], "cannot be used with"),
    ] {
        let (status, _, stderr) = before(&world, arguments).await;
        assert!(status == 2 && stderr.contains(hint), "{status} {stderr}");
    }
    world.end().await;
}
