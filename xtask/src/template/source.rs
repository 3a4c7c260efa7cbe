//! Reads the sources: `main.yaml`, and the files that its section `Sources` lists, in that order.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use super::{
    block::{Block, blocks},
    error::{Line, Place, Result},
};

/// A section of a file: a key of its top level, and what is below it.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) block: Block,
}

/// A file, cut into its sections.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: Arc<str>,
    pub(super) sections: Vec<Section>,
}

const MAIN: &str = "main.yaml";

/// The section of `main.yaml` that lists the other files.
pub(super) const SOURCES: &str = "Sources";

/// The files of a folder, which errors call `label`.
pub(super) fn read(folder: &Path, label: &str) -> Result<Vec<Source>> {
    let main = Place { file: format!("{label}/{MAIN}").into(), number: 1 };
    let mut sources = vec![source(folder, label, MAIN, &main)?];
    let Some(listed) = sources[0].sections.iter().find(|section| section.name == SOURCES).map(|s| s.block.clone())
    else {
        return Err(main.error(format!("there is no list `{SOURCES}` of the other files")));
    };
    let text = listed.text();
    let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Err(listed.head.error("a list of the form `[file.yaml, …]` is expected here"));
    };
    let mut names = BTreeSet::from([MAIN.to_owned()]);
    for name in list.split(',').map(str::trim) {
        if !names.insert(name.to_owned()) {
            return Err(listed.head.error(format!("{name} is listed twice")));
        }
        sources.push(source(folder, label, name, &listed.head.place)?);
    }
    let unread = |reason: std::io::Error| main.error(format!("could not list {}: {reason}", folder.display()));
    for entry in fs::read_dir(folder).map_err(unread)? {
        let name = entry.map_err(unread)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") && !names.contains(&name) {
            return Err(main.error(format!("{name} is in the folder, and not in the list `{SOURCES}`")));
        }
    }
    Ok(sources)
}

fn source(folder: &Path, label: &str, name: &str, listed_at: &Place) -> Result<Source> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path)
        .map_err(|reason| listed_at.error(format!("could not read {}: {reason}", path.display())))?;
    parse(&format!("{label}/{name}"), &text)
}

/// Cuts a text into sections.
pub(super) fn parse(file: &str, text: &str) -> Result<Source> {
    let file: Arc<str> = file.into();
    let line = |(index, text): (usize, &str)| Line {
        place: Place { file: Arc::clone(&file), number: index + 1 },
        text: text.trim_end().to_owned(),
    };
    let lines: Vec<Line> = text.lines().enumerate().map(line).collect();
    if let Some(tab) = lines.iter().find(|line| line.text.contains('\t')) {
        return Err(tab.error("there is a tab: YAML is indented by spaces"));
    }
    let section = |block: Block| Ok(Section { name: block.entry()?.to_owned(), block });
    let sections = blocks(&lines).into_iter().map(section).collect::<Result<_>>()?;
    Ok(Source { file, sections })
}
