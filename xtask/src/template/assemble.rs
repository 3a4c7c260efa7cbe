//! From sources to the template: lanes are repeated, tables become resources, sections of all files are joined.

use super::{
    alarm,
    block::{Block, blocks},
    dashboard,
    error::{Line, Output, Place, Result},
    lanes::Lanes,
    role,
    source::{SOURCES, Section, Source},
};

/// The sections of the template, in its order.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
];

const LANES: &str = "Lanes";
const ROLES: &str = "Roles";
const ALARMS: &str = "Alarms";
const DASHBOARD: &str = "Dashboard";

/// Above everything else.
const HEADER: &str = "\
# Generated from infra/template by `cargo xtask template`: edit the files there, and run it again.
# This file is the whole deployment, and what runs locally.
";

/// The template.
pub(super) fn template(sources: &[Source]) -> Result<Output> {
    let all = || sources.iter().flat_map(|source| source.sections.iter().map(move |section| (source, section)));
    for (_, Section { name, block }) in all() {
        if !SECTIONS.contains(&name.as_str()) && ![SOURCES, LANES, ROLES, ALARMS, DASHBOARD].contains(&name.as_str()) {
            return Err(block.head.error(format!("{name:?} is no section of a template, nor of its sources")));
        }
    }
    let tables: Vec<Line> = all().filter(|(_, s)| s.name == LANES).flat_map(|(_, s)| s.block.body.clone()).collect();
    let lanes = Lanes::read(&tables)?;
    let mut rows = Vec::new();
    for (_, section) in all().filter(|(_, section)| section.name == ALARMS) {
        rows.extend(blocks(&lanes.expand(&section.block.body)?));
    }
    let alarms = alarm::Alarms::read(&rows)?;
    let mut out = Output::default();
    out.own(HEADER);
    for name in SECTIONS {
        let mut written = Vec::new();
        for source in sources {
            let mut entries = Vec::new();
            for section in source.sections.iter().filter(|section| section.name == name) {
                // A section with its value on its own line, as `Transform`, may appear once.
                if !section.block.value().is_empty() {
                    note(name, &section.block.head, &mut written)?;
                    out.line(&section.block.head);
                }
                entries.extend(blocks(&lanes.expand(&section.block.body)?));
            }
            if name == "Resources" {
                entries.extend(made(source, &lanes, &alarms)?);
            }
            append(name, source, &entries, &mut written, &mut out)?;
        }
    }
    Ok(out)
}

/// A key and the place where it was written first.
type Written = Vec<(String, Place)>;

/// What the tables of a file make.
fn made(source: &Source, lanes: &Lanes, alarms: &alarm::Alarms) -> Result<Vec<Block>> {
    let mut out = Vec::new();
    for section in &source.sections {
        let body = || lanes.expand(&section.block.body);
        match section.name.as_str() {
            ROLES => {
                for row in blocks(&body()?) {
                    out.extend(role::resources(&row)?);
                }
            }
            ALARMS => {
                for row in blocks(&body()?) {
                    out.push(alarms.resource(&row)?);
                }
            }
            DASHBOARD => out.extend(blocks(&dashboard::resource(&body()?, alarms.all())?)),
            _ => {}
        }
    }
    Ok(out)
}

/// Writes a file's entries of a section, each key once in the whole template.
fn append(section: &str, source: &Source, entries: &[Block], written: &mut Written, out: &mut Output) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    if written.is_empty() {
        out.own(&format!("\n{section}:"));
    }
    let is_spacious = section == "Resources";
    if is_spacious {
        out.own(&format!("{}  # ---- {} ----", if written.is_empty() { "" } else { "\n" }, source.file));
    }
    for block in entries {
        note(block.entry()?, &block.head, written)?;
        if is_spacious {
            out.own("\n");
        }
        for line in block.comments.iter().chain([&block.head]).chain(&block.body) {
            out.line(line);
        }
    }
    Ok(())
}

fn note(key: &str, head: &Line, written: &mut Written) -> Result<()> {
    if let Some((_, before)) = written.iter().find(|(known, _)| known == key) {
        return Err(head.error(format!("{key} is defined at {before} already")));
    }
    written.push((key.to_owned(), head.place.clone()));
    Ok(())
}
