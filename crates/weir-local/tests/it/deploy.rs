use serde_json::Value;
use weir_local::{DeployError, Emulator, Stack, StackOptions};

use crate::support::{checkout_with, emulator, functions, quiet, this_checkout};

const MINIMAL: &str = include_str!("minimal.yaml");
const ECHO: &str = include_str!("echo.py");

async fn post(url: &str, body: &'static str) -> Value {
    // An error says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let request = client.post(url).header("content-type", "application/json").body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    response.json().await.unwrap()
}

async fn fails_to_deploy(emulator: &Emulator, template: &str) -> DeployError {
    let (_dir, checkout) = checkout_with(template);
    let echo = functions(["echo"], ECHO);
    let options = StackOptions::local("broken", echo.path().to_owned());
    Stack::deploy(emulator, &checkout, &options, &quiet).await.map(drop).expect_err("a broken template")
}

#[tokio::test]
async fn stacks_are_deployed_side_by_side_answer_and_are_deleted() {
    let emulator = emulator().await;
    let (_dir, checkout) = checkout_with(MINIMAL);
    let echo = functions(["echo"], ECHO);
    let deploy = async |name: &str| {
        let options = StackOptions::local(name, echo.path().to_owned());
        Stack::deploy(&emulator, &checkout, &options, &quiet).await.unwrap()
    };
    let (one, two) = tokio::join!(deploy("one"), deploy("two"));
    for (stack, name) in [(&one, "one"), (&two, "two")] {
        let deployed = stack.deployed().unwrap();
        assert_eq!(deployed.secret_prefix, format!("{name}/apps"));
        let answer = post(&deployed.webhook_url, "{\"ping\":1}").await;
        assert_eq!(answer["greeting"], format!("hello from {name}"));
        assert_eq!(answer["body"], "{\"ping\":1}");
        // Functions inherit the emulator's environment: nothing of ours may be in it.
        let names: Vec<_> =
            answer["environment"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(names.contains(&"AWS_ENDPOINT_URL"), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with("CARGO")), "{names:?}");
    }
    let (one, two) = tokio::join!(one.delete(), two.delete());
    one.unwrap();
    two.unwrap();
    emulator.stop().await;
}

#[tokio::test]
async fn a_stack_that_fails_says_which_resource_and_why() {
    let emulator = emulator().await;
    let bus = "{ Type: AWS::Events::EventBus, Properties: { Name: the-same } }";
    let twice = format!("  One: {bus}\n  Two: {bus}\nOutputs:\n");
    let error = fails_to_deploy(&emulator, &MINIMAL.replace("Outputs:\n", &twice)).await;
    let DeployError::Failed { failed, .. } = &error else { panic!("{error}") };
    assert!(matches!(&failed[..], [one] if ["One", "Two"].contains(&one.id.as_str())), "{failed:?}");
    assert!(error.to_string().contains("(AWS::Events::EventBus): EventBus already exists: the-same"), "{error}");

    let unknown = MINIMAL.replace("Dlq: { Type: AWS::SQS::Queue }", "Dlq: { Type: AWS::SQS::Quiu }");
    let text = fails_to_deploy(&emulator, &unknown).await.to_string();
    assert!(text.contains("could not create stack broken: "), "{text}");
    assert!(text.contains("Unrecognized resource types: [AWS::SQS::Quiu]"), "{text}");

    let text = fails_to_deploy(&emulator, "Resources: [").await.to_string();
    assert!(text.contains("template.yaml is not a template"), "{text}");

    let text = fails_to_deploy(&emulator, &MINIMAL.replace("Binary: echo", "Binary: ekko")).await.to_string();
    assert!(text.contains("could not read the function binary") && text.contains("/ekko"), "{text}");
}

#[tokio::test]
async fn a_function_ends_with_its_emulator() {
    let emulator = emulator().await;
    let (_dir, checkout) = checkout_with(MINIMAL);
    let echo = functions(["echo"], ECHO);
    let options = StackOptions::local("one", echo.path().to_owned());
    let stack = Stack::deploy(&emulator, &checkout, &options, &quiet).await.unwrap();
    post(&stack.deployed().unwrap().webhook_url, "{\"ping\":1}").await;
    let (log, endpoint) = (emulator.log().to_owned(), emulator.endpoint());
    #[cfg(target_os = "linux")]
    {
        let mark = crate::support::mark(&endpoint);
        let running = crate::support::processes_with(&mark);
        assert!(running.values().any(|command| command.contains("bootstrap")), "{running:?}");
        drop(stack);
        drop(emulator);
        crate::support::until("all have gone", || crate::support::processes_with(&mark).is_empty()).await;
    }
    assert!(log.exists(), "the log of {endpoint} is kept");
    assert!(!log.with_file_name("scratch").exists(), "its scratch folder is not");
}

#[tokio::test]
async fn the_template_that_is_deployed_on_aws_deploys_here_and_has_every_output() {
    let emulator = emulator().await;
    let echo = functions(this_checkout().function_binaries().unwrap(), ECHO);
    let options = StackOptions::local("weir", echo.path().to_owned());
    let stack = Stack::deploy(&emulator, &this_checkout(), &options, &quiet).await.unwrap();
    let deployed = stack.deployed().unwrap();
    assert_eq!(deployed.lanes.keys().collect::<Vec<_>>(), ["bulk", "standard", "urgent"]);
    stack.delete().await.unwrap();
}
