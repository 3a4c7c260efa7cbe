//! As much of CloudWatch's metric math as the alarms use, over one period: numbers, ids, `+ - * /`, comparisons, `IF`,
//! `FILL` with a number, `SUM` and `MAX` of `METRICS()` or of a list of metrics.
//!
//! What has no datapoint makes what is computed from it have none, except in `FILL`, which needs one in the series at least,
//! and in `SUM` and `MAX`, which take what is there.

use std::collections::BTreeMap;

/// The metrics in one period, and which of them have a datapoint anywhere.
pub(crate) struct Period<'a> {
    pub(crate) values: BTreeMap<&'a str, Option<f64>>,
    pub(crate) ever: BTreeMap<&'a str, bool>,
}

pub(crate) fn evaluate(expression: &str, period: &Period<'_>) -> Option<f64> {
    let mut reader = Reader { rest: expression, period };
    let value = reader.comparison();
    assert!(reader.rest.trim().is_empty(), "{:?} of {expression:?} can't be read", reader.rest);
    value
}

struct Reader<'a> {
    rest: &'a str,
    period: &'a Period<'a>,
}

impl Reader<'_> {
    fn comparison(&mut self) -> Option<f64> {
        let left = self.sum();
        for (sign, holds) in [
            (">=", (|a, b| a >= b) as fn(f64, f64) -> bool),
            ("<=", |a, b| a <= b),
            (">", |a, b| a > b),
            ("<", |a, b| a < b),
        ] {
            if self.take(sign) {
                let right = self.sum();
                return left.zip(right).map(|(left, right)| f64::from(u8::from(holds(left, right))));
            }
        }
        left
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product();
        loop {
            let plus = self.take("+");
            if !plus && !self.take("-") {
                return value;
            }
            let next = self.product();
            value = value.zip(next).map(|(a, b)| if plus { a + b } else { a - b });
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.factor();
        loop {
            let times = self.take("*");
            if !times && !self.take("/") {
                return value;
            }
            let next = self.factor();
            // CloudWatch has no datapoint where something is divided by zero.
            value = value.zip(next).map(|(a, b)| if times { a * b } else { a / b }).filter(|value| value.is_finite());
        }
    }

    fn factor(&mut self) -> Option<f64> {
        if self.take("(") {
            let value = self.comparison();
            self.expect(")");
            return value;
        }
        let end = self.rest.trim_start().find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
        let word = self.rest.trim_start();
        let (word, rest) = word.split_at(end.unwrap_or(word.len()));
        assert!(!word.is_empty(), "a number or a name is expected at {:?}", self.rest);
        self.rest = rest;
        if let Ok(number) = word.parse() {
            return Some(number);
        }
        if !self.take("(") {
            return *self.period.values.get(word).unwrap_or_else(|| panic!("no metric is called {word}"));
        }
        let value = match word {
            "IF" => {
                let condition = self.comparison();
                self.expect(",");
                let then = self.comparison();
                self.expect(",");
                let otherwise = self.comparison();
                condition.and_then(|condition| if condition == 0.0 { otherwise } else { then })
            }
            "FILL" => {
                let name = self.rest.split(',').next().unwrap_or_default().trim();
                let ever = *self.period.ever.get(name).unwrap_or_else(|| panic!("FILL of a metric, not of {name}"));
                let value = self.comparison();
                self.expect(",");
                let filling = self.comparison();
                value.or(filling.filter(|_| ever))
            }
            "SUM" => self.series().into_iter().reduce(|sum, value| sum + value),
            "MAX" => self.series().into_iter().reduce(f64::max),
            other => panic!("say here what {other} does"),
        };
        self.expect(")");
        value
    }

    /// What has a datapoint of `METRICS()` or of `[a, b]`.
    fn series(&mut self) -> Vec<f64> {
        if self.take("METRICS()") {
            return self.period.values.values().flatten().copied().collect();
        }
        self.expect("[");
        let mut there = Vec::new();
        loop {
            there.extend(self.factor());
            if !self.take(",") {
                self.expect("]");
                return there;
            }
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(sign) else { return false };
        self.rest = rest;
        true
    }

    fn expect(&mut self, sign: &str) {
        assert!(self.take(sign), "{sign} is expected at {:?}", self.rest);
    }
}

#[test]
fn expressions_are_computed_as_cloudwatch_documents_them() {
    let period = Period {
        values: BTreeMap::from([("a", Some(6.0)), ("b", Some(2.0)), ("gap", None), ("never", None)]),
        ever: BTreeMap::from([("a", true), ("b", true), ("gap", true), ("never", false)]),
    };
    for (expression, expected) in [
        ("a + b * 2 - 1", Some(9.0)),
        ("(a + b) / 4", Some(2.0)),
        ("a / (b - 2)", None),
        ("a > b", Some(1.0)),
        ("a + gap", None),
        ("FILL(gap, 7) + a", Some(13.0)),
        ("FILL(never, 7) + a", None),
        ("IF(a >= 6, b, 100)", Some(2.0)),
        ("IF(a < 6, b, 100)", Some(100.0)),
        ("IF(gap < 6, b, 100)", None),
        ("SUM(METRICS())", Some(8.0)),
        ("MAX(METRICS())", Some(6.0)),
        ("SUM([a, gap, never]) - a", Some(0.0)),
        ("SUM([gap, never])", None),
    ] {
        assert_eq!(evaluate(expression, &period), expected, "{expression}");
    }
}
