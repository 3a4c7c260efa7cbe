//! A function that does what its event tells it: `{"do": "answer" | "fail" | "exit" | "hang"}`. Tests run it as a bootstrap.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    match event.payload["do"].as_str() {
        Some("fail") => Err("its message may have quoted the event".into()),
        Some("exit") => std::process::exit(3),
        Some("hang") => std::future::pending().await,
        _ => Ok(json!({
            "pid": std::process::id(),
            "request_id": event.context.request_id,
            "deadline_ms": event.context.deadline,
            "HOME": std::env::var("HOME").ok(),
            "TOLD": std::env::var("TOLD").ok(),
        })),
    }
}
