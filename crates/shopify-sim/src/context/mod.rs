//! What one GraphQL request runs in, and the objects that it can reach.

mod plain;

use std::cell::RefCell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use crate::{
    UnixMillis,
    graphql_error::GraphqlError,
    options::Options,
    sender::ShopEvent,
    store::{Gid, Shop},
};

pub(crate) type Resolved<'a> = Result<ResolvedValue<'a>, FieldError>;

/// Resolves a field of an object. The context has it as a value, because resolvers use the context.
pub(crate) type Fields = for<'a> fn(&'a Cx<'a>, &'a Object, &'a ResolveInfo<'a>) -> Resolved<'a>;

/// What one request runs in.
pub(crate) struct Cx<'s> {
    pub(crate) shop: &'s Mutex<Shop>,
    pub(crate) now: UnixMillis,
    /// Whose token it is.
    pub(crate) app: &'s str,
    /// The app's id at Shopify.
    pub(crate) client: u64,
    /// `http://127.0.0.1:4577/north.myshopify.com`
    pub(crate) base: &'s str,
    /// Inside a bulk operation connections are whole.
    pub(crate) bulk: bool,
    /// Of a bulk query: how many root objects are passed over, and how many taken.
    pub(crate) window: (usize, usize),
    /// What the request's variables are.
    pub(crate) variables: apollo_compiler::response::JsonMap,
    /// How long a mutation counts as running.
    pub(crate) busy: std::time::Duration,
    fields: Fields,
    problems: RefCell<Vec<GraphqlError>>,
    events: RefCell<Vec<ShopEvent>>,
    started: RefCell<Vec<u64>>,
}

impl<'s> Cx<'s> {
    pub(crate) fn new(
        fields: Fields,
        shop: &'s Mutex<Shop>,
        now: UnixMillis,
        options: &'s Options,
        base: &'s str,
    ) -> Self {
        let (app, client) = (options.client_id.as_str(), options.api_client_id);
        Self {
            shop,
            now,
            app,
            client,
            base,
            bulk: false,
            window: (0, usize::MAX),
            variables: apollo_compiler::response::JsonMap::new(),
            busy: std::time::Duration::ZERO,
            fields,
            problems: RefCell::default(),
            events: RefCell::default(),
            started: RefCell::default(),
        }
    }

    /// The shop's data. Never held across a call of another resolver.
    pub(crate) fn hold(&self) -> MutexGuard<'s, Shop> {
        self.shop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A field error in Shopify's shape: apollo-compiler carries its number, and [`Cx::problem`] finds it again.
    pub(crate) fn fail(&self, problem: GraphqlError) -> FieldError {
        let mut problems = self.problems.borrow_mut();
        problems.push(problem);
        FieldError { message: format!("§{}", problems.len() - 1) }
    }

    /// The problem that a field error's message stands for.
    pub(crate) fn problem(&self, message: &str) -> GraphqlError {
        let number = message.rsplit_once('§').and_then(|(_, number)| number.parse::<usize>().ok());
        let known = number.and_then(|number| self.problems.borrow().get(number).cloned());
        known.unwrap_or_else(|| GraphqlError::code(message, "INTERNAL_SERVER_ERROR"))
    }

    /// Refuses what the app has no scope for.
    pub(crate) fn allowed(&self, field: &str, scope: &str) -> Result<(), FieldError> {
        let granted = {
            let shop = self.hold();
            let write = scope.replacen("read_", "write_", 1);
            shop.scopes.contains(scope) || shop.scopes.contains(&write)
        };
        if granted { Ok(()) } else { Err(self.fail(GraphqlError::denied(field, scope))) }
    }

    /// Something happened that webhooks tell of.
    pub(crate) fn happened(&self, event: ShopEvent) {
        self.events.borrow_mut().push(event);
    }

    pub(crate) fn take_events(&self) -> Vec<ShopEvent> {
        self.events.take()
    }

    /// A bulk operation was made: it runs after the request.
    pub(crate) fn started(&self, id: u64) {
        self.started.borrow_mut().push(id);
    }

    pub(crate) fn take_started(&self) -> Vec<u64> {
        self.started.take()
    }

    pub(crate) fn object<'a>(&'a self, object: Object) -> ResolvedValue<'a> {
        ResolvedValue::object(Known { cx: self, object })
    }

    /// The object, or null if it is gone.
    pub(crate) fn maybe<'a>(&'a self, object: Option<Object>) -> ResolvedValue<'a> {
        object.map_or_else(ResolvedValue::null, |object| self.object(object))
    }

    /// Ready-made JSON as an object of `kind`. `{"$gid": "gid://…"}` inside stands for the object of that id.
    pub(crate) fn plain<'a>(&'a self, value: Value, kind: &str) -> ResolvedValue<'a> {
        plain::value(self, value, kind)
    }

    /// What a global id names, if it is there.
    pub(crate) fn find(&self, id: &str) -> Option<Object> {
        let gid = Gid::parse(id)?;
        let shop = self.hold();
        let goods = &shop.catalog;
        match (gid.kind.as_str(), gid.id) {
            ("Shop", id) if id == shop.id => Some(Object::Shop),
            ("Product", id) if goods.products.contains_key(&id) => Some(Object::Product(id)),
            ("ProductVariant", id) if goods.variants.contains_key(&id) => Some(Object::Variant(id)),
            ("InventoryItem", id) if goods.items.contains_key(&id) => Some(Object::Item(id)),
            ("InventoryLevel", location) => {
                let item = gid.item?;
                goods.levels.contains_key(&(item, location)).then_some(Object::Level(item, location))
            }
            ("Location", id) if goods.locations.contains_key(&id) => Some(Object::Location(id)),
            ("Order", id) if goods.orders.contains_key(&id) => Some(Object::Order(id)),
            ("Customer", id) if goods.customers.contains_key(&id) => Some(Object::Customer(id)),
            ("Metafield", id) if goods.metafields.contains_key(&id) => Some(Object::Metafield(id)),
            ("WebhookSubscription", id) if shop.subscriptions.contains_key(&id) => Some(Object::Subscription(id)),
            ("BulkOperation", id) if shop.bulks.contains_key(&id) => Some(Object::Bulk(id)),
            _ => None,
        }
    }
}

/// An object of the shop, by id.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Query,
    Mutation,
    Shop,
    Installation,
    Product(u64),
    Variant(u64),
    Item(u64),
    Level(u64, u64),
    Location(u64),
    Order(u64),
    Customer(u64),
    Metafield(u64),
    Subscription(u64),
    Bulk(u64),
}

impl Object {
    /// The global id of what has one.
    pub(crate) fn gid(&self) -> String {
        match self {
            Self::Level(item, location) => {
                format!("gid://shopify/InventoryLevel/{location}?inventory_item_id={item}")
            }
            Self::Product(id)
            | Self::Variant(id)
            | Self::Item(id)
            | Self::Location(id)
            | Self::Order(id)
            | Self::Customer(id)
            | Self::Metafield(id)
            | Self::Subscription(id)
            | Self::Bulk(id) => Gid::print(self.kind(), *id),
            Self::Query | Self::Mutation | Self::Shop | Self::Installation => String::new(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Query => "QueryRoot",
            Self::Mutation => "Mutation",
            Self::Shop => "Shop",
            Self::Installation => "AppInstallation",
            Self::Product(_) => "Product",
            Self::Variant(_) => "ProductVariant",
            Self::Item(_) => "InventoryItem",
            Self::Level(..) => "InventoryLevel",
            Self::Location(_) => "Location",
            Self::Order(_) => "Order",
            Self::Customer(_) => "Customer",
            Self::Metafield(_) => "Metafield",
            Self::Subscription(_) => "WebhookSubscription",
            Self::Bulk(_) => "BulkOperation",
        }
    }

    /// The scope that reading it takes.
    pub(crate) fn scope(&self) -> Option<&'static str> {
        match self {
            Self::Product(_) | Self::Variant(_) => Some("read_products"),
            Self::Item(_) | Self::Level(..) => Some("read_inventory"),
            Self::Location(_) => Some("read_locations"),
            Self::Order(_) => Some("read_orders"),
            Self::Customer(_) => Some("read_customers"),
            _ => None,
        }
    }
}

struct Known<'c> {
    cx: &'c Cx<'c>,
    object: Object,
}

impl ObjectValue for Known<'_> {
    fn type_name(&self) -> &str {
        self.object.kind()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        (self.cx.fields)(self.cx, &self.object, info)
    }
}

/// Runs the root of an operation.
pub(crate) fn root<'a>(cx: &'a Cx<'a>, object: Object) -> impl ObjectValue + 'a {
    Known { cx, object }
}
