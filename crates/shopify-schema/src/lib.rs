//! The Admin API's version and the part of its schema that weir uses.
//!
//! The version is pinned here and nowhere else. `admin.graphql` holds signatures only (no descriptions, no reasons of
//! deprecations): the types, fields and arguments that the operations of this workspace use, written by
//! `cargo xtask schema --subset` from Shopify's real schema. A test holds each of its lines to the real one.

mod real;
mod topics;

pub use real::{HOW_TO_GET_THE_REAL_SCHEMA, RealSchema, named_schema_path, real_schema, real_schema_path};
pub use topics::{topic_enum, topic_of_enum, webhook_topics};

/// The version of the Admin API that weir speaks: part of the URL, and what `X-Shopify-API-Version` should answer.
pub const API_VERSION: &str = "2026-10";

/// The part of the Admin schema in use, as SDL.
pub const ADMIN_SDL: &str = include_str!("../admin.graphql");

/// The mutations that take `@idempotent(key:)`, and refuse to run without: sorted.
///
/// The schema says it in descriptions only; a test reads them.
pub const IDEMPOTENT_MUTATIONS: [&str; 16] = [
    "inventoryActivate",
    "inventoryAdjustQuantities",
    "inventoryMoveQuantities",
    "inventorySetOnHandQuantities",
    "inventorySetQuantities",
    "inventoryShipmentAddItems",
    "inventoryShipmentCreate",
    "inventoryShipmentCreateInTransit",
    "inventoryShipmentReceive",
    "inventoryTransferCreate",
    "inventoryTransferCreateAsReadyToShip",
    "inventoryTransferDuplicate",
    "inventoryTransferSetItems",
    "locationActivate",
    "locationDeactivate",
    "refundCreate",
];
