//! Resolvers: the schema's types over a shop's data, one field at a time.

mod connection;
mod goods;
mod people;
mod query;
mod service;
mod stock;
mod value;

use std::sync::Mutex;

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};

use crate::{
    UnixMillis,
    context::{Cx, Object, Resolved},
    graphql_error::GraphqlError,
    mutate,
    options::Options,
    store::{Gid, Shop},
};

use value::leaf;

/// The context of a request whose fields are resolved here.
pub(crate) fn context<'s>(shop: &'s Mutex<Shop>, now: UnixMillis, options: &'s Options, base: &'s str) -> Cx<'s> {
    Cx::new(field, shop, now, options, base)
}

fn field<'a>(cx: &'a Cx<'a>, object: &'a Object, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
    let resolved = match object {
        Object::Query => query::field(cx, info)?,
        Object::Mutation => Some(mutate::field(cx, info)?),
        Object::Shop => service::shop(cx, info)?,
        Object::Installation => service::installation(cx, info),
        Object::Product(id) => goods::product(cx, *id, info)?,
        Object::Variant(id) => goods::variant(cx, *id, info)?,
        Object::Metafield(id) => goods::metafield(cx, *id, info),
        Object::Item(id) => stock::item(cx, *id, info)?,
        Object::Level(item, location) => stock::level(cx, *item, *location, info),
        Object::Location(id) => stock::location(cx, *id, info)?,
        Object::Order(id) => people::order(cx, *id, info)?,
        Object::Customer(id) => people::customer(cx, *id, info),
        Object::Subscription(id) => service::subscription(cx, *id, info),
        Object::Bulk(id) => service::bulk(cx, *id, info),
    };
    if let Some(resolved) = resolved {
        return Ok(resolved);
    }
    match info.field_name() {
        "id" => Ok(leaf(object.gid())),
        "legacyResourceId" => {
            let gid = Gid::parse(&object.gid()).map(|gid| gid.id.to_string());
            Ok(leaf(gid.unwrap_or_default()))
        }
        // Known to the schema, not to the simulator: nothing is there, as in a shop that does not use it.
        _ if !info.field_definition().ty.is_non_null() => Ok(ResolvedValue::null()),
        name => {
            let message = format!("shopify-sim does not know the field {name} of {}", object.kind());
            Err(cx.fail(GraphqlError::code(message, "INTERNAL_SERVER_ERROR")))
        }
    }
}
