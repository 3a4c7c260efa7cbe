//! Bootstraps with AWS's own runtime client in them.

use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_sdk_sqs::config::BehaviorVersion;
use aws_types::SdkConfig;
use lambda_emulator::{Environment, Function, InvokeError, SqsSource, StartError};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The example that does what it is told, built beside this test.
fn bootstrap() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let scripted = this.ancestors().nth(2).unwrap().join("examples/scripted");
    assert!(
        scripted.is_file(),
        "`cargo test -p lambda-emulator` builds {}; with --test it does not",
        scripted.display()
    );
    scripted
}

fn function(logs: &TempDir) -> Function {
    Function {
        name: "scripted".into(),
        bootstrap: bootstrap(),
        environment: [("TOLD".into(), "this".into())].into(),
        timeout: Duration::from_secs(20),
        memory_mb: 128,
        logs: logs.path().into(),
    }
}

async fn start(function: &Function) -> Environment {
    Environment::start(function, 1).await.unwrap()
}

async fn tell(environment: &mut Environment, what: &str) -> Result<Value, InvokeError> {
    let answer = environment.invoke(json!({ "do": what }).to_string().into()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

fn is_running(pid: u32) -> bool {
    // One that has ended and was not waited for yet is a zombie, and runs no more.
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("\nState:\tZ"))
}

#[tokio::test]
async fn one_process_runs_one_invocation_after_the_other() {
    let logs = TempDir::new().unwrap();
    let mut environment = start(&function(&logs)).await;
    let first = tell(&mut environment, "answer").await.unwrap();
    let second = tell(&mut environment, "answer").await.unwrap();
    assert_eq!(first["pid"], second["pid"]);
    assert_ne!(first["request_id"], second["request_id"]);
}

#[tokio::test]
async fn process_is_frozen_before_between_and_after_its_invocations() {
    let logs = TempDir::new().unwrap();
    let mut environment = start(&function(&logs)).await;
    let pid = environment.pid().unwrap();
    for _ in 0..2 {
        until_frozen(pid).await;
        assert!(tell(&mut environment, "answer").await.is_ok());
    }
    until_frozen(pid).await;
    // By SIGTERM: a frozen process hears it when it is thawed.
    assert_eq!(environment.terminate().await.unwrap().signal(), Some(15));
}

async fn until_frozen(pid: u32) {
    let frozen = async {
        while !std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap().contains("\nState:\tT") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), frozen).await.expect("the process is not frozen");
}

#[tokio::test]
async fn a_function_knows_its_deadline_and_sees_its_own_variables_alone() {
    let logs = TempDir::new().unwrap();
    let mut environment = start(&function(&logs)).await;
    let before = jiff::Timestamp::now().as_millisecond();
    let answer = tell(&mut environment, "answer").await.unwrap();
    let left = answer["deadline_ms"].as_i64().unwrap() - before;
    assert!((20_000..25_000).contains(&left), "{left}");
    assert_eq!((&answer["TOLD"], &answer["HOME"]), (&json!("this"), &Value::Null));
}

#[tokio::test]
async fn a_failure_is_told_and_the_process_goes_on() {
    let logs = TempDir::new().unwrap();
    let mut environment = start(&function(&logs)).await;
    let error = tell(&mut environment, "fail").await.unwrap_err();
    assert!(matches!(&error, InvokeError::Failed(_)) && error.goes_on(), "{error}");
    assert!(!error.to_string().contains("quoted"), "{error}");
    assert!(tell(&mut environment, "answer").await.is_ok());
}

#[tokio::test]
async fn a_killed_process_is_gone_and_its_invocation_with_it() {
    let logs = TempDir::new().unwrap();
    let mut environment = start(&function(&logs)).await;
    let pid = environment.pid().unwrap();
    let event = json!({ "do": "hang" }).to_string().into();
    let error = environment.invoke_until(event, tokio::time::sleep(Duration::from_millis(20))).await.unwrap_err();
    assert!(matches!(error, InvokeError::Killed) && !error.goes_on(), "{error}");
    assert!(!is_running(pid));
}

#[tokio::test]
async fn an_invocation_that_takes_too_long_costs_the_process_its_life() {
    let logs = TempDir::new().unwrap();
    let function = Function { timeout: Duration::from_millis(200), ..function(&logs) };
    let mut environment = start(&function).await;
    let pid = environment.pid().unwrap();
    assert!(matches!(tell(&mut environment, "hang").await.unwrap_err(), InvokeError::TimedOut(_)));
    assert!(!is_running(pid));
}

#[tokio::test]
async fn a_process_that_ends_by_itself_says_how_and_where_its_log_is() {
    let logs = TempDir::new().unwrap();
    let mut environment = start(&function(&logs)).await;
    let error = tell(&mut environment, "exit").await.unwrap_err();
    let InvokeError::Died { status, log } = &error else { panic!("{error}") };
    assert!(status.contains('3') && log.is_file(), "{error}");
}

#[tokio::test]
async fn process_that_asks_for_no_invocation_is_no_environment() {
    let logs = TempDir::new().unwrap();
    let ends = Function { bootstrap: Path::new("/bin/false").into(), ..function(&logs) };
    assert!(matches!(Environment::start(&ends, 1).await.unwrap_err(), StartError::Died { .. }));
    let missing = Function { bootstrap: Path::new("/nowhere/bootstrap").into(), ..ends };
    let error = Environment::start(&missing, 2).await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/bootstrap") && error.contains("cargo build --bins"), "{error}");
}

#[tokio::test]
async fn a_source_gives_up_on_processes_that_never_start() {
    let logs = TempDir::new().unwrap();
    let ends = Function { bootstrap: Path::new("/bin/false").into(), ..function(&logs) };
    let aws = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    let source = Arc::new(SqsSource::new(&aws, "http://127.0.0.1:1/q".into(), ends, Duration::from_secs(30)));
    let StartError::Died { log, .. } = Arc::clone(&source).run(1).await.unwrap_err() else { panic!() };
    assert!(log.is_file());
    assert_eq!((source.counts().processes, source.counts().invocations), (5, 0));
}

#[tokio::test]
async fn no_process_outlives_its_environment() {
    let logs = TempDir::new().unwrap();
    let environment = start(&function(&logs)).await;
    let pid = environment.pid().unwrap();
    assert!(is_running(pid));
    drop(environment);
    let gone = async {
        while is_running(pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}

#[tokio::test]
async fn a_process_that_is_asked_to_end_is_gone_afterwards() {
    let logs = TempDir::new().unwrap();
    let environment = start(&function(&logs)).await;
    let pid = environment.pid().unwrap();
    let status = environment.terminate().await.unwrap();
    assert!(!status.success(), "the example ends by the signal: {status}");
    assert!(!is_running(pid));
}
