//! Results of bulk operations: the same records in whatever pieces and over however many connections they come, the
//! ones that are there, and errors that tell nothing of what is in them.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::{
    arbitrary::{Arbitrary, Unstructured},
    fuzz_target,
};
use serde::Deserialize;
use serde_json::Value;
use shopify_client::bulk::{BulkError, Line, LineError, LineFault};
use weir_fuzz::storage::{Behaviour, Draft, Reader};

fuzz_target!(|bytes: &[u8]| {
    // Text that starts as JSON is the file itself, anything else the recipe of one and of its way.
    if bytes.first() == Some(&b'{') {
        let half = u16::try_from(bytes.len() / 2).unwrap_or(u16::MAX);
        for size in [1, 7, 64] {
            check(bytes, size, &[Behaviour::Breaks(half)]);
        }
    } else if let Ok(draft) = Draft::arbitrary(&mut Unstructured::new(bytes)) {
        check(&draft.file(), draft.piece.into(), &draft.behaviours());
    }
});

fn check(file: &[u8], piece: usize, behaviours: &[Behaviour]) {
    let (whole, torn) = (Reader::whole(file), Reader::torn(file, piece, behaviours));
    let read = seen(whole.lines::<Value>());
    are_all(file, &read);
    assert_eq!(read, seen(torn.lines::<Value>()), "other records came in pieces");
    assert_eq!(seen(whole.lines::<Object>()), seen(torn.lines::<Object>()), "other objects came in pieces");
    for most in [1, 3, usize::MAX] {
        let groups = told(whole.groups::<Object, Value>(most));
        assert_eq!(groups, told(torn.groups::<Object, Value>(most)), "other groups came in pieces");
        if groups.iter().chain(&[]).all(Result::is_ok) && read.iter().all(Result::is_ok) {
            let parts = || groups.iter().flatten();
            let roots = parts().filter(|(_, part, ..)| *part == 0).count();
            let children: usize = parts().map(|(_, _, children, _)| children.len()).sum();
            let nested = read.iter().flatten().filter(|record| record.parent.is_some()).count();
            assert_eq!((roots, children), (read.len() - nested, nested), "something is in no group, or in two");
            assert!(parts().all(|(_, _, children, _)| children.len() <= most), "a part is larger than was asked for");
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
enum Object {
    Product(Product),
    ProductVariant {
        sku: Option<String>,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Product {
    title: String,
}

/// A line, for comparing.
#[derive(Debug, PartialEq)]
struct Record<T> {
    number: u64,
    id: Option<String>,
    parent: Option<String>,
    object: T,
}

fn seen<T>(lines: Vec<Result<Line<T>, BulkError>>) -> Vec<Result<Record<T>, LineError>> {
    let record = |Line { number, id, parent, object }| Record { number, id, parent, object };
    told(lines.into_iter().map(|line| line.map(record)).collect())
}

/// With every error a line's, that shows nothing of it.
fn told<T>(read: Vec<Result<T, BulkError>>) -> Vec<Result<T, LineError>> {
    let line = |error| match error {
        BulkError::Line(error) => error,
        other => panic!("the file is whole, and yet: {other}"),
    };
    let is_word = |kind: &str| kind.len() <= 64 && kind.chars().all(|c| c.is_ascii_alphanumeric());
    let read = read.into_iter().map(|it| it.map_err(line)).collect::<Vec<_>>();
    for error in read.iter().filter_map(|it| it.as_ref().err()) {
        if let LineFault::Shape(Some(kind)) = &error.fault {
            assert!(is_word(kind), "the error shows what is in the line: {error}");
        }
    }
    read
}

/// Panics unless these are the file's records.
fn are_all(file: &[u8], read: &[Result<Record<Value>, LineError>]) {
    let mut read = read.iter();
    for (number, line) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let next = read.next().unwrap_or_else(|| panic!("line {number} was left out"));
        let told = match next {
            Ok(record) => record.number,
            Err(error) => error.number,
        };
        assert_eq!(told, number);
        match (expected(line), next) {
            (Some((id, parent, object)), Ok(record)) => {
                assert_eq!((&id, &parent, &object), (&record.id, &record.parent, &record.object));
            }
            (None, Err(_)) => {}
            // A name that comes twice: JSON leaves open what that means.
            (Some(_), Err(_)) if has_twice(line) => {}
            (expected, _) => panic!("line {number} has {expected:?}, and came as {next:?}"),
        }
    }
    assert!(read.next().is_none(), "more lines came than there are");
}

type Parts = (Option<String>, Option<String>, Value);

fn expected(line: &[u8]) -> Option<Parts> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let object = value.as_object()?;
    let text = |name| match object.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(_) => None,
    };
    Some((text("id")?, text("__parentId")?, value.clone()))
}

fn has_twice(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    text.contains("\\u") || ["id\"", "__parentId\""].iter().any(|name| text.matches(name).count() > 1)
}
