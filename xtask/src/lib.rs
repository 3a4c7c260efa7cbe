//! What tests share with the chores: the template and the generated references.

pub mod reference;
pub mod template;
