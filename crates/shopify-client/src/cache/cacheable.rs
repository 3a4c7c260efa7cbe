//! What may be cached, and how it is fetched.

use std::{hash::Hash, sync::Arc};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shopify_webhook::ShopDomain;

use super::{MetafieldId, Object, VariantId, lookup::TypeCaches, type_cache::TypeCache};
use crate::{
    Call, Client, Error,
    operations::{
        DateTime, MetafieldsByIds, ProductsByIds, ShopInfo, VariantsByIds, metafields_by_ids, products_by_ids,
        shop_info, variants_by_ids,
    },
};

/// What may be cached: these types and no others.
///
/// ```
/// use shopify_client::cache::{Cacheable, Metafield, Product, ShopSettings, Variant};
/// fn may_be_cached<T: Cacheable>() {}
/// may_be_cached::<Product>();
/// may_be_cached::<Variant>();
/// may_be_cached::<Metafield>();
/// may_be_cached::<ShopSettings>();
/// ```
///
/// Orders and inventory levels change by the minute, and are asked for each time:
///
/// ```compile_fail,E0277
/// use shopify_client::{cache::Cacheable, operations::orders_page::OrdersPageOrdersNodes};
/// fn may_be_cached<T: Cacheable>() {}
/// may_be_cached::<OrdersPageOrdersNodes>();
/// ```
/// ```compile_fail,E0277
/// use shopify_client::{cache::Cacheable, operations::inventory_levels_at::ResponseData};
/// fn may_be_cached<T: Cacheable>() {}
/// may_be_cached::<ResponseData>();
/// ```
///
/// Nor can anybody outside add a type:
///
/// ```compile_fail,E0277
/// struct Order;
/// impl shopify_client::cache::Cacheable for Order {}
/// ```
pub trait Cacheable: sealed::Fetch + Serialize + DeserializeOwned + Send + Sync + 'static {}

pub(super) mod sealed {
    use super::{Arc, BoxFuture, Call, Client, Error, Hash, Object, ShopDomain, TypeCache, TypeCaches};

    /// The `nodes` of an answer, one for each id, `None` where there is none.
    pub(crate) type Fetched<T> = Result<Vec<Option<T>>, Error>;

    /// Seals [`Cacheable`](super::Cacheable).
    pub trait Fetch: Sized {
        /// What names one.
        type Id: Copy + Eq + Hash + Send + Sync + 'static;
        /// The operation, as errors name it.
        const OPERATION: &'static str;
        /// How many one query takes.
        const AT_ONCE: usize;
        /// The object that an id names.
        fn object(id: Self::Id) -> Object;
        /// The object whose invalidation counts for it too.
        fn owner(id: Self::Id) -> Option<Object>;
        /// One query: as many results as ids, in their order.
        fn fetch<'a>(
            client: &'a Client,
            shop: &'a ShopDomain,
            ids: &'a [Self::Id],
            call: &'a Call,
        ) -> BoxFuture<'a, Fetched<Self>>;
        /// Where its kind is kept.
        fn type_cache(type_caches: &TypeCaches) -> &Arc<TypeCache<Self>>
        where
            Self: super::Cacheable;
    }
}

use sealed::{Fetch, Fetched};

/// Ids that one `nodes` query takes.
const NODES: usize = 250;

/// A product, without its stock: `totalInventory` changes with every order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// `gid://shopify/Product/1`
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its name in URLs.
    pub handle: String,
    /// Whether it is sold.
    pub status: products_by_ids::ProductStatus,
    /// Who makes it.
    pub vendor: String,
    /// What it is, in the merchant's words.
    pub product_type: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: DateTime,
    /// Its version.
    pub updated_at: DateTime,
}

impl From<products_by_ids::ProductsByIdsNodesOnProduct> for Product {
    fn from(node: products_by_ids::ProductsByIdsNodesOnProduct) -> Self {
        Self {
            id: node.id,
            title: node.title,
            handle: node.handle,
            status: node.status,
            vendor: node.vendor,
            product_type: node.product_type,
            tags: node.tags,
            created_at: node.created_at,
            updated_at: node.updated_at,
        }
    }
}

impl Cacheable for Product {}

impl Fetch for Product {
    type Id = u64;
    const OPERATION: &'static str = "ProductsByIds";
    const AT_ONCE: usize = NODES;

    fn object(id: u64) -> Object {
        Object::Product(id)
    }

    fn owner(_: u64) -> Option<Object> {
        None
    }

    fn fetch<'a>(
        client: &'a Client,
        shop: &'a ShopDomain,
        ids: &'a [u64],
        call: &'a Call,
    ) -> BoxFuture<'a, Fetched<Self>> {
        use products_by_ids::{ProductsByIdsNodes::Product, Variables};
        Box::pin(async move {
            let ids = ids.iter().map(|id| format!("gid://shopify/Product/{id}")).collect();
            let nodes = client.run::<ProductsByIds>(shop, Variables { ids }, call).await?.data.nodes;
            let product = |node| if let Some(Product(node)) = node { Some(node.into()) } else { None };
            Ok(nodes.into_iter().map(product).collect())
        })
    }

    fn type_cache(type_caches: &TypeCaches) -> &Arc<TypeCache<Self>> {
        &type_caches.products
    }
}

/// A variant.
pub type Variant = variants_by_ids::VariantsByIdsNodesOnProductVariant;

impl Cacheable for Variant {}

impl Fetch for Variant {
    type Id = VariantId;
    const OPERATION: &'static str = "VariantsByIds";
    const AT_ONCE: usize = NODES;

    fn object(id: VariantId) -> Object {
        Object::Variant(id)
    }

    fn owner(id: VariantId) -> Option<Object> {
        Some(Object::Product(id.product))
    }

    fn fetch<'a>(
        client: &'a Client,
        shop: &'a ShopDomain,
        ids: &'a [VariantId],
        call: &'a Call,
    ) -> BoxFuture<'a, Fetched<Self>> {
        use variants_by_ids::{Variables, VariantsByIdsNodes::ProductVariant};
        Box::pin(async move {
            let gids = ids.iter().map(|id| format!("gid://shopify/ProductVariant/{}", id.id)).collect();
            let nodes = client.run::<VariantsByIds>(shop, Variables { ids: gids }, call).await?.data.nodes;
            let variant = |(node, id): (Option<_>, &VariantId)| match node {
                Some(ProductVariant(node)) if node.product.id == format!("gid://shopify/Product/{}", id.product) => {
                    Some(node)
                }
                _ => None,
            };

            Ok(nodes.into_iter().zip(ids).map(variant).collect())
        })
    }

    fn type_cache(type_caches: &TypeCaches) -> &Arc<TypeCache<Self>> {
        &type_caches.variants
    }
}

/// A metafield. Without `Debug`: a customer's metafield is a customer's data.
pub type Metafield = metafields_by_ids::MetafieldsByIdsNodesOnMetafield;

impl Cacheable for Metafield {}

impl Fetch for Metafield {
    type Id = MetafieldId;
    const OPERATION: &'static str = "MetafieldsByIds";
    const AT_ONCE: usize = NODES;

    fn object(id: MetafieldId) -> Object {
        Object::Metafield(id)
    }

    fn owner(id: MetafieldId) -> Option<Object> {
        id.product.map(Object::Product)
    }

    fn fetch<'a>(
        client: &'a Client,
        shop: &'a ShopDomain,
        ids: &'a [MetafieldId],
        call: &'a Call,
    ) -> BoxFuture<'a, Fetched<Self>> {
        use metafields_by_ids::{MetafieldsByIdsNodes::Metafield, Variables};
        Box::pin(async move {
            let gids = ids.iter().map(|id| format!("gid://shopify/Metafield/{}", id.id)).collect();
            let nodes = client.run::<MetafieldsByIds>(shop, Variables { ids: gids }, call).await?.data.nodes;
            let metafield = |node| if let Some(Metafield(node)) = node { Some(node) } else { None };
            Ok(nodes.into_iter().map(metafield).collect())
        })
    }

    fn type_cache(type_caches: &TypeCaches) -> &Arc<TypeCache<Self>> {
        &type_caches.metafields
    }
}

/// A shop's settings and plan.
pub type ShopSettings = shop_info::ShopInfoShop;

impl Cacheable for ShopSettings {}

impl Fetch for ShopSettings {
    type Id = ();
    const OPERATION: &'static str = "ShopInfo";
    const AT_ONCE: usize = 1;

    fn object((): ()) -> Object {
        Object::Shop
    }

    fn owner((): ()) -> Option<Object> {
        None
    }

    fn fetch<'a>(
        client: &'a Client,
        shop: &'a ShopDomain,
        _: &'a [()],
        call: &'a Call,
    ) -> BoxFuture<'a, Fetched<Self>> {
        Box::pin(async move {
            let reply = client.run::<ShopInfo>(shop, shop_info::Variables {}, call).await?;
            Ok(vec![Some(reply.data.shop)])
        })
    }

    fn type_cache(type_caches: &TypeCaches) -> &Arc<TypeCache<Self>> {
        &type_caches.shops
    }
}
