//! `weir check --before`: the account and the region of a stack that is not there yet.

use std::path::PathBuf;

use weir_local::Checkout;
use weir_ops::{
    StackLocation,
    check::{
        DEFAULTS,
        before::{self, Plan},
    },
};

use super::{
    args::CheckArgs,
    run::{show, under_way},
    words::Place,
};
use crate::{
    exit::ExitStatus,
    hints,
    printer::Printer,
    problem::{HintedError, Usage},
    progress::Progress,
};

/// The name that `samconfig.toml` gives a stack.
const DEFAULT_NAME: &str = "weir";

/// Where `sam build` puts the functions.
const BUILT: &str = ".aws-sam/build";

pub(super) async fn run(args: &CheckArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    parameters(args)?;
    let name = args.stack.as_deref().unwrap_or(DEFAULT_NAME);
    let location = StackLocation::on_aws(name, args.region.as_deref(), args.profile.as_deref()).await;
    if location.config.region().is_none() {
        let hint = "add --region, such as --region eu-central-1";
        return Err(Usage::new("no region is configured, and none was named", hint).into());
    }
    let plan = Plan { parameters: args.parameters.iter().cloned().collect(), executables: executables() };
    let mut progress = Progress::new(printer);
    let report = before::run(&location, &plan, |left| progress.step(|| under_way(left))).await;
    let report = report.map_err(|error| {
        let hint = "`aws sts get-caller-identity` must work first, with the same --region and --profile";
        HintedError::new(error.to_string(), hints::hint_for(&error.aws_reason(), hint)).because(error)
    })?;
    show(&report, &Place::before(args, name), printer)
}

/// Refuses parameters that this check does not read, and values that the template would refuse.
pub(crate) fn parameters(args: &CheckArgs) -> Result<(), Usage> {
    args.parameters.iter().try_for_each(|(name, value)| parameter(name, value))
}

fn parameter(name: &str, value: &str) -> Result<(), Usage> {
    let Some((_, default)) = DEFAULTS.iter().find(|(known, _)| *known == name) else {
        return Err(unknown(name));
    };
    let expected = match (name, *default) {
        ("Architecture", _) => "arm64 or x86_64",
        ("MonitorState", _) => "ENABLED or DISABLED",
        (_, "true" | "false") => "true or false",
        (_, number) if number.parse::<u32>().is_ok() => {
            let problem = || Usage::new(format!("{name} can't be {value:?}"), "give a whole number");
            return value.parse::<u32>().map(drop).map_err(|_| problem());
        }
        _ => return Ok(()),
    };
    if expected.split(" or ").any(|word| word == value) {
        return Ok(());
    }
    Err(Usage::new(format!("{name} can't be {value:?}"), format!("give {expected}")))
}

fn unknown(name: &str) -> Usage {
    let names: Vec<&str> = DEFAULTS.iter().map(|(known, _)| *known).collect();
    let near = names.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
    let meant = near.filter(|near| strsim::jaro(near, name) > 0.8).map(|near| format!("did you mean {near}? "));
    let hint = format!("{}it takes {}", meant.unwrap_or_default(), names.join(", "));
    Usage::new(format!("{name:?} is not a parameter that this check reads"), hint)
}

/// The functions that `sam build` made in this checkout; none anywhere else.
fn executables() -> Vec<PathBuf> {
    let Some(checkout) = std::env::current_dir().ok().and_then(|here| Checkout::find(&here).ok()) else {
        return Vec::new();
    };
    let Ok(functions) = std::fs::read_dir(checkout.root().join(BUILT)) else { return Vec::new() };
    let mut found: Vec<PathBuf> = functions.flatten().map(|one| one.path().join("bootstrap")).collect();
    found.retain(|path| path.is_file());
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameter_names_the_nearest_and_all() {
        let error = parameter("StandardConcurrencies", "2").unwrap_err();
        assert!(error.hint.starts_with("did you mean StandardConcurrency? it takes "), "{}", error.hint);
        assert!(parameter("x", "2").unwrap_err().hint.starts_with("it takes AlarmTopicArn, "));
    }

    #[test]
    fn value_that_the_template_would_refuse_is_refused() {
        for (name, value) in [("StandardConcurrency", "20"), ("ReserveWorkers", "true"), ("Architecture", "x86_64")] {
            assert!(parameter(name, value).is_ok(), "{name}");
        }
        for (name, value, hint) in [
            ("StandardConcurrency", "many", "give a whole number"),
            ("ThrottleRate", "-1", "give a whole number"),
            ("ReserveWorkers", "yes", "give true or false"),
            ("Architecture", "arm", "give arm64 or x86_64"),
            ("MonitorState", "enabled", "give ENABLED or DISABLED"),
        ] {
            assert_eq!(parameter(name, value).unwrap_err().hint, hint, "{name}");
        }
    }
}
