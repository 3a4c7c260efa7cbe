//! A result, object by object.

use std::{borrow::Cow, marker::PhantomData};

use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use shopify_webhook::ShopDomain;

use super::{
    BulkError, LineError, LineFault, ResultFile,
    download::Download,
    kind,
    split::{Numbered, Splitter},
};
use crate::{Call, Client};

/// The objects of a result in the order of its lines: each typed as `T`.
///
/// A result with objects of several types is read into an enum with a variant for each type, called like it in the id:
///
/// ```
/// # use serde::Deserialize;
/// #[derive(Deserialize)]
/// enum Object {
///     Product(Product),
///     ProductVariant(Variant),
///     #[serde(other)]
///     Unknown,
/// }
/// # #[derive(Deserialize)] struct Product { title: String }
/// # #[derive(Deserialize)] struct Variant { sku: Option<String> }
/// ```
///
/// Holds one piece of the file and one object, however long the result is.
pub struct Lines<T> {
    raw: RawLines,
    object: PhantomData<fn() -> T>,
}

/// An object of a result.
#[derive(Clone, PartialEq, Eq)]
pub struct Line<T> {
    /// Counted from one.
    pub number: u64,
    /// The object's id. Lines of a mutation's result have none.
    pub id: Option<String>,
    /// The id of the object that this one belongs to; a root has none.
    pub parent: Option<String>,
    /// The object.
    pub object: T,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(rename = "__parentId", borrow, default)]
    parent: Option<Text<'a>>,
}

/// Text that is copied only where an escape stands in it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<T: DeserializeOwned> Lines<T> {
    /// Reads a result from its beginning, until the call's deadline.
    pub fn new(client: &Client, shop: &ShopDomain, file: &ResultFile, call: &Call) -> Self {
        Self { raw: RawLines::new(client, shop, file, call), object: PhantomData }
    }

    /// The next object, or `None` after the last.
    ///
    /// # Errors
    /// If the file can't be read on: [`BulkError::retry`] says whether reading it again may help. After the error of a
    /// line the next call goes on behind it.
    pub async fn next(&mut self) -> Result<Option<Line<T>>, BulkError> {
        let Some(line) = self.raw.next().await? else { return Ok(None) };
        let object = line.read()?;
        Ok(Some(Line { number: line.number, id: line.id, parent: line.parent, object }))
    }
}

/// The lines of a result, only their heads read.
pub(super) struct RawLines {
    download: Download,
    splitter: Splitter,
    /// Set once the last piece has come.
    ended: bool,
    /// Lines with an object so far.
    objects: u64,
    expected: Option<u64>,
}

/// A line whose object is still to be read.
pub(super) struct RawLine {
    pub(super) number: u64,
    pub(super) id: Option<String>,
    pub(super) parent: Option<String>,
    text: Bytes,
}

impl RawLines {
    pub(super) fn new(client: &Client, shop: &ShopDomain, file: &ResultFile, call: &Call) -> Self {
        Self {
            download: Download::new(client.clone(), shop.clone(), file, call.clone()),
            splitter: Splitter::default(),
            ended: false,
            objects: 0,
            // Where the bytes are known, they decide.
            expected: file.objects.filter(|_| file.bytes.is_none()),
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<RawLine>, BulkError> {
        loop {
            if let Some(line) = self.splitter.next() {
                return self.head(line).map(Some);
            }
            if self.ended {
                let Some(line) = self.splitter.rest() else { return self.end() };
                return self.head(line).map(Some);
            }
            match self.download.next().await? {
                Some(piece) => self.splitter.push(piece)?,
                None => self.ended = true,
            }
        }
    }

    fn end(&self) -> Result<Option<RawLine>, BulkError> {
        match self.expected {
            Some(expected) if self.objects < expected => {
                Err(BulkError::Truncated { got: self.objects, expected, unit: "objects" })
            }
            _ => Ok(None),
        }
    }

    fn head(&mut self, Numbered { number, text }: Numbered) -> Result<RawLine, BulkError> {
        self.objects += 1;
        // A list would be read as well, its parts taken for the fields in their order.
        if text.trim_ascii_start().first() == Some(&b'[') {
            return Err(LineError { number, column: 1, fault: LineFault::Shape(None) }.into());
        }
        let head: Head<'_> = serde_json::from_slice(&text).map_err(|error| line_error(number, None, &error))?;
        let owned = |text: Option<Text<'_>>| text.map(|Text(text)| text.into_owned());
        Ok(RawLine { number, id: owned(head.id), parent: owned(head.parent), text })
    }
}

impl RawLine {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, LineError> {
        let kind = self.id.as_deref().and_then(kind::of);
        kind::read(kind, &self.text).map_err(|error| line_error(self.number, kind, &error))
    }
}

/// Serde's own words quote values: they stay here.
fn line_error(number: u64, kind: Option<&str>, error: &serde_json::Error) -> LineError {
    let fault = match error.is_data() {
        true => LineFault::Shape(kind.map(str::to_owned)),
        false => LineFault::Syntax,
    };
    LineError { number, column: error.column(), fault }
}
