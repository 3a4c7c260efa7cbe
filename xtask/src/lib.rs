//! What tests share with the chores: the assembling of the template.

pub mod template;
