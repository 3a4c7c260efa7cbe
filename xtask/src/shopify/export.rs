//! `cargo xtask export`: a whole catalogue by a bulk operation, and page by page.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use shopify_client::{
    Call,
    bulk::{self, Ended, Lines, Order},
    operations::BULK_PRODUCTS,
};
use shopify_sim::{Plan, Sim};
use tokio::time::Instant;

use super::{Shop, on_simulated_time, shopify};

/// Export products with their variants from a simulated shop, by a bulk operation and by paged queries.
///
/// The time is simulated: waits for points, answers and the bulk operation itself included.
#[derive(clap::Args)]
pub(crate) struct Export {
    /// Products in the shop
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    products: u32,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    products: u32,
    bulk: Way,
    paged: Way,
}

/// What one way took.
#[derive(Serialize)]
struct Way {
    /// Requests to the Admin API, of all kinds.
    calls: usize,
    /// Points.
    cost: u32,
    /// Simulated.
    seconds: f64,
    products: u32,
    variants: u32,
}

/// A line of the bulk operation's result: which of the two, is all that counts here.
#[derive(Deserialize)]
enum Object {
    Product(serde::de::IgnoredAny),
    ProductVariant(serde::de::IgnoredAny),
}

/// The same objects by pages: a product has three variants here.
const PAGE: &str = "query ExportPage($after: String) {
  products(first: 250, after: $after) {
    nodes {
      id title handle status vendor productType tags totalInventory createdAt updatedAt
      variants(first: 10) {
        nodes { id title sku barcode price compareAtPrice inventoryPolicy updatedAt inventoryItem { id } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}";

#[derive(Deserialize)]
struct Page {
    products: Products,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Products {
    nodes: Vec<Product>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
struct Product {
    variants: Variants,
}

#[derive(Deserialize)]
struct Variants {
    nodes: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl Export {
    pub(crate) fn run(&self) -> Result<()> {
        let bulk = on_simulated_time(self.bulk())?;
        let paged = on_simulated_time(self.paged())?;
        if (bulk.products, bulk.variants) != (paged.products, paged.variants) || bulk.products != self.products {
            bail!("the two ways brought different catalogues: {} and {} products", bulk.products, paged.products);
        }
        let report = Report { products: self.products, bulk, paged };
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
            return Ok(());
        }
        println!("{} products with {} variants, simulated time\n", report.products, report.bulk.variants);
        println!("{:8} {:>6} {:>8} {:>9}", "", "calls", "points", "seconds");
        for (name, way) in [("bulk", &report.bulk), ("paged", &report.paged)] {
            println!("{name:8} {:>6} {:>8} {:>9.1}", way.calls, way.cost, way.seconds);
        }
        Ok(())
    }

    async fn bulk(&self) -> Result<Way> {
        let (sim, shop) = self.shop()?;
        let (client, domain, began) = (shop.client(0), shop.domain(), Instant::now());
        let call = Call::background(Duration::from_secs(24 * 3600));
        let id = bulk::start_query(&client, domain, BULK_PRODUCTS, Order::Any, &call).await?;
        let file = match bulk::wait(&client, domain, &id, &call).await? {
            Ended::Complete(Some(file)) => file,
            other => bail!("the bulk operation ended otherwise: {other:?}"),
        };
        let (mut products, mut variants) = (0, 0);
        let mut lines = Lines::<Object>::new(&client, domain, &file, &call);
        while let Some(line) = lines.next().await? {
            match line.object {
                Object::Product(_) => products += 1,
                Object::ProductVariant(_) => variants += 1,
            }
        }
        Ok(way(&sim, began, products, variants))
    }

    async fn paged(&self) -> Result<Way> {
        let (sim, shop) = self.shop()?;
        let (client, began) = (shop.client(0), Instant::now());
        let call = Call::background(Duration::from_secs(24 * 3600));
        let (mut products, mut variants) = (0, 0);
        let mut after = None;
        loop {
            let variables = serde_json::json!({ "after": after });
            let page = client.raw::<Page>(shop.domain(), "ExportPage", PAGE, &variables, &call).await?.data.products;
            products += u32::try_from(page.nodes.len())?;
            variants += u32::try_from(page.nodes.iter().map(|product| product.variants.nodes.len()).sum::<usize>())?;
            after = page.page_info.end_cursor;
            if !page.page_info.has_next_page {
                return Ok(way(&sim, began, products, variants));
            }
        }
    }

    fn shop(&self) -> Result<(Sim, Shop)> {
        let sim = shopify(7);
        let shop = Shop::new(&sim, "north", Plan::Standard, self.products)?;
        Ok((sim, shop))
    }
}

fn way(sim: &Sim, began: Instant, products: u32, variants: u32) -> Way {
    let calls = sim.calls();
    let cost = calls.iter().filter_map(|call| call.actual_cost).sum();
    let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    Way { calls: calls.len(), cost, seconds, products, variants }
}
