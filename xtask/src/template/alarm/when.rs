//! When an alarm goes on: `SUBJECT > THRESHOLD in [DATAPOINTS of] PERIODS x SECONDS s`.

use crate::template::{
    error::{Line, Result},
    metric::in_yaml,
};

/// What an alarm compares with what, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct When {
    /// A metric, or the id of one among several.
    pub(super) subject: String,
    is_above: bool,
    threshold: String,
    /// How many of the periods have to breach; all of them, if it is not said.
    datapoints: Option<String>,
    periods: String,
    /// Seconds.
    pub(super) period: u64,
}

const FORM: &str = "`METRIC STATISTIC > THRESHOLD in 3 x 60 s` or `… < THRESHOLD in 2 of 3 x 60 s` is expected, \
                    the threshold a number, a number with `minutes`, or a parameter";

impl When {
    pub(super) fn read(text: &str, line: &Line) -> Result<Self> {
        Self::parsed(text).ok_or_else(|| line.error(format!("{text:?}: {FORM}")))
    }

    fn parsed(text: &str) -> Option<Self> {
        let above = text.split_once(" > ");
        let (subject, rest) = above.or_else(|| text.split_once(" < "))?;
        let (threshold, time) = rest.split_once(" in ")?;
        let threshold = match threshold.split_once(' ') {
            Some((minutes, "minutes")) => (minutes.parse::<u64>().ok()? * 60).to_string(),
            Some(_) => return None,
            None if is_number(threshold) || is_parameter(threshold) => threshold.to_owned(),
            None => return None,
        };
        let (counts, period) = time.strip_suffix(" s")?.split_once(" x ")?;
        let (datapoints, periods) = match counts.split_once(" of ") {
            Some((datapoints, periods)) => (Some(datapoints.to_owned()), periods),
            None => (None, counts),
        };
        let are_counts =
            datapoints.iter().map(String::as_str).chain([periods]).all(|n| is_number(n) || is_parameter(n));
        are_counts.then_some(())?;
        Some(Self {
            subject: subject.trim().to_owned(),
            is_above: above.is_some(),
            threshold,
            datapoints,
            periods: periods.to_owned(),
            period: period.parse().ok()?,
        })
    }

    /// The properties of the alarm that follow from it.
    pub(super) fn properties(&self) -> Vec<String> {
        let operator = if self.is_above { "GreaterThanThreshold" } else { "LessThanThreshold" };
        let mut out = vec![format!("EvaluationPeriods: {}", in_yaml(&self.periods))];
        out.extend(self.datapoints.as_ref().map(|count| format!("DatapointsToAlarm: {}", in_yaml(count))));
        out.push(format!("ComparisonOperator: {operator}"));
        out.push(format!("Threshold: {}", in_yaml(&self.threshold)));
        out
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

fn is_parameter(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let when = When::parsed(text).unwrap_or_else(|| panic!("{text} can't be read"));
        assert_eq!(when.properties(), expected, "{text}");
    }

    #[test]
    fn threshold_is_a_number_minutes_or_a_parameter() {
        let above = "ComparisonOperator: GreaterThanThreshold";
        check("Done Sum > 2 in 3 x 60 s", &["EvaluationPeriods: 3", above, "Threshold: 2"]);
        check("Age Maximum > 5 minutes in 3 x 60 s", &["EvaluationPeriods: 3", above, "Threshold: 300"]);
        check("all > Depth in 3 x 60 s", &["EvaluationPeriods: 3", above, "Threshold: !Ref Depth"]);
    }

    #[test]
    fn datapoints_come_before_the_periods_which_may_be_a_parameter() {
        let below = "ComparisonOperator: LessThanThreshold";
        check(
            "rate < 99.9 in 2 of Minutes x 120 s",
            &["EvaluationPeriods: !Ref Minutes", "DatapointsToAlarm: 2", below, "Threshold: 99.9"],
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "Done > 1",
            "Done > 1 in 3",
            "Done > one in 3 x 60 s",
            "Done > 1 hours in 3 x 60 s",
            "Done = 1 in 3 x 60 s",
        ] {
            assert_eq!(When::parsed(text), None, "{text}");
        }
    }
}
