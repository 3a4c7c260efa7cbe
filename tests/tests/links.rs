//! Every relative link and anchor in the Markdown files of the checkout leads somewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A parsed document.
#[derive(Debug, Default)]
struct Document {
    /// Anchors of its headings, as GitHub makes them.
    anchors: BTreeSet<String>,
    /// Destinations of its links and images.
    links: Vec<String>,
}

#[test]
fn relative_links_and_anchors_lead_somewhere() {
    let documents: BTreeMap<PathBuf, Document> = markdown_files(root())
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).expect("a file of the checkout");
            (path, parse(&text))
        })
        .collect();
    let links = documents.values().map(|document| document.links.len()).sum::<usize>();
    assert!(documents.len() > 40 && links > 150, "{} documents with {links} links were found", documents.len());
    let broken: Vec<String> = documents
        .iter()
        .flat_map(|(path, document)| document.links.iter().map(move |link| (path, link)))
        .filter_map(|(path, link)| {
            problem(&documents, path, link).map(|why| format!("{}: {link}: {why}", path.display()))
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn anchors_are_those_of_github() {
    let text =
        "# A `weir dlq`, and *more*\n\n## What it is: 200/400?\n\n## Same\n\n## Same\n\n```sh\n# no heading\n```\n";
    let expected = ["a-weir-dlq-and-more", "what-it-is-200400", "same", "same-1"];
    assert_eq!(parse(text).anchors, expected.map(str::to_owned).into());
}

#[test]
fn broken_links_are_found() {
    let documents: BTreeMap<PathBuf, Document> =
        [("README.md", "[a](docs/README.md#b)"), ("docs/README.md", "# B\n\n[c](../README.md) `[d](none.md)`")]
            .map(|(path, text)| (path.into(), parse(text)))
            .into();
    let check = |path: &str, link: &str| problem(&documents, Path::new(path), link);
    for (path, link) in [
        ("README.md", "docs/README.md#b"),
        ("docs/README.md", "../README.md"),
        ("docs/README.md", "#b"),
        ("README.md", "docs"),
        ("README.md", "https://example.com/none#x"),
    ] {
        assert_eq!(check(path, link), None, "{link}");
    }
    for (path, link) in [
        ("README.md", "docs/none.md"),
        ("README.md", "docs/README.md#c"),
        ("README.md", "#b"),
        ("README.md", "../outside.md"),
        ("README.md", "/docs/README.md"),
        ("README.md", "Cargo.toml#L1"),
    ] {
        assert!(check(path, link).is_some(), "{link}");
    }
    assert_eq!(documents[Path::new("docs/README.md")].links, ["../README.md"]);
}

/// Why a link of the document at `path` leads nowhere.
fn problem(documents: &BTreeMap<PathBuf, Document>, path: &Path, link: &str) -> Option<&'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() {
        path.to_owned()
    } else {
        let Some(target) = resolve(path.parent().unwrap_or(Path::new("")), file) else {
            return Some("leads out of the checkout");
        };
        target
    };
    let document = documents.get(&target);
    if document.is_none() && !root().join(&target).exists() {
        return Some("no such file");
    }
    let anchor = anchor?;
    match document {
        Some(document) if document.anchors.contains(anchor) => None,
        Some(_) => Some("no such heading"),
        None => Some("an anchor of a file that is no document"),
    }
}

/// The path within the checkout to which a relative link leads.
fn resolve(folder: &Path, link: &str) -> Option<PathBuf> {
    let mut resolved = folder.to_owned();
    for component in Path::new(link).components() {
        match component {
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !resolved.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

fn parse(text: &str) -> Document {
    let mut document = Document::default();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let repeats = (1..).map(|n| format!("{anchor}-{n}"));
                let free = std::iter::once(anchor.clone()).chain(repeats).find(|name| !document.anchors.contains(name));
                document.anchors.extend(free);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                document.links.push(dest_url.into_string());
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    document
}

/// A heading's anchor: in lower case, blanks as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

/// The Markdown files below a folder, relative to the checkout; without hidden folders and what was built.
fn markdown_files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut next) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the checkout") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                next.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path.strip_prefix(root()).expect("a path of the checkout").to_owned());
            }
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the checkout")
}
