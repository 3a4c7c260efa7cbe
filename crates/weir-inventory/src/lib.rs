//! The function that keeps the stock of many shops equal: the parameter `StockSweepMinutes` of the template.
//!
//! ```text
//!  inventory_levels/* ─┐
//!  order.* ────────────┼─▶ queue ─▶ hints and order lines of a second ─▶ weir_stock::Engine ─▶ Shopify, table, bus
//!  schedule: sweep ────┘
//! ```
//!
//! A message is done when its pool is as it should be. A shop that can't be called for a while makes its messages come back;
//! one that somebody has to act on is left to the sweep.

pub mod adapters;
mod message;
mod service;
pub mod settings;

pub use message::{Input, read};
pub use service::Service;
