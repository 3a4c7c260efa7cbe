//! Joins: merges for which neither the order, nor the grouping, nor the number of times matters.
//!
//! An order's state is made of joins alone. So any order of arrival, duplicates and ties end in the same state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stamp::Stamp;

/// A merge that is commutative, associative and idempotent.
pub trait Join {
    /// Takes in all that `other` knows.
    fn join(&mut self, other: Self);
}

/// The value with the highest stamp. Of two values with one stamp the greater wins, so that even a tie ends the same
/// everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest<T> {
    /// The state of Shopify's resource that it is of.
    #[serde(rename = "s")]
    pub stamp: Stamp,
    /// The value.
    #[serde(rename = "v")]
    pub value: T,
}

impl<T: Ord> Join for Latest<T> {
    fn join(&mut self, other: Self) {
        if (other.stamp, &other.value) > (self.stamp, &self.value) {
            *self = other;
        }
    }
}

/// The lowest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Earliest<T>(pub T);

impl<T: Ord> Join for Earliest<T> {
    fn join(&mut self, other: Self) {
        if other.0 < self.0 {
            *self = other;
        }
    }
}

impl Join for bool {
    fn join(&mut self, other: Self) {
        *self |= other;
    }
}

impl<T: Join> Join for Option<T> {
    fn join(&mut self, other: Self) {
        match (self.as_mut(), other) {
            (Some(known), Some(other)) => known.join(other),
            (None, Some(other)) => *self = Some(other),
            (_, None) => {}
        }
    }
}

impl<K: Ord, T: Join> Join for BTreeMap<K, T> {
    fn join(&mut self, other: Self) {
        for (key, value) in other {
            match self.entry(key) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(value);
                }
                std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().join(value),
            }
        }
    }
}

/// Joins each of these fields.
macro_rules! join_fields {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::join::Join for $type {
            fn join(&mut self, other: Self) {
                // Without `..`: a field that is forgotten here does not compile.
                let Self { $($field),+ } = other;
                $($crate::join::Join::join(&mut self.$field, $field);)+
            }
        }
    };
}
pub(crate) use join_fields;
