//! The stub of AWS, from outside.

mod stub;
