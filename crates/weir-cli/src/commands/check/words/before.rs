//! What was seen before a deployment, in words.

use weir_ops::check::before::{BeforeFinding, NameRule};

use super::Place;

pub(super) fn what(kind: &BeforeFinding) -> String {
    match kind {
        BeforeFinding::BadName { rule } => match rule {
            NameRule::Characters => "a stack's name is a letter, then letters, digits and hyphens".to_owned(),
            NameRule::Length => "with this name a queue's would exceed 80 characters".to_owned(),
            NameRule::ReservedPrefix => "SSM reserves names that begin with aws or ssm".to_owned(),
            NameRule::DefaultBus => "the account's own bus has this name".to_owned(),
        },
        BeforeFinding::FailedCreation { status } => {
            format!("a stack of this name is {status}, and can't be deployed to")
        }
        BeforeFinding::InProgress { status } => format!("a stack of this name is {status}"),
        BeforeFinding::StuckRollback => "the stack of this name is UPDATE_ROLLBACK_FAILED".to_owned(),
        BeforeFinding::Exists { status } => {
            format!("a stack of this name is there ({status}): a deployment updates it")
        }
        BeforeFinding::InTheWay { names } => {
            format!("an earlier stack left what a new one can't make again: {}", names.join(", "))
        }
        BeforeFinding::NoService { region } => format!("does not answer in {region}"),
        BeforeFinding::RegionOff { region } => {
            format!("{region} does not know these credentials: the region may not be enabled for the account")
        }
        BeforeFinding::MayNot { caller, actions, is_explicit: true } => {
            format!("a policy denies {caller} {}", actions.join(", "))
        }
        BeforeFinding::MayNot { caller, actions, is_explicit: false } => {
            format!("no policy allows {caller} {} on every resource", actions.join(", "))
        }
        BeforeFinding::OtherMachine { built, wanted } => {
            format!("was built for {built}, and Architecture is {wanted}")
        }
        BeforeFinding::NotBuilt => "nothing is built in this folder yet".to_owned(),
    }
}

pub(super) fn then(kind: &BeforeFinding, place: &Place) -> Option<String> {
    let (stack, aws) = (&place.stack, place.aws());
    match kind {
        BeforeFinding::BadName { .. } => {
            Some("Choose another name, with 67 characters at most, such as weir.".to_owned())
        }
        BeforeFinding::FailedCreation { .. } => {
            Some(format!("Delete it first by `aws cloudformation delete-stack --stack-name {stack}{aws}`."))
        }
        BeforeFinding::InProgress { .. } => Some(format!(
            "Wait for its end, as `aws cloudformation describe-stacks --stack-name {stack}{aws}` shows it."
        )),
        BeforeFinding::StuckRollback => {
            Some(format!("Continue it by `aws cloudformation continue-update-rollback --stack-name {stack}{aws}`."))
        }
        BeforeFinding::InTheWay { .. } => Some(
            "Choose another name, or delete them once they are not needed; docs/guides/deploy.md, \"Remove\"."
                .to_owned(),
        ),
        BeforeFinding::NoService { .. } => Some("Choose another region, or check this machine's way to it.".to_owned()),
        BeforeFinding::RegionOff { region } => {
            Some(format!("Enable it by `aws account enable-region --region-name {region}`, or choose another."))
        }
        BeforeFinding::MayNot { is_explicit: true, .. } => {
            Some("Deploy as somebody else, or have the policy changed.".to_owned())
        }
        BeforeFinding::MayNot { is_explicit: false, .. } => {
            Some(format!("Check that it is allowed on what stack {stack} is made of, or deploy as somebody else."))
        }
        BeforeFinding::OtherMachine { built, wanted } => Some(format!(
            "Build again by `sam build --beta-features --parameter-overrides Architecture={wanted}`, or deploy with \
             Architecture={built}."
        )),
        BeforeFinding::NotBuilt => Some("Run `sam build --beta-features` before `sam deploy`.".to_owned()),
        BeforeFinding::Exists { .. } => None,
    }
}
