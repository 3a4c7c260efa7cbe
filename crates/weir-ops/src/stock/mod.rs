//! Stock that several shops share: which pools there are, and how they are changed.

pub mod file;
