//! Batches, refusals, decisions, and again.

use std::{collections::HashMap, time::Duration};

use sha2::{Digest, Sha256};
use shopify_webhook::ShopDomain;

use super::{
    Change, Decision, Expected, MOST_ROWS, Row, RowResult, levels,
    refusal::{self, Refusal, Verdict},
};
use crate::{
    Call, Client, Error, IdempotencyKey, Kind, Retry, UserError,
    operations::{
        InventoryAdjustQuantities, InventorySetQuantities, inventory_adjust_quantities, inventory_set_quantities,
    },
};

/// How often a row may be found stale: then somebody else writes it all the time.
const MOST_STALE: u32 = 3;
/// How many keys a batch may find used in vain. Each delivery of an event uses up to `MOST_STALE` and one for each
/// bad row.
const MOST_IN_VAIN: u32 = 16;

/// When Shopify's inventory is worth another try.
const PARK: Duration = Duration::from_secs(60);

/// The rows by number, so that no item is twice at one location in a wave: Shopify refuses a call that sets a pair
/// twice. Waves are written one after the other, so that the rows of a pair take effect in their order.
fn waves(rows: &[Row]) -> Vec<Vec<usize>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let wave = seen.entry((&row.item, &row.location)).or_default();
        if *wave == waves.len() {
            waves.push(Vec::new());
        }
        waves[*wave].push(at);
        *wave += 1;
    }
    waves
}

/// Shopify's code for a row whose numbers it takes from nobody. What can be sold may be below zero, what is there not:
/// Shopify says so of each row.
fn out_of_bounds(verb: Verb, row: &Row) -> Option<&'static str> {
    let most = match verb {
        Verb::Set => 1_000_000_000,
        Verb::Adjust => 2_000_000_000,
    };
    match row.expected {
        _ if row.amount > most => Some("INVALID_QUANTITY_TOO_HIGH"),
        _ if row.amount < -most => Some("INVALID_QUANTITY_TOO_LOW"),
        // No quantity is beyond 32 bits, so it is another one.
        Expected::Quantity(quantity) if i32::try_from(quantity).is_err() => Some(refusal::STALE),
        _ => None,
    }
}

/// Whether it is no row's fault.
pub(super) fn is_passing(errors: &[UserError]) -> bool {
    errors.iter().any(|error| error.code.as_deref() == Some("SERVICE_UNAVAILABLE"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Set,
    Adjust,
}

pub(super) struct Writer<'a, D> {
    pub(super) client: &'a Client,
    pub(super) shop: &'a ShopDomain,
    pub(super) change: &'a Change,
    pub(super) verb: Verb,
    pub(super) event: &'a str,
    pub(super) call: &'a Call,
    pub(super) decide: D,
}

/// A row on its way.
#[derive(Debug, Clone)]
struct Pending {
    /// Its place among all rows.
    at: usize,
    row: Row,
    stale: u32,
}

/// Rows that are sent together.
struct Batch {
    /// Tells its keys from those of others.
    name: String,
    round: u32,
    in_vain: u32,
    rows: Vec<Pending>,
}

impl<D: FnMut(&Row, i64) -> Decision + Send> Writer<'_, D> {
    pub(super) async fn write(mut self, rows: &[Row]) -> Result<Vec<RowResult>, Error> {
        let mut results = vec![RowResult::Unclear; rows.len()];
        let waves = waves(rows);
        for (number, chunk) in waves.iter().flat_map(|wave| wave.chunks(MOST_ROWS)).enumerate() {
            let rows = chunk.iter().map(|at| Pending { at: *at, row: rows[*at].clone(), stale: 0 }).collect();
            let mut open = vec![Batch { name: number.to_string(), round: 0, in_vain: 0, rows }];
            while let Some(batch) = open.pop() {
                self.step(batch, &mut open, &mut results).await?;
            }
        }
        Ok(results)
    }

    /// Sends a batch; what is left to do goes to `open`, what is settled to `results`.
    async fn step(&mut self, mut batch: Batch, open: &mut Vec<Batch>, results: &mut [RowResult]) -> Result<(), Error> {
        // What does not fit into Shopify's numbers would be refused with all of its batch, and without a row's number.
        let verb = self.verb;
        batch.rows.retain(|pending| match out_of_bounds(verb, &pending.row) {
            None => true,
            Some(code) => {
                results[pending.at] = RowResult::Rejected { code: code.to_owned() };
                false
            }
        });
        if batch.rows.is_empty() {
            return Ok(());
        }
        let mut settle =
            |rows: &[Pending], result: RowResult| rows.iter().for_each(|row| results[row.at] = result.clone());
        let errors = match self.send(&batch).await {
            Ok(()) => {
                settle(&batch.rows, RowResult::Written);
                return Ok(());
            }
            // With a time to come back at, the key is in use just now: not a verdict.
            Err(Error { kind: Kind::UserErrors(errors), retry: Retry::Never, .. }) if !is_passing(&errors) => errors,
            Err(error @ Error { kind: Kind::UserErrors(_), retry: Retry::Never, .. }) => {
                return Err(Error { retry: Retry::After(PARK), ..error });
            }
            Err(error) => return Err(error),
        };
        match refusal::read(&errors, batch.rows.len()) {
            Refusal::Whole { code } => settle(&batch.rows, RowResult::Rejected { code }),
            Refusal::KeyUsedOtherwise => settle(&batch.rows, RowResult::Unclear),
            Refusal::KeyUsedInVain if batch.in_vain == MOST_IN_VAIN => {
                settle(&batch.rows, RowResult::Rejected { code: "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED".to_owned() });
            }
            // The batch is known to be unwritten: its rows may go, each or all, under other keys.
            Refusal::KeyUsedInVain => {
                let in_vain = batch.in_vain + 1;
                self.again(batch.name, batch.round, in_vain, batch.rows, open);
            }
            Refusal::Rows(verdicts) => {
                let left = self.judge(batch.rows, verdicts, results).await?;
                self.again(batch.name, batch.round, batch.in_vain, left, open);
            }
        }
        Ok(())
    }

    /// Puts what is left of a batch in line: together to be set, one by one to be adjusted.
    fn again(&self, name: String, round: u32, in_vain: u32, left: Vec<Pending>, open: &mut Vec<Batch>) {
        match self.verb {
            _ if left.is_empty() => {}
            Verb::Set => open.push(Batch { name, round: round + 1, in_vain, rows: left }),
            // Its name is that of one row already.
            Verb::Adjust if name.contains('/') => open.push(Batch { name, round: round + 1, in_vain, rows: left }),
            // Each starts with the same key, whatever was decided about it: a delivery that decides otherwise than
            // the one before it meets a key that is used, and adds nothing.
            Verb::Adjust => open.extend(left.into_iter().map(|pending| {
                let name = format!("{name}/{}", pending.at);
                Batch { name, round: 0, in_vain: 0, rows: vec![pending] }
            })),
        }
    }

    /// Settles what is bad, asks the caller about what is stale, and returns what is to be sent again.
    async fn judge(
        &mut self,
        rows: Vec<Pending>,
        verdicts: Vec<Verdict>,
        results: &mut [RowResult],
    ) -> Result<Vec<Pending>, Error> {
        let is_stale = |(pending, verdict): &(&Pending, &Verdict)| {
            **verdict == Verdict::Stale && pending.row.expected != Expected::Unconditional
        };
        let stale = rows.iter().zip(&verdicts).filter(is_stale);
        let stale = stale.map(|(pending, _)| (pending.row.item.as_str(), pending.row.location.as_str()));
        let levels = levels::read_levels(self.client, self.shop, self.change.name, stale, self.call).await?;
        let mut left = Vec::new();
        for (mut pending, verdict) in rows.into_iter().zip(verdicts) {
            let current =
                levels.get(&(pending.row.item.clone(), pending.row.location.clone())).map(|level| level.quantity);
            let expected = pending.row.expected;
            pending.stale += u32::from(verdict == Verdict::Stale);
            results[pending.at] = match (verdict, current) {
                (Verdict::Bad { code }, _) => RowResult::Rejected { code },
                (Verdict::Good, _) => {
                    left.push(pending);
                    continue;
                }
                // It fits: changed and changed back, or another row is meant. That one is settled a round before this.
                (Verdict::Stale, current) if expected.fits(current) && pending.stale <= MOST_STALE + 1 => {
                    left.push(pending);
                    continue;
                }
                (Verdict::Stale, Some(current)) if pending.stale > MOST_STALE => RowResult::Stale { current },
                (Verdict::Stale, Some(current)) => match (self.decide)(&pending.row, current) {
                    Decision::Leave => RowResult::Left { current },
                    Decision::Write(amount) => {
                        pending.row.amount = amount;
                        pending.row.expected = Expected::Quantity(current);
                        left.push(pending);
                        continue;
                    }
                },
                (Verdict::Stale, None) if expected == Expected::Unconditional => {
                    RowResult::Rejected { code: refusal::STALE.to_owned() }
                }
                (Verdict::Stale, None) => RowResult::Rejected { code: "NOT_STOCKED".to_owned() },
            };
        }
        Ok(left)
    }

    async fn send(&self, batch: &Batch) -> Result<(), Error> {
        let idempotency_key = self.key(batch).into();
        let rows = batch.rows.iter().map(|pending| pending.row.clone());
        let Change { name, reason, reference } = self.change;
        let (name, reason, reference_document_uri) = (name.as_str().to_owned(), reason.clone(), reference.clone());
        match self.verb {
            Verb::Set => {
                use inventory_set_quantities::{InventoryQuantityInput, InventorySetQuantitiesInput, Variables};
                let quantities = rows.map(|row| InventoryQuantityInput {
                    change_from_quantity: row.expected.sent(),
                    inventory_item_id: row.item,
                    location_id: row.location,
                    quantity: row.amount,
                });
                let quantities = quantities.collect();
                let input = InventorySetQuantitiesInput { name, reason, reference_document_uri, quantities };
                let variables = Variables { input, idempotency_key };
                self.client.run::<InventorySetQuantities>(self.shop, variables, self.call).await.map(drop)
            }
            Verb::Adjust => {
                use inventory_adjust_quantities::{InventoryAdjustQuantitiesInput, InventoryChangeInput, Variables};
                let changes = rows.map(|row| InventoryChangeInput {
                    change_from_quantity: row.expected.sent(),
                    inventory_item_id: row.item,
                    ledger_document_uri: None,
                    location_id: row.location,
                    delta: row.amount,
                });
                let changes = changes.collect();
                let input = InventoryAdjustQuantitiesInput { name, reason, reference_document_uri, changes };
                let variables = Variables { input, idempotency_key };
                self.client.run::<InventoryAdjustQuantities>(self.shop, variables, self.call).await.map(drop)
            }
        }
    }

    /// The key of a batch in its round. Of rows to be set, their values are part of it: after another reading
    /// another key.
    fn key(&self, batch: &Batch) -> IdempotencyKey {
        let purpose = match self.verb {
            Verb::Set => format!("inventory set {} {}", batch.name, digest(self.change, &batch.rows)),
            Verb::Adjust => format!("inventory adjust {}", batch.name),
        };
        IdempotencyKey::new(self.event, &purpose, batch.round)
    }
}

impl Expected {
    /// `changeFromQuantity`, which is always sent.
    pub(super) fn sent(self) -> Option<i64> {
        match self {
            Self::Quantity(quantity) => Some(quantity),
            Self::Unconditional => None,
        }
    }

    /// Whether a row that expects this can be written where `current` is.
    fn fits(self, current: Option<i64>) -> bool {
        match self {
            Self::Quantity(quantity) => current == Some(quantity),
            Self::Unconditional => true,
        }
    }
}

fn digest(change: &Change, rows: &[Pending]) -> String {
    let mut hash = Sha256::new();
    let mut put = |part: &str| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    put(change.name.as_str());
    put(&change.reason);
    put(change.reference.as_deref().unwrap_or_default());
    for Pending { row, .. } in rows {
        put(&row.item);
        put(&row.location);
        put(&format!("{} {:?}", row.amount, row.expected));
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
