//! `cargo xtask budget`: how well many processes share Shopify's cost budget.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use futures_util::future::join_all;
use serde::Serialize;
use shopify_client::{
    Call,
    operations::{ProductsPage, products_page},
};
use shopify_sim::{Plan, Sim};
use tokio::time::Instant;

use super::{Shop, on_simulated_time, shopify};

/// Run many clients of one shop on simulated time, and see whether Shopify throttles them.
///
/// Each client is a process of its own: it shares nothing with the others but the documents of the shared state. All
/// together want 90 % of what the shop's plan restores. A second run changes the plan half-way. A naive client does the
/// same work beside them, as fast as it gets answers.
#[derive(clap::Args)]
pub(crate) struct Budget {
    /// Processes
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    clients: u32,
    /// Simulated seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(10..=3600))]
    seconds: u32,
    /// Points wanted, in percent of what the plan restores
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=500))]
    load: u32,
    /// Where chance starts
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// What came of it. The figures at the top are those of the steady run; `throttled` counts both.
#[derive(Serialize)]
struct Report {
    throttled: usize,
    utilisation: f64,
    naive_throttled: usize,
    writes_per_query: f64,
    clients: u32,
    seconds: u32,
    load_percent: u32,
    steady: Run,
    plan_change: Run,
}

/// One run of the clients.
#[derive(Serialize)]
struct Run {
    /// Queries that ran.
    queries: usize,
    /// Queries that Shopify throttled.
    throttled: usize,
    /// Calls that got no points in time.
    gave_up: usize,
    /// Points used, as a part of what the plan restored meanwhile.
    utilisation: f64,
    /// Writes of the shared state, those that met another included.
    writes_per_query: f64,
    /// The longest that a call took, waiting included.
    slowest_s: f64,
    /// Points used in each tenth of the run.
    points: Vec<u32>,
}

/// Asked for a page this long, a query costs 11 points.
const PAGE: i64 = 100;
const COST: f64 = 11.0;

impl Budget {
    pub(crate) fn run(&self) -> Result<()> {
        let report = self.report()?;
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print(&report);
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let steady = on_simulated_time(self.measure(None))?;
        let plan_change = on_simulated_time(self.measure(Some(Plan::Advanced)))?;
        let naive_throttled = on_simulated_time(self.naive())?;
        Ok(Report {
            throttled: steady.throttled + plan_change.throttled,
            utilisation: steady.utilisation,
            naive_throttled,
            writes_per_query: steady.writes_per_query,
            clients: self.clients,
            seconds: self.seconds,
            load_percent: self.load,
            steady,
            plan_change,
        })
    }

    /// Fifty processes; half-way another plan, if one is given.
    async fn measure(&self, then: Option<Plan>) -> Result<Run> {
        let sim = shopify(self.seed);
        let shop = Shop::new(&sim, "north", Plan::Standard, 200)?;
        let began = Instant::now();
        let half = Duration::from_secs(self.seconds.into()) / 2;
        let plans = [Plan::Standard, then.unwrap_or(Plan::Standard)];
        let clients = (0..self.clients).map(|number| self.client(&shop, number, plans, began));
        let change = async {
            tokio::time::sleep_until(began + half).await;
            sim.set_plan(shop.domain(), plans[1]);
        };
        let (ended, ()) = tokio::join!(join_all(clients), change);
        Ok(self.account(&sim, &shop, plans, &ended))
    }

    /// A process that wants its share of queries, at moments of chance, until the time is over.
    async fn client(&self, shop: &Shop, number: u32, plans: [Plan; 2], began: Instant) -> (usize, Duration) {
        let client = shop.client(number);
        let mut rng = fastrand::Rng::with_seed(self.seed ^ u64::from(number) << 8);
        let length = Duration::from_secs(self.seconds.into());
        let (mut gave_up, mut slowest) = (0, Duration::ZERO);
        let mut wanted = rng.f64();
        loop {
            let at = self.moment(wanted, plans);
            if at >= length {
                break;
            }
            tokio::time::sleep_until(began + at).await;
            let variables = products_page::Variables { first: PAGE, after: None, query: None };
            let sent = Instant::now();
            let call = Call::foreground(Duration::from_secs(30));
            gave_up += usize::from(client.run::<ProductsPage>(shop.domain(), variables, &call).await.is_err());
            slowest = slowest.max(sent.elapsed());
            wanted += 0.5 + rng.f64();
        }
        (gave_up, slowest)
    }

    /// When a process wants its query of this number: at twice the rate, half as far apart.
    fn moment(&self, number: f64, plans: [Plan; 2]) -> Duration {
        let every = plans.map(|plan| {
            let points_a_second = f64::from(plan.restore_rate()) * f64::from(self.load) / 100.0;
            COST * f64::from(self.clients) / points_a_second
        });
        let half = f64::from(self.seconds) / 2.0;
        let later = number - half / every[0];
        Duration::from_secs_f64(if later < 0.0 { number * every[0] } else { half + later * every[1] })
    }

    fn account(&self, sim: &Sim, shop: &Shop, plans: [Plan; 2], ended: &[(usize, Duration)]) -> Run {
        let length = f64::from(self.seconds);
        let restored: f64 = plans.iter().map(|plan| f64::from(plan.restore_rate()) * length / 2.0).sum();
        let start = sim.calls().first().map_or(0, |call| call.at.0).min(super::START_MS);
        let calls: Vec<_> =
            sim.calls().into_iter().filter(|call| call.at.0 - start <= i64::from(self.seconds) * 1000).collect();
        let mut points = vec![0; 10];
        for call in calls.iter().filter(|call| call.executed) {
            let tenth = (call.at.0 - start) * 10 / (i64::from(self.seconds) * 1000);
            points[usize::try_from(tenth).unwrap_or(0).min(9)] += call.actual_cost.unwrap_or(0);
        }
        let queries = calls.iter().filter(|call| call.executed).count();
        Run {
            queries,
            throttled: sim.calls().iter().filter(|call| call.throttled).count(),
            gave_up: ended.iter().map(|(gave_up, _)| gave_up).sum(),
            utilisation: rounded(f64::from(points.iter().sum::<u32>()) / restored),
            writes_per_query: rounded(shop.state.writes() as f64 / queries.max(1) as f64),
            slowest_s: rounded(ended.iter().map(|(_, slowest)| slowest.as_secs_f64()).fold(0.0, f64::max)),
            points,
        }
    }

    /// The same queries without a budget, each worker as fast as it gets answers: how many are throttled.
    async fn naive(&self) -> Result<usize> {
        let sim = shopify(self.seed);
        let shop = Shop::new(&sim, "naive", Plan::Standard, 200)?;
        let restored = f64::from(Plan::Standard.restore_rate() * self.seconds);
        let queries = (restored * f64::from(self.load) / 100.0 / COST) as u32;
        let body = serde_json::to_vec(&<ProductsPage as graphql_client::GraphQLQuery>::build_query(
            products_page::Variables { first: PAGE, after: None, query: None },
        ))?;
        let left = Arc::new(std::sync::atomic::AtomicU32::new(queries));
        let worker = |_| async {
            use secrecy::ExposeSecret;
            use std::sync::atomic::Ordering::Relaxed;
            while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                let request = http::Request::post(
                    shop.shared
                        .endpoint
                        .url(shop.domain(), &format!("/admin/api/{}/graphql.json", shopify_schema::API_VERSION)),
                );
                let request = request
                    .header("X-Shopify-Access-Token", shop.installed.access_token.expose_secret())
                    .header("Content-Type", "application/json");
                if let Ok(request) = request.body(body.clone().into()) {
                    sim.respond(request).await;
                }
            }
        };
        join_all((0..self.clients).map(worker)).await;
        Ok(sim.calls().iter().filter(|call| call.throttled).count())
    }
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn print(report: &Report) {
    println!(
        "{} processes, {} simulated seconds, {} % of the plan's points wanted\n",
        report.clients, report.seconds, report.load_percent
    );
    for (name, run) in [("steady", &report.steady), ("plan change half-way", &report.plan_change)] {
        let Run { queries, throttled, gave_up, utilisation, writes_per_query, slowest_s, points } = run;
        println!("{name}");
        println!("  {queries} queries, {throttled} throttled, {gave_up} gave up, slowest {slowest_s} s");
        println!("  {:.1} % of the budget used, {writes_per_query} writes a query", utilisation * 100.0);
        let most = points.iter().max().copied().unwrap_or(1).max(1);
        let bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let bar = |points: &u32| bars[(*points as usize * 7).div_ceil(most as usize)];
        println!("  points a tenth of the time  {}\n", points.iter().map(bar).collect::<String>());
    }
    println!("the same work without a budget: {} throttled", report.naive_throttled);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_clients_use_their_share_of_the_budget_and_are_not_throttled() {
        let seed = 7;
        let report = Budget { clients: 50, seconds: 60, load: 90, seed, json: true }.report().unwrap();
        let Report { throttled, naive_throttled, .. } = report;
        assert_eq!(throttled, 0, "seed {seed}");
        assert!(naive_throttled > 0, "the same work without a budget: seed {seed}");
        for run in [report.steady, report.plan_change] {
            assert!(run.utilisation > 0.85, "{} with seed {seed}", run.utilisation);
            assert!(run.writes_per_query <= 0.2, "{} with seed {seed}", run.writes_per_query);
            assert_eq!(run.gave_up, 0, "seed {seed}");
        }
    }
}
