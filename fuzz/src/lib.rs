//! What the fuzz targets share. Each target takes bytes that are either what it would get in the field, as text, or
//! the recipe of a well-formed request with some of its parts bent: only so the fuzzer gets through the door, which
//! opens to a signature that no mutation finds.

pub mod admin;
pub mod draft;
pub mod headers;
pub mod oracle;
pub mod outside;
pub mod sqs;
pub mod storage;
pub mod words;
