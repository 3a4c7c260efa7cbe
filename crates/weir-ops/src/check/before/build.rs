//! Whether the functions were built for the processor that they will run on.

use std::{fmt, fs::File, io::Read};

use super::{
    super::{
        model::{Area, Finding, Severity},
        quotas::default,
    },
    BeforeFinding, Plan, finding,
};

/// A processor, as an executable names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// 64-bit ARM.
    Arm64,
    /// 64-bit Intel and AMD.
    X86,
    /// Neither, or no executable of Linux.
    Other,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
            Self::Other => "no processor of Lambda",
        })
    }
}

/// The bytes that say it: ELF's magic number, and at offset 18 the machine.
const HEADER_BYTES: usize = 20;

pub(super) fn check(plan: &Plan) -> Vec<Finding> {
    let wanted =
        plan.parameters.get("Architecture").map(String::as_str).or(default("Architecture")).unwrap_or_default();
    if plan.executables.is_empty() {
        return vec![finding(Severity::Note, Area::Build, "functions", BeforeFinding::NotBuilt)];
    }
    let mut found = Vec::new();
    for path in &plan.executables {
        let subject = path.display().to_string();
        let mut header = [0; HEADER_BYTES];
        match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
            Err(error) => found.push(Finding::not_checked(Area::Build, subject, error.to_string())),
            Ok(()) => {
                let built = machine(&header);
                if built.to_string() != wanted {
                    let kind = BeforeFinding::OtherMachine { built, wanted: wanted.to_owned() };
                    found.push(finding(Severity::Must, Area::Build, &subject, kind));
                }
            }
        }
    }
    found
}

fn machine(header: &[u8; HEADER_BYTES]) -> Machine {
    match (&header[..4], header[18], header[19]) {
        (b"\x7fELF", 0xb7, 0) => Machine::Arm64,
        (b"\x7fELF", 0x3e, 0) => Machine::X86,
        _ => Machine::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_is_read_from_the_header_of_an_executable() {
        let mut header = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\xb7\0";
        assert_eq!(machine(&header), Machine::Arm64);
        header[18] = 0x3e;
        assert_eq!(machine(&header), Machine::X86);
        assert_eq!(machine(b"#!/bin/sh\necho hello"), Machine::Other);
    }

    #[test]
    fn function_for_another_processor_is_found() {
        let own = std::env::current_exe().unwrap();
        let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let other = if machine == "arm64" { "x86_64" } else { "arm64" };
        let plan = |wanted: &str| Plan {
            parameters: [("Architecture".to_owned(), wanted.to_owned())].into(),
            executables: vec![own.clone()],
        };
        assert_eq!(check(&plan(machine)), []);
        let found = check(&plan(other));
        assert_eq!((found.len(), found[0].severity, found[0].kind.id()), (1, Severity::Must, "other-machine"));
        let gone = Plan { executables: vec!["/nowhere/bootstrap".into()], ..Plan::default() };
        assert_eq!(check(&gone)[0].kind.id(), "not-checked");
        assert_eq!(check(&Plan::default())[0].kind.id(), "not-built");
    }
}
