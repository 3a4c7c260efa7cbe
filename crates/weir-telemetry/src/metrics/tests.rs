use std::collections::HashSet;

use super::*;

#[test]
fn each_metric_has_one_name_a_meaning_and_a_total() {
    let mut names = HashSet::new();
    for metric in all() {
        assert!(names.insert((metric.namespace, metric.name)), "{} is declared twice", metric.name);
        assert!(metric.meaning.ends_with('.'), "{} has no meaning", metric.name);
        assert_eq!(find(metric.namespace, metric.name), Some(metric));
    }
    for metric in EMITTED {
        assert_eq!((metric.namespace, metric.emitter.is_aws()), (NAMESPACE, false), "{}", metric.name);
        assert_eq!(metric.dimensions[0], [Dimension::Stack], "{}: dashboards need its total", metric.name);
        assert!(metric.name.bytes().all(|b| b.is_ascii_alphanumeric()), "{}", metric.name);
    }
    assert!(AWS.iter().all(|metric| metric.emitter.is_aws() && metric.namespace.starts_with("AWS/")));
}

#[test]
fn stacks_are_told_apart_and_no_shop_is_a_dimension_unasked() {
    for metric in EMITTED {
        for set in metric.dimensions {
            assert_eq!(set[0], Dimension::Stack, "{}", metric.name);
            assert!(!set.contains(&Dimension::Shop), "{}", metric.name);
            assert_eq!(set.iter().collect::<HashSet<_>>().len(), set.len(), "{}", metric.name);
        }
    }
}

#[test]
fn a_stack_has_few_metrics_to_pay_for() {
    // $0.30 a month each. Operations of the Admin API are counted as twelve.
    let values = |dimension: &Dimension| match dimension {
        Dimension::Lane => weir_core::Lane::ALL.len(),
        Dimension::Reason => Rejection::ALL.len(),
        Dimension::Kind => ErrorKind::ALL.len(),
        Dimension::Operation => 12,
        _ => 1,
    };
    let stored = |metric: &Metric| -> usize {
        metric.dimensions.iter().map(|set| set.iter().map(values).product::<usize>()).sum()
    };
    let all: usize = EMITTED.iter().map(|metric| stored(metric)).sum();
    assert!(all <= 160, "{all} metrics a stack");
}
