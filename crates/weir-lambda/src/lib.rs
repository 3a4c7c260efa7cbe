//! What every function needs before anything else: its settings, read once and whole.

pub mod settings;
