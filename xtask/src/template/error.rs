//! What is wrong with the sources, and where.

use std::{fmt, sync::Arc};

/// A line of a source, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) text: String,
}

/// A file, as its path below the checkout, and a line of it, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) number: usize,
}

/// The sources make no template: where, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    place: Place,
    reason: String,
}

/// The lines of what is made, and where each comes from.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) text: String,
    places: Vec<Option<Place>>,
}

/// What a step makes of the sources.
pub(super) type Result<T> = std::result::Result<T, TemplateError>;

impl Output {
    /// Adds a line that comes from a source.
    pub(super) fn line(&mut self, line: &Line) {
        self.add(&line.text, Some(line.place.clone()));
    }

    /// Adds lines of its own.
    pub(super) fn own(&mut self, text: &str) {
        text.lines().for_each(|line| self.add(line, None));
    }

    fn add(&mut self, line: &str, place: Option<Place>) {
        self.text.push_str(line);
        self.text.push('\n');
        self.places.push(place);
    }

    /// An error in a line of it, counted from 1, at the source's line that it comes from, or the last one before.
    pub(super) fn error(&self, number: Option<usize>, reason: String) -> TemplateError {
        let mut before = self.places.iter().take(number.unwrap_or(self.places.len())).rev().flatten();
        let place = before.next().cloned().unwrap_or(Place { file: "template.yaml".into(), number: 1 });
        TemplateError { place, reason }
    }
}

impl Place {
    /// An error at this place.
    pub(super) fn error(&self, reason: impl Into<String>) -> TemplateError {
        TemplateError { place: self.clone(), reason: reason.into() }
    }
}

impl Line {
    /// Another text that comes from the same place.
    pub(super) fn with(&self, text: impl Into<String>) -> Self {
        Self { place: self.place.clone(), text: text.into() }
    }

    /// An error in this line.
    pub(super) fn error(&self, reason: impl Into<String>) -> TemplateError {
        self.place.error(reason)
    }

    /// The number of spaces that the line begins with.
    pub(super) fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// Without indentation.
    pub(super) fn content(&self) -> &str {
        self.text.trim()
    }

    /// Whether the line is empty or nothing but a comment.
    pub(super) fn is_comment(&self) -> bool {
        self.content().is_empty() || self.content().starts_with('#')
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.number)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for TemplateError {}
