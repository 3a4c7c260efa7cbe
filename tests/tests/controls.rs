//! The controls in SSM, on the template that is deployed: what the command writes, workers read, and no deployment resets.

use std::path::Path;

use resilience::Clock;
use weir_aws::controls::Parameter;
use weir_core::{
    EventShop,
    controls::{Controls, Target},
};
use weir_local::Checkout;
use weir_tests::World;

#[tokio::test]
async fn workers_read_the_controls_parameter() {
    let world = World::new("controls").await;
    let parameter = Parameter::new(&world.aws, world.deployed.controls_parameter.clone());
    assert_eq!(parameter.read().await.unwrap(), None, "the first change makes it");

    let workers = |name: &str| weir_aws::Controls::new(&world.aws, name.to_owned(), Clock::Wall);
    assert_eq!(*workers(parameter.name()).current().await.unwrap(), Controls::default());
    let document = Controls::parse(r#"{"off":[{"destination":"erp","why":"INC-7"}]}"#).unwrap();
    assert_eq!(parameter.write(&document.to_text()).await.unwrap(), 1);
    let read = workers(parameter.name()).current().await.unwrap();
    assert_eq!(*read, document);
    assert!(read.is_off(Target::Destination("erp"), &EventShop::from_stored("north.myshopify.com")).is_some());
    let stored = parameter.read().await.unwrap().unwrap();
    assert!(stored.version == 1 && stored.written_at.is_some(), "{stored:?}");

    world.end().await;
}

/// CloudFormation writes a parameter's value again with each change of the resource, its tags included.
#[test]
fn parameter_is_no_resource_of_the_stack_and_workers_may_read_it() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let template = checkout.read_template().unwrap();
    let resources = template["Resources"].as_object().unwrap();
    assert!(!resources.values().any(|resource| resource["Type"] == "AWS::SSM::Parameter"), "a deployment resets it");
    let name = &template["Outputs"]["ControlsParameter"]["Value"]["Fn::Sub"];
    let workers = resources
        .values()
        .filter(|resource| !resource["Properties"]["Environment"]["Variables"]["WEIR_LANE"].is_null());
    let read: Vec<_> =
        workers.map(|worker| &worker["Properties"]["Environment"]["Variables"]["WEIR_CONTROLS"]["Fn::Sub"]).collect();
    assert_eq!(read, [name; 3], "the command writes what the workers read");
    let policy = template["Resources"]["WorkerPolicy"]["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
    let about: Vec<_> = policy.iter().filter(|statement| statement.to_string().contains("ssm:Get")).collect();
    let [statement] = about[..] else { panic!("one statement on SSM: {about:?}") };
    assert_eq!(statement["Action"], "ssm:GetParameter");
    let allowed = statement["Resource"]["Fn::Sub"].as_str().unwrap();
    assert!(allowed.ends_with(&format!(":parameter{}", name.as_str().unwrap())), "{statement}");
}
