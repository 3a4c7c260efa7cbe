//! The controls in SSM, on the template that is deployed: what the command writes, workers read.

use std::path::Path;

use resilience::Clock;
use weir_aws::controls::Parameter;
use weir_core::controls::{Controls, Target};
use weir_local::Checkout;
use weir_tests::World;

#[tokio::test]
async fn what_is_written_into_the_parameter_of_the_stack_is_read_by_workers() {
    let world = World::new("controls").await;
    let parameter = Parameter::new(&world.aws, world.deployed.controls_parameter.clone());
    let stored = parameter.read().await.unwrap().unwrap();
    assert_eq!((stored.text.as_str(), stored.version), ("{}", 1), "as the template makes it");

    let workers = |name: &str| weir_aws::Controls::new(&world.aws, name.to_owned(), Clock::Wall);
    assert_eq!(*workers(parameter.name()).current().await, Controls::default());
    let document = Controls::parse(r#"{"off":[{"destination":"erp","why":"INC-7"}]}"#).unwrap();
    assert_eq!(parameter.write(&document.to_text()).await.unwrap(), 2);
    let read = workers(parameter.name()).current().await;
    assert_eq!(*read, document);
    assert!(read.is_off(Target::Destination("erp"), "north.myshopify.com").is_some());
    let stored = parameter.read().await.unwrap().unwrap();
    assert!(stored.version == 2 && stored.written_at.is_some(), "{stored:?}");

    assert_eq!(Parameter::new(&world.aws, "/nobody/controls".to_owned()).read().await.unwrap(), None);
    assert_eq!(*workers("/nobody/controls").current().await, Controls::default());
    world.end().await;
}

#[test]
fn the_template_begins_with_an_empty_document_that_workers_may_read() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let template = checkout.read_template().unwrap();
    let parameter = &template["Resources"]["Controls"]["Properties"];
    assert_eq!(Controls::parse(parameter["Value"].as_str().unwrap()), Ok(Controls::default()));
    let policy = template["Resources"]["WorkerPolicy"]["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
    let about: Vec<_> = policy.iter().filter(|statement| statement.to_string().contains("ssm:Get")).collect();
    let [statement] = about[..] else { panic!("one statement on SSM: {about:?}") };
    assert_eq!(statement["Action"], "ssm:GetParameter");
    assert!(statement["Resource"]["Fn::Sub"].as_str().unwrap().ends_with(":parameter${Controls}"), "{statement}");
}
