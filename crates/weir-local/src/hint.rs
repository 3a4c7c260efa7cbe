//! What to do about an error of this crate, for whoever shows it.

use std::error::Error;

use crate::{
    BuildError, DeployError, DevFileError, InstallError, MissingOutputs, NotACheckout, PackageError, StartError,
    TemplateError,
};

/// What to do about an error, if it is one of this crate's and there is more to say than the error says.
#[must_use]
pub fn hint(error: &(dyn Error + 'static)) -> Option<String> {
    let fixed = |text: &str| Some(text.to_owned());
    if error.is::<NotACheckout>() {
        return fixed("run this inside the folder that `git clone` made");
    }
    if error.is::<MissingOutputs>() {
        return fixed("template.yaml declares them under Outputs");
    }
    if let Some(BuildError::Cargo { .. }) = error.downcast_ref() {
        return fixed("install Rust from https://rustup.rs, or set CARGO to the cargo to use");
    }
    match error.downcast_ref() {
        Some(DevFileError::NotThere { .. }) => return fixed("`cargo dev` starts a local stack"),
        Some(DevFileError::Malformed { .. }) => return fixed("start `cargo dev` afresh"),
        _ => {}
    }
    if let Some(error) = error.downcast_ref() {
        return of_start(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_install(error);
    }
    match error.downcast_ref() {
        Some(DeployError::Package(error)) => return of_package(error),
        Some(DeployError::Failed { .. }) => return fixed("`sam validate --lint` checks the template more closely"),
        _ => {}
    }
    error.downcast_ref().and_then(of_package).or_else(|| error.downcast_ref().and_then(of_template))
}

fn of_start(error: &StartError) -> Option<String> {
    match error {
        StartError::PortTaken { port } => {
            Some(format!("`lsof -nP -iTCP:{port} -sTCP:LISTEN` says which; or name no port, and a free one is found"))
        }
        StartError::DiskFull { .. } => Some("free some space, then try again".to_owned()),
        _ => None,
    }
}

fn of_install(error: &InstallError) -> Option<String> {
    match error {
        InstallError::Python { package: Some(package), .. } => {
            Some(format!("on Debian and Ubuntu, `sudo apt-get install {package}` adds it"))
        }
        InstallError::Python { package: None, .. } => {
            Some("install a newer Python, or name one: WEIR_PYTHON=/path/to/python3".to_owned())
        }
        InstallError::Network { .. } => {
            Some("this needs the network once; behind a proxy or a mirror, set HTTPS_PROXY or PIP_INDEX_URL".to_owned())
        }
        InstallError::DiskFull { .. } => Some("free some space, then try again".to_owned()),
        InstallError::Failed { dir, .. } => Some(format!("{} may be removed and will be redone", dir.display())),
        InstallError::Io { .. } => None,
    }
}

fn of_package(error: &PackageError) -> Option<String> {
    match error {
        PackageError::Template(error) => of_template(error),
        PackageError::Binary { .. } => Some("`cargo build --bins` builds it".to_owned()),
        PackageError::Aws(_) => None,
    }
}

fn of_template(error: &TemplateError) -> Option<String> {
    match error {
        TemplateError::Yaml { .. } => Some("`sam validate --lint` says more".to_owned()),
        TemplateError::NoBinary { .. } => Some("Metadata.BuildProperties.Binary is the crate's name".to_owned()),
        TemplateError::Io { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_of_a_wrapped_error_is_found() {
        let error = DeployError::Package(PackageError::Template(TemplateError::NoBinary {
            path: "template.yaml".into(),
            function: "IngestFunction".into(),
        }));
        assert!(hint(&error).is_some_and(|hint| hint.contains("Metadata")));
        assert!(hint(&StartError::PortTaken { port: 4566 }).is_some_and(|hint| hint.contains("-iTCP:4566 ")));
        assert_eq!(hint(&std::io::Error::other("elsewhere")), None);
    }
}
